//! What happens to a command and to a commit, in order; and what is read of both.

pub mod authorize;
pub mod batch;
pub mod dispatch;
pub mod door;
pub mod history;
pub mod persist;
pub mod project;
pub mod query;
pub mod read;
pub mod relay;
pub mod settle;
pub mod validate;
pub mod verify;

use kernel::catalog::Corrupt;

use crate::ports::Unavailable;

/// Why a state of the workflow failed: infrastructure, never a bad command.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StepError {
    /// A port could not do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Another writer was faster, time and again.
    #[error("the stream `{0}` is written by others faster than it can be decided")]
    Conflict(String),
    /// The batch is not in the shape that the step before leaves it in: the state machine is not the one we ship.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// The names by which the state machine knows the steps' errors.
pub const ERROR_NAMES: [&str; 3] = ["Unavailable", "Conflict", "Corrupt"];

impl StepError {
    /// The name by which the state machine knows it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => ERROR_NAMES[0],
            Self::Conflict(_) => ERROR_NAMES[1],
            Self::Corrupt(_) => ERROR_NAMES[2],
        }
    }
}
