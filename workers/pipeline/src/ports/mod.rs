//! What a host must provide.

pub mod clock;
pub mod commits;
pub mod feed;
pub mod health;
pub mod identity;
pub mod queue;
pub mod search;
pub mod snapshots;
pub mod status;
pub mod verify;
pub mod workflow;

/// The infrastructure could not do it now: retry later. Never an answer to a client's command.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct Unavailable {
    /// What was tried.
    pub what: &'static str,
    /// What went wrong.
    pub reason: String,
}

impl Unavailable {
    /// Says what was tried and what went wrong.
    pub fn new(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { what, reason: reason.to_string() }
    }
}
