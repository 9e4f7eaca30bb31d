//! What every adapter of a port must do: plain async functions over the port's trait, one for each law.

pub mod commits;
pub mod queue;
pub mod sample;
pub mod snapshots;
pub mod status;
