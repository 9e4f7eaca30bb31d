//! The real process, killed, starved and damaged: what it acknowledged stays, once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the lints exempt test functions, but not their helpers")]

mod check;
mod client;
mod damage;
mod dice;
mod ends;
mod folders;
#[cfg(target_os = "linux")]
mod full;
mod kill;
mod ledger;
mod load;
mod points;
mod poison;
mod process;
mod same;
