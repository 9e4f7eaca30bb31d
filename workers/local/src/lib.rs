//! .
pub mod asl;
pub mod search;
