//! The state machine that takes a batch through its steps, and who waits for a command's outcome.

use async_trait::async_trait;

use super::{Unavailable, status::Status};
use crate::steps::batch::Batch;

/// An execution that did not end well: infrastructure, never a bad command.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}: {cause}")]
pub struct ExecutionError {
    /// The error's name, as the state machine knows it.
    pub error: String,
    /// What happened.
    pub cause: String,
}

/// Runs `command.asl.json` on a batch, from its first state to its end.
#[async_trait]
pub trait Workflow: Send + Sync {
    /// Runs it and waits for its end.
    async fn execute(&self, batch: Batch) -> Result<Batch, ExecutionError>;
}

/// Answers whoever waits for a command by a task token.
#[async_trait]
pub trait TaskTokens: Send + Sync {
    /// Tells the outcome. A token that is expired, unknown or garbage is logged and counts as answered.
    async fn answer(&self, token: &str, status: &Status) -> Result<(), Unavailable>;

    /// Tells that the command was refused, where it has no status.
    async fn refuse(&self, token: &str, refusal: &kernel::Refusal) -> Result<(), Unavailable>;
}
