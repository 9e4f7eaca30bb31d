//! Why a verb did not do what it was asked, and the exit code that says so.

use std::io;
use std::process::ExitCode;

use crate::client::Problem;

/// What a verb found out, where it did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is as asked.
    Good,
    /// An answer was had, and it is no: rejected, refused, failed, or something differs.
    Bad,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => Self::SUCCESS,
            Verdict::Bad => Self::from(1),
        }
    }
}

/// Why a verb could not do its work; its text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asks for something that cannot be: nothing was sent.
    #[error("{0}")]
    Usage(String),
    /// The server answered with a problem.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The server answered, but not as factmill does, or the work went wrong here.
    #[error("{0}")]
    Failed(String),
    /// The server is not there, or not ready.
    #[error("{0}")]
    Unreachable(String),
    /// What is to be printed cannot be.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// The reader of the output has gone (`| head`), which is no failure of ours.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            closed if closed.is_closed_pipe() => ExitCode::SUCCESS,
            Self::Usage(_) => ExitCode::from(2),
            Self::Unreachable(_) => ExitCode::from(3),
            Self::Problem(problem) if problem.is_outage() => ExitCode::from(3),
            Self::Problem(_) | Self::Failed(_) | Self::Output(_) => ExitCode::from(1),
        }
    }
}
