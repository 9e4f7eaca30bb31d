//! What every verifier of tokens and every engine of policies must do.

pub mod policies;
pub mod tokens;
