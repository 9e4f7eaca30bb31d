//! The deployed app, by the ways in and out that the HTTP API is not: the queue, and the bus.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what it did not expect")]

mod queue;
mod stack;
