//! The entry point, asked as a client asks it, over ports in memory.

mod basics;
mod batches;
mod commands;
mod reading;
mod statuses;
mod streams;
mod support;
