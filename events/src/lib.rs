//! The published language: the payload of every event, one file for each aggregate.
//!
//! An event's name is its storage and what other services subscribe to: add fields or types, upcast, never rename.
//! `history/` keeps one recorded event of each type and schema, which every later build must still read; `schemas/`
//! holds the JSON Schemas of events and commands, made from the types.

pub mod comment;
pub mod device;
pub mod post;
pub mod profile;
pub mod room_type;

mod money;

pub use money::Money;
