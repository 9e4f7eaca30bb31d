//! The pipeline: steps over ports, and the laws that every adapter of a port must pass.
//!
//! A step is one async function over ports; a host only wires it: a Lambda binary on AWS, a registration in the
//! embedded engine. No step knows a domain but through the [`kernel::Catalog`], and none knows a host.
//!
//! | room | what belongs in it |
//! |---|---|
//! | [`ports`] | what a host must provide, as traits, with the errors that tell the caller what to do |
//! | [`steps`] | what happens to a command and to a commit, in order: validate, authorize, persist, settle; relay, project; query |
//! | [`identity`] | who asks and what they may do: tokens verified, policies evaluated |
//! | [`laws`] | what every adapter of a port must do, as plain async functions |
//! | [`memory`] | in-memory adapters: they pass the same laws, and the steps are tested on them |

mod failpoint;
pub mod identity;
pub mod laws;
pub mod memory;
pub mod ports;
pub mod steps;

pub use failpoint::{FailPoint, failpoint};
