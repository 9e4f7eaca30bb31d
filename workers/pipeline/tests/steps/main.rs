//! The steps over in-memory adapters, with a domain that breaks on command; and adapters that are broken on purpose.

#![expect(clippy::unwrap_used, reason = "what a test needs is there, or the test fails")]
#![expect(clippy::panic, reason = "the domain breaks on command")]

mod admission;
mod broken;
mod dispatch;
mod host;
mod persist;
mod project;
mod relay;
mod reports;
mod support;
mod table;
mod verify;
