//! Who asks, and what they may do: the tokens' verifier and the policies' engine.
//!
//! | module | what it owns |
//! |---|---|
//! | [`keys`] | the issuer's public keys: where they come from, which of them may verify what |
//! | [`jwt`] | tokens: signature and claims, verified once, judged at any time |
//! | [`policies`] | policies read, validated and cut into one slice for each action and type of resource |
//! | `schema`, `twins` | the policies' schema, and what stands in for a policy that looks at a resource |
//! | [`cedar`] | the engine: what the policies say to an actor |

pub mod cedar;
pub mod jwt;
pub mod keys;
pub mod policies;
mod schema;
#[cfg(test)]
mod tests;
mod twins;

pub use cedar::CedarEngine;
pub use jwt::JwtVerifier;
pub use keys::{FixedKeys, KeyFile};
pub use policies::PolicyError;
