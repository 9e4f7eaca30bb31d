//! What every adapter of a port must do: plain async functions over the port's trait, one for each law.

pub mod identity;
