//! The real binary against a small server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the lints exempt test functions, but not their helpers")]

mod fake;
mod import;
mod verbs;
