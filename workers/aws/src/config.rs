//! What the environment of a function names. Every name stands here, and nowhere else.

/// The table of commits.
pub const COMMITS_TABLE: &str = "FACTMILL_COMMITS_TABLE";
/// The table of snapshots and claims.
pub const STATE_TABLE: &str = "FACTMILL_STATE_TABLE";
/// The URL of the command queue; a FIFO queue if it ends in `.fifo`.
pub const COMMAND_QUEUE: &str = "FACTMILL_COMMAND_QUEUE";
/// The URL of the command queue's dead-letter queue: the inbox of given-up commands.
pub const FAILURE_QUEUE: &str = "FACTMILL_FAILURE_QUEUE";
/// The URL of the queue for stream records that the relay can't read.
pub const UNREADABLE_QUEUE: &str = "FACTMILL_UNREADABLE_QUEUE";
/// The parameter that holds the key of acceptance stamps.
pub const STAMP_KEY_PARAMETER: &str = "FACTMILL_STAMP_KEY_PARAMETER";
/// The name of the bus.
pub const BUS: &str = "FACTMILL_BUS";
/// The ARN of the state machine.
pub const STATE_MACHINE: &str = "FACTMILL_STATE_MACHINE";
/// The issuer of tokens, as their `iss` says.
pub const ISSUER: &str = "FACTMILL_ISSUER";
/// Where the issuer's keys are: an `http(s)` URL, or `parameter:<name>`.
pub const ISSUER_KEYS: &str = "FACTMILL_ISSUER_KEYS";

/// A name that the environment doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment has no `{0}`")]
pub struct Missing(&'static str);

/// The value of a name; empty counts as missing.
pub fn required(name: &'static str) -> Result<String, Missing> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(Missing(name))
}
