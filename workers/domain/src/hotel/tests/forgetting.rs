//! What leaves the state with time: by the stream's own clock, not by ours.

use super::*;

/// A booking of the nights 1 and 2, and the clock on a day.
fn at(clock: i32, more: impl IntoIterator<Item = Event>) -> Given<RoomType> {
    let events = std::iter::once(booked("b-1", (1, 3))).chain(more);
    open(1, events.chain([booked("later", (50, 51)), checked_in("later", clock)]))
}

#[test]
fn an_id_stays_taken_until_30_days_after_the_departure() {
    at(33, []).when("BookRoom", book("b-1", (60, 61))).then_rejected("booking-exists");
    at(34, []).when("BookRoom", book("b-1", (60, 61))).then([booked("b-1", (60, 61))]);
}

#[test]
fn a_forgotten_booking_is_unknown() {
    at(33, []).when("CancelBooking", of("b-1")).then([cancelled("b-1", (1, 3), false)]);
    at(34, []).when("CancelBooking", of("b-1")).then_rejected("unknown-booking");
}

#[test]
fn its_nights_stay_counted() {
    at(34, []).when("BookRoom", book("b-2", (2, 4))).then([wait_listed("b-2", 1, (2, 4))]);
    at(34, []).when("BookRoom", book("b-2", (3, 4))).then([booked("b-2", (3, 4))]);
}

#[test]
fn it_leaves_the_waiting_list() {
    let waiting = || [wait_listed("b-2", 1, (1, 3)), wait_listed("b-3", 2, (2, 6))];
    at(33, waiting()).when("BookRoom", book("b-4", (50, 51))).then([wait_listed("b-4", 3, (50, 51))]);
    at(34, waiting()).when("BookRoom", book("b-4", (50, 51))).then([wait_listed("b-4", 2, (50, 51))]);
}

#[test]
fn the_booked_departure_counts_not_the_day_of_leaving() {
    let left = [checked_in("b-1", 1), checked_out("b-1", 2, (1, 3))];
    at(33, left.clone()).when("CheckOut", on("b-1", 2)).then_nothing();
    at(34, left).when("CheckOut", on("b-1", 2)).then_rejected("unknown-booking");
}

#[test]
fn a_changed_booking_is_remembered_by_its_new_departure() {
    at(34, [changed("b-1", (1, 3), (1, 4), false)]).when("ChangeBooking", change("b-1", (1, 4))).then_nothing();
    at(34, [changed("b-1", (1, 3), (1, 2), false)])
        .when("ChangeBooking", change("b-1", (1, 2)))
        .then_rejected("unknown-booking");
}

#[test]
fn the_clock_is_the_latest_day_and_does_not_go_back() {
    let back = open(2, [booked("b-1", (1, 3)), booked("b-2", (50, 51)), checked_in("b-2", 34)]);
    back.when("CancelBooking", of("b-1")).then_rejected("unknown-booking");
    let later = [booked("b-3", (50, 51)), checked_in("b-3", 2)];
    open(2, [booked("b-1", (1, 3)), booked("b-2", (50, 51)), checked_in("b-2", 34)].into_iter().chain(later))
        .when("ChangeRoomCount", json!({"rooms": 3}))
        .then([count_changed(2, 3, Some(34))]);
}

#[test]
fn a_booking_of_long_ago_is_forgotten_at_once_and_its_nights_count() {
    let events = [booked("b-1", (1, 3)), booked("later", (50, 51)), checked_in("later", 50), booked("old", (8, 9))];
    open(1, events.clone()).when("CancelBooking", of("old")).then_rejected("unknown-booking");
    open(1, events).when("BookRoom", book("old", (8, 9))).then([wait_listed("old", 1, (8, 9))]);
}

#[test]
fn without_a_clock_nothing_is_forgotten() {
    open(1, [booked("b-1", (-9000, -8999))]).when("BookRoom", book("b-1", (1, 2))).then_rejected("booking-exists");
}
