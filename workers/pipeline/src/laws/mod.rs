//! What every adapter of a port must do: plain async functions over the port's trait, one for each law.

pub mod bus;
pub mod clock;
pub mod commits;
pub mod identity;
pub mod inbox;
pub mod queue;
pub mod sample;
pub mod search_index;
pub mod snapshots;
pub mod status;
pub mod tokens;

/// What a law returns: an error of the port fails it too.
pub type Law = Result<(), Box<dyn std::error::Error + Send + Sync>>;
