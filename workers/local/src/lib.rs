//! The embedded adapters.

pub mod issuer;
