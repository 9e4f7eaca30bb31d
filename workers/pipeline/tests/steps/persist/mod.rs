//! Persist: each sentence of the design that says what it does.

mod claims;
mod cost;
mod duplicates;
mod faults;
mod outcomes;
mod races;
mod snapshots;
mod time;
