//! Projecting.
