//! In-memory adapters: they pass the same laws as the real ones.

pub mod search;
