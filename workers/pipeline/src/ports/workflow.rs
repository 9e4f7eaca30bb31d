//! The state machine that takes a batch through its steps, and who waits for a command's outcome.

use async_trait::async_trait;

use super::{
    Unavailable,
    status::{Outcome, Status},
};
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

/// What whoever waits by a task token is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The command was committed: its status object, as JSON.
    Success(String),
    /// It was not: `rejected.<code>`, `refused.<code>` or `failed`; and the status object, as JSON. Of a refusal that has
    /// none, it has `status` and `refusal` alone.
    Failure {
        /// The error's name.
        error: String,
        /// The JSON.
        cause: String,
    },
}

impl Told {
    /// What is told of a settled command.
    pub fn of(status: &Status) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(status)?;
        let error = match (status.status, &status.rejection, &status.refusal) {
            (Outcome::Committed, ..) => return Ok(Self::Success(text)),
            (Outcome::Rejected, Some(rejection), _) => format!("rejected.{}", rejection.code),
            (Outcome::Refused, _, Some(refusal)) => format!("refused.{}", refusal.code.as_str()),
            _ => "failed".to_owned(),
        };
        Ok(Self::Failure { error, cause: text })
    }

    /// What is told of a refusal that has no status.
    pub fn refused(refusal: &kernel::Refusal) -> Self {
        let error = format!("refused.{}", refusal.code.as_str());
        let cause = serde_json::json!({ "status": "refused", "refusal": refusal }).to_string();
        Self::Failure { error, cause }
    }
}

/// Answers whoever waits for a command by a task token, as [`Told`] says.
#[async_trait]
pub trait TaskTokens: Send + Sync {
    /// Tells the outcome. A token that is answered already, expired, unknown or garbage is logged and counts as
    /// answered.
    async fn answer(&self, token: &str, status: &Status) -> Result<(), Unavailable>;

    /// Tells that the command was refused, where it has no status.
    async fn refuse(&self, token: &str, refusal: &kernel::Refusal) -> Result<(), Unavailable>;
}
