//! What happens to a command and to a commit, in order; and what is read of both.

pub mod batch;
pub mod door;
pub mod history;
pub mod public_event;
pub mod query;
pub mod read;
