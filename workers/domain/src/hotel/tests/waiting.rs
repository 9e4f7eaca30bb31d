//! Who moves up from the waiting list.

use super::*;

#[test]
fn promotions_follow_the_waiting_order() {
    let waiting = [wait_listed("b-3", 1, (2, 3)), wait_listed("b-2", 2, (1, 2)), wait_listed("b-4", 3, (1, 2))];
    open(1, std::iter::once(booked("b-1", (1, 3))).chain(waiting)).when("CancelBooking", of("b-1")).then([
        cancelled("b-1", (1, 3), false),
        promoted("b-3", (2, 3)),
        promoted("b-2", (1, 2)),
    ]);
}

#[test]
fn one_that_does_not_fit_is_passed_over_and_keeps_its_place() {
    let waiting = [wait_listed("b-3", 1, (1, 5)), wait_listed("b-4", 2, (1, 3))];
    let full = [booked("b-1", (1, 3)), booked("b-2", (3, 5))].into_iter().chain(waiting);
    open(1, full.clone())
        .when("CancelBooking", of("b-1"))
        .then([cancelled("b-1", (1, 3), false), promoted("b-4", (1, 3))]);
    let after = full.chain([
        cancelled("b-1", (1, 3), false),
        promoted("b-4", (1, 3)),
        wait_listed("b-5", 2, (1, 3)),
        cancelled("b-2", (3, 5), false),
    ]);
    open(1, after).when("CancelBooking", of("b-4")).then([cancelled("b-4", (1, 3), false), promoted("b-3", (1, 5))]);
}

#[test]
fn who_was_promoted_waits_no_more() {
    let events = [
        booked("b-1", (1, 3)),
        wait_listed("b-2", 1, (1, 3)),
        cancelled("b-1", (1, 3), false),
        promoted("b-2", (1, 3)),
    ];
    open(1, events.clone()).when("BookRoom", book("b-3", (1, 3))).then([wait_listed("b-3", 1, (1, 3))]);
    open(1, events).when("CheckIn", on("b-2", 1)).then([checked_in("b-2", 1)]);
}

#[test]
fn a_wholly_past_waiting_booking_may_still_be_promoted() {
    let events = [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3)), booked("b-3", (20, 21)), checked_in("b-3", 20)];
    open(1, events).when("CancelBooking", of("b-1")).then([cancelled("b-1", (1, 3), false), promoted("b-2", (1, 3))]);
}

#[test]
fn who_is_forgotten_with_the_events_own_day_is_not_promoted() {
    let events = || [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))];
    open(1, events()).when("MarkNoShow", on("b-1", 33)).then([not_shown("b-1", 33, (1, 3)), promoted("b-2", (1, 3))]);
    open(1, events()).when("MarkNoShow", on("b-1", 34)).then([not_shown("b-1", 34, (1, 3))]);
}
