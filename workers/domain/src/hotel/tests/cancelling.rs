//! Cancelling a booking.

use super::*;

#[test]
fn cancelling_keeps_the_reason_and_frees_the_nights() {
    open(1, [booked("b-1", (1, 3))]).when("CancelBooking", of("b-1")).then([cancelled("b-1", (1, 3), false)]);
    let events = open(1, [booked("b-1", (1, 3))])
        .when("CancelBooking", json!({"bookingId": "b-1", "reason": "fell ill"}))
        .events();
    assert!(matches!(&events[..], [Event::BookingCancelled(e)] if e.reason.as_deref() == Some("fell ill")));
    open(1, [booked("b-1", (1, 3)), cancelled("b-1", (1, 3), false)])
        .when("BookRoom", book("b-2", (1, 3)))
        .then([booked("b-2", (1, 3))]);
}

#[test]
fn cancelling_promotes_who_waits() {
    open(1, [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))])
        .when("CancelBooking", of("b-1"))
        .then([cancelled("b-1", (1, 3), false), promoted("b-2", (1, 3))]);
}

#[test]
fn cancelling_a_waiting_booking_frees_nothing_and_promotes_nobody() {
    open(1, [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3)), wait_listed("b-3", 2, (1, 3))])
        .when("CancelBooking", of("b-2"))
        .then([cancelled("b-2", (1, 3), true)]);
}

#[test]
fn cancelling_twice_changes_nothing() {
    open(1, [booked("b-1", (1, 3)), cancelled("b-1", (1, 3), false)]).when("CancelBooking", of("b-1")).then_nothing();
    open(1, [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3)), cancelled("b-2", (1, 3), true)])
        .when("CancelBooking", of("b-2"))
        .then_nothing();
}

#[test]
fn an_unknown_booking_is_not_cancelled() {
    open(1, []).when("CancelBooking", of("b-1")).then_rejected("unknown-booking");
}

#[test]
fn who_came_or_did_not_show_does_not_cancel() {
    let ended = [
        vec![checked_in("b-1", 1)],
        vec![checked_in("b-1", 1), checked_out("b-1", 3, (1, 3))],
        vec![not_shown("b-1", 1, (1, 3))],
    ];
    for events in ended {
        open(1, std::iter::once(booked("b-1", (1, 3))).chain(events))
            .when("CancelBooking", of("b-1"))
            .then_rejected("not-cancellable");
    }
}

#[test]
fn a_reason_has_at_most_2_000_characters() {
    let because = |length| json!({"bookingId": "b-1", "reason": "é".repeat(length)});
    open(1, []).when("CancelBooking", because(2001)).then_invalid(&["/data/reason too-long"]);
    open(1, []).when("CancelBooking", because(2000)).then_rejected("unknown-booking");
}
