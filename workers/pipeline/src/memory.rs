//! In-memory adapters: they pass the same laws as the real ones.

pub mod bus;
pub mod commits;
pub mod inbox;
pub mod queue;
pub mod search;
pub mod snapshots;
pub mod status;
pub mod tokens;
