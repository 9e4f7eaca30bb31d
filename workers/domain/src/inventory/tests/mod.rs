//! Given/when/then of the inventory's rules.

mod laws;
mod policies;
mod views;

use events::stock::{Event, Reservation, StockAdjusted, StockReceived, StockReleased, StockReserved, StockShipped};
use kernel::spec::{Given, given};
use serde_json::{Value, json};

use super::{REMEMBERED, Stock};

const STREAM: &str = "stock/mug";

fn stock(events: impl IntoIterator<Item = Event>) -> Given<Stock> {
    given(STREAM, events)
}

fn received(quantity: i64) -> Event {
    StockReceived { quantity }.into()
}

fn reserved(id: &str, quantity: i64) -> Event {
    StockReserved { reservation: id.parse().unwrap(), quantity }.into()
}

fn released(id: &str, quantity: i64) -> Event {
    StockReleased { reservation: id.parse().unwrap(), quantity }.into()
}

fn shipped(quantity: i64) -> Event {
    StockShipped { quantity, reserved: None }.into()
}

fn shipped_for(id: &str, held: i64, quantity: i64) -> Event {
    let reserved = Some(Reservation { reservation: id.parse().unwrap(), quantity: held });
    StockShipped { quantity, reserved }.into()
}

fn adjusted(delta: i64) -> Event {
    StockAdjusted { delta, reason: "counted".into() }.into()
}

fn many(quantity: i64) -> Value {
    json!({ "quantity": quantity })
}

fn reserve(id: &str, quantity: i64) -> Value {
    json!({ "reservation": id, "quantity": quantity })
}

fn of(id: &str) -> Value {
    json!({ "reservation": id })
}

fn adjust(delta: i64) -> Value {
    json!({ "delta": delta, "reason": "counted" })
}

#[test]
fn receiving_adds_to_what_is_there() {
    stock([]).when("ReceiveStock", many(5)).then([received(5)]);
    stock([received(5)]).when("ReceiveStock", many(5)).then([received(5)]);
    assert_eq!(stock([received(5), received(7)]).state().on_hand, 12);
}

#[test]
fn shipping_takes_what_nobody_reserved() {
    stock([received(5)]).when("ShipStock", many(5)).then([shipped(5)]);
    stock([received(5), reserved("r-1", 2)]).when("ShipStock", many(3)).then([shipped(3)]);
}

#[test]
fn shipping_more_than_is_available_is_rejected() {
    stock([]).when("ShipStock", many(1)).then_rejected("insufficient-stock");
    stock([received(5)]).when("ShipStock", many(6)).then_rejected("insufficient-stock");
    stock([received(5), reserved("r-1", 2)]).when("ShipStock", many(4)).then_rejected("insufficient-stock");
}

#[test]
fn reserving_holds_some_of_what_is_available() {
    stock([received(5)]).when("ReserveStock", reserve("r-1", 5)).then([reserved("r-1", 5)]);
    stock([received(5), reserved("r-1", 2)]).when("ReserveStock", reserve("r-2", 3)).then([reserved("r-2", 3)]);
}

#[test]
fn reserving_more_than_is_available_is_rejected() {
    stock([]).when("ReserveStock", reserve("r-1", 1)).then_rejected("insufficient-stock");
    stock([received(5), reserved("r-1", 3)])
        .when("ReserveStock", reserve("r-2", 3))
        .then_rejected("insufficient-stock");
}

#[test]
fn the_same_reservation_again_changes_nothing() {
    stock([received(5), reserved("r-1", 5)]).when("ReserveStock", reserve("r-1", 5)).then_nothing();
}

#[test]
fn a_reservation_that_ended_holds_nothing_when_it_is_asked_for_again() {
    for end in [released("r-1", 2), shipped_for("r-1", 2, 2)] {
        let ended = || stock([received(5), reserved("r-1", 2), end.clone()]);
        ended().when("ReserveStock", reserve("r-1", 2)).then_nothing();
        ended().when("ReserveStock", reserve("r-1", 3)).then_rejected("reservation-exists");
    }
}

#[test]
fn a_reservation_of_another_quantity_exists_whatever_is_available() {
    let one = || stock([received(5), reserved("r-1", 2)]);
    one().when("ReserveStock", reserve("r-1", 3)).then_rejected("reservation-exists");
    one().when("ReserveStock", reserve("r-1", 1)).then_rejected("reservation-exists");
    one().when("ReserveStock", reserve("r-1", 100)).then_rejected("reservation-exists");
}

#[test]
fn releasing_gives_back_what_was_held() {
    let one = || [received(5), reserved("r-1", 2)].into_iter();
    stock(one()).when("ReleaseStock", of("r-1")).then([released("r-1", 2)]);
    stock(one().chain([released("r-1", 2)])).when("ReserveStock", reserve("r-2", 5)).then([reserved("r-2", 5)]);
}

