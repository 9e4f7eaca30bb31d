//! What every adapter of a port must do: plain async functions over the port's trait, one for each law.

pub mod identity;
pub mod search_index;

/// What a law returns: an error of the port fails it too.
pub type Law = Result<(), Box<dyn std::error::Error + Send + Sync>>;
