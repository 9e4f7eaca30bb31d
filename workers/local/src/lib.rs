//! The embedded host: every port in one process, with one data folder and nothing to install.

pub mod asl;
pub mod engine;
pub mod issuer;
pub mod search;
pub mod sqlite;