#[test]
fn releasing_or_shipping_a_reservation_that_ended_changes_nothing() {
    for end in [released("r-1", 2), shipped_for("r-1", 2, 2)] {
        let ended = || stock([received(2), reserved("r-1", 2), end.clone()]);
        ended().when("ReleaseStock", of("r-1")).then_nothing();
        ended().when("ShipStock", reserve("r-1", 2)).then_nothing();
        // already so comes before what is available
        ended().when("ShipStock", reserve("r-1", 100)).then_nothing();
    }
}

#[test]
fn a_reservation_that_was_never_made_is_unknown() {
    stock([received(5)]).when("ReleaseStock", of("r-1")).then_rejected("unknown-reservation");
    stock([received(5)]).when("ShipStock", reserve("r-1", 2)).then_rejected("unknown-reservation");
    // unknown comes before what is available
    stock([received(5)]).when("ShipStock", reserve("r-1", 100)).then_rejected("unknown-reservation");
}

#[test]
fn shipping_a_reservation_ends_it() {
    let held = || [received(5), reserved("r-1", 2)].into_iter();
    stock(held()).when("ShipStock", reserve("r-1", 2)).then([shipped_for("r-1", 2, 2)]);
    let after = stock(held().chain([shipped_for("r-1", 2, 2)]));
    assert_eq!((after.state().on_hand, after.state().reserved), (3, 0));
}

#[test]
fn shipping_less_than_was_reserved_frees_the_rest_and_more_takes_what_is_available() {
    let held = || [received(5), reserved("r-1", 2), reserved("r-2", 1)].into_iter();
    stock(held()).when("ShipStock", reserve("r-1", 1)).then([shipped_for("r-1", 2, 1)]);
    stock(held()).when("ShipStock", reserve("r-1", 4)).then([shipped_for("r-1", 2, 4)]);
    stock(held()).when("ShipStock", reserve("r-1", 5)).then_rejected("insufficient-stock");
    stock(held().chain([shipped_for("r-1", 2, 1)])).when("ReserveStock", reserve("r-3", 3)).then([reserved("r-3", 3)]);
}

#[test]
fn adjusting_counts_more_or_less_but_never_less_than_is_reserved() {
    stock([]).when("AdjustStock", adjust(3)).then([adjusted(3)]);
    stock([received(5), reserved("r-1", 2)]).when("AdjustStock", adjust(-3)).then([adjusted(-3)]);
    stock([received(5), reserved("r-1", 2)]).when("AdjustStock", adjust(-4)).then_rejected("insufficient-stock");
    stock([]).when("AdjustStock", adjust(-1)).then_rejected("insufficient-stock");
}

#[test]
fn the_latest_ended_reservations_are_remembered() {
    let one = |number: usize| {
        let id = format!("r-{number}");
        [reserved(&id, 1), released(&id, 1)]
    };
    let events: Vec<_> = std::iter::once(received(1)).chain((0..=REMEMBERED).flat_map(one)).collect();
    stock(events.clone()).when("ReleaseStock", of("r-1")).then_nothing();
    stock(events.clone()).when("ReleaseStock", of("r-0")).then_rejected("unknown-reservation");
    assert_eq!(stock(events).state().reservations.len(), REMEMBERED);
}

#[test]
fn data_is_as_declared() {
    for (kind, data, violations) in [
        ("ReceiveStock", many(0), &["/data/quantity out-of-range"][..]),
        ("ReceiveStock", many(1_000_000_001), &["/data/quantity out-of-range"]),
        ("ReceiveStock", json!({ "quantity": 1.5 }), &["/data/quantity wrong-type"]),
        ("ShipStock", reserve("a b", 0), &["/data/quantity out-of-range", "/data/reservation bad-format"]),
        ("AdjustStock", adjust(0), &["/data/delta out-of-range"]),
        ("AdjustStock", adjust(-1_000_000_001), &["/data/delta out-of-range"]),
        ("AdjustStock", json!({ "delta": 1, "reason": "" }), &["/data/reason too-short"]),
        ("AdjustStock", json!({ "delta": 1 }), &["/data/reason required"]),
        ("AdjustStock", json!({ "delta": 1, "reason": "x".repeat(2001) }), &["/data/reason too-long"]),
        ("ReserveStock", json!({}), &["/data/quantity required", "/data/reservation required"]),
        ("ReleaseStock", json!({ "id": "r" }), &["/data/id unknown-field", "/data/reservation required"]),
    ] {
        stock([]).when(kind, data).then_invalid(violations);
    }
}
