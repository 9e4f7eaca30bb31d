//! .
pub mod asl;
