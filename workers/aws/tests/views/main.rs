//! The laws of views and statuses, and the projector, on a real OpenSearch node.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't begin has failed")]

mod node;
mod projecting;
mod proxy;
mod search;
mod statuses;
