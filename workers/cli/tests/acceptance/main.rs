//! The wire contract, checked from outside: the real process, over HTTP.
//!
//! `FACTMILL_ACCEPTANCE_URL` and `FACTMILL_ACCEPTANCE_ISSUER` (a data folder whose issuer the deployment trusts) aim
//! the same checks at another host. Each check has tenants of its own, so that they share an engine and run again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the lints exempt test functions, but not their helpers")]
#![expect(clippy::needless_pass_by_value, reason = "what is sent reads best where it is made")]

mod support;

mod aggregations;
mod batches;
mod bodies;
mod commands;
mod comments;
mod duplicates;
mod edges;
mod envelopes;
mod guests;
mod hotel;
mod hotel_data;
mod hotel_stays;
mod pages;
mod queries;
mod reports;
mod search;
mod service;
mod social;
mod statuses;
mod streams;
mod telemetry;
mod tenants;
mod tokens;
mod verify;
mod views;
mod walk;
