//! Given/when/then of customers.

mod details;
mod emails;
mod laws;
mod policies;
mod restoring;
mod rewards;
mod views;

use events::customer::{
    CustomerDeleted, CustomerRegistered, CustomerRestored, CustomerUpdated, Details, Event, RewardAdded, RewardRedeemed,
};
use kernel::spec::{Given, given};
use serde_json::{Value, json};

use super::{Customer, REMEMBERED};

const STREAM: &str = "customer/ada";

fn customer(events: impl IntoIterator<Item = Event>) -> Given<Customer> {
    given(STREAM, events)
}

/// One who was registered as Ada, with these further events.
fn ada(events: impl IntoIterator<Item = Event>) -> Given<Customer> {
    customer(std::iter::once(registered()).chain(events))
}

fn details(name: &str, email: &str, phone: Option<&str>) -> Details {
    Details { name: name.into(), email: email.into(), phone: phone.map(str::to_owned) }
}

fn registered() -> Event {
    CustomerRegistered { details: details("Ada", "Ada@example.org", None) }.into()
}

fn updated(name: Option<&str>, email: Option<&str>, phone: Option<&str>) -> Event {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    CustomerUpdated { name: owned(name), email: owned(email), phone: owned(phone) }.into()
}

fn moved(email: &str) -> Event {
    updated(None, Some(email), None)
}

fn deleted(email: &str) -> Event {
    CustomerDeleted { email: email.into() }.into()
}

fn restored(version: u64, details: Details) -> Event {
    CustomerRestored { version, details }.into()
}

fn rewarded(points: u64) -> Event {
    RewardAdded { points, reason: "birthday".into() }.into()
}

fn redeemed(points: u64) -> Event {
    RewardRedeemed { points }.into()
}

fn register() -> Value {
    json!({ "name": "Ada", "email": "Ada@example.org" })
}

fn reward(points: u64) -> Value {
    json!({ "points": points, "reason": "birthday" })
}

fn version(version: u64) -> Value {
    json!({ "version": version })
}
