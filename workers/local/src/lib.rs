//! .
mod failpoint;
pub mod sqlite;

pub use failpoint::failpoint;
