//! The entry point, asked as a client asks it, over ports in memory.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a broken test tells by panicking, in helpers too, and tests read best with values in place"
)]

mod basics;
mod batches;
mod commands;
mod reading;
mod serving;
mod statuses;
mod streams;
mod support;
