//! .

pub mod search;
