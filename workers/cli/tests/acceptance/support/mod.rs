//! What the checks have in common.

mod bookings;
mod client;
mod commands;
mod host;
mod table;

pub(crate) use bookings::{IDS, bookings, ids};
pub(crate) use client::{Actor, Answer, Ask, encode, params};
pub(crate) use commands::{after, booking, command, comment, customer, dates, id, id_of, id_of_time, on, open, order};
pub(crate) use host::{Claims, Tenant, forge, host, now};
pub(crate) use table::{Table, ensure};
