//! What the environment of a function names. Every name stands here, and nowhere else.

use std::{str::FromStr, time::Duration};

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
/// What a message that is given back waits, doubled with each receive, with full jitter; in seconds. Optional.
pub const BACKOFF: &str = "FACTMILL_BACKOFF_SECONDS";
/// The longest that it waits, in seconds. Optional.
pub const BACKOFF_LIMIT: &str = "FACTMILL_BACKOFF_LIMIT_SECONDS";
/// The name of the search domain.
pub const SEARCH_DOMAIN: &str = "FACTMILL_OPENSEARCH_DOMAIN";
/// What the names of all indices begin with. Optional.
pub const INDEX_PREFIX: &str = "FACTMILL_INDEX_PREFIX";
/// The number of the indices to write to. Optional: 1.
pub const INDEX_GENERATION: &str = "FACTMILL_INDEX_GENERATION";
/// The view that a projector makes; `statuses` for the statuses of commands.
pub const VIEW: &str = "FACTMILL_VIEW";
/// Which part of the API a function serves: `commands` or `queries`.
pub const API: &str = "FACTMILL_API";
/// What is logged, as `tracing` filters it. Optional.
pub const LOG: &str = "FACTMILL_LOG";

/// What the environment doesn't say, or not in a way that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It isn't there, or empty.
    #[error("the environment has no `{0}`")]
    Missing(&'static str),
    /// It is none of what it must be.
    #[error("`{0}` in the environment must be a whole number")]
    NoNumber(&'static str),
}

/// The value of a name; empty counts as missing.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

/// The value of a name, if it has one.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A time that may be left out.
pub fn seconds(name: &'static str) -> Result<Option<Duration>, ConfigError> {
    Ok(number(name)?.map(Duration::from_secs))
}

/// A number that may be left out.
pub fn number<T: FromStr>(name: &'static str) -> Result<Option<T>, ConfigError> {
    optional(name).map(|text| text.parse().map_err(|_| ConfigError::NoNumber(name))).transpose()
}
