//! Moving a booking to other dates.

use super::*;

#[test]
fn a_confirmed_booking_moves_to_nights_with_a_room_left() {
    open(1, [booked("b-1", (1, 3))]).when("ChangeBooking", change("b-1", (5, 9))).then([changed(
        "b-1",
        (1, 3),
        (5, 9),
        false,
    )]);
}

#[test]
fn it_frees_its_own_nights_before_it_looks() {
    open(1, [booked("b-1", (1, 3))]).when("ChangeBooking", change("b-1", (2, 4))).then([changed(
        "b-1",
        (1, 3),
        (2, 4),
        false,
    )]);
}

#[test]
fn a_confirmed_one_that_does_not_fit_is_left_as_it_was() {
    open(1, [booked("b-1", (1, 3)), booked("b-2", (5, 6))])
        .when("ChangeBooking", change("b-1", (4, 7)))
        .then_rejected("no-rooms-left");
}

#[test]
fn an_own_night_of_the_past_may_be_overbooked_without_it() {
    let past = [booked("b-1", (1, 2)), booked("b-2", (1, 2)), booked("b-3", (1, 3)), booked("b-4", (8, 9))];
    let fewer = [checked_in("b-4", 8), count_changed(3, 1, Some(8))];
    open(3, past.into_iter().chain(fewer)).when("ChangeBooking", change("b-3", (1, 2))).then_rejected("no-rooms-left");
}

#[test]
fn to_its_own_dates_changes_nothing() {
    let full = [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))];
    open(1, full.clone()).when("ChangeBooking", change("b-1", (1, 3))).then_nothing();
    open(1, full).when("ChangeBooking", change("b-2", (1, 3))).then_nothing();
}

#[test]
fn only_waiting_and_confirmed_ones_are_changed_not_even_to_their_own_dates() {
    let ended = [
        vec![checked_in("b-1", 1)],
        vec![checked_in("b-1", 1), checked_out("b-1", 3, (1, 3))],
        vec![cancelled("b-1", (1, 3), false)],
        vec![not_shown("b-1", 1, (1, 3))],
    ];
    for events in ended {
        for dates in [(1, 3), (5, 7)] {
            open(1, std::iter::once(booked("b-1", (1, 3))).chain(events.clone()))
                .when("ChangeBooking", change("b-1", dates))
                .then_rejected("not-changeable");
        }
    }
}

#[test]
fn an_unknown_booking_is_not_changed() {
    open(1, []).when("ChangeBooking", change("b-1", (1, 3))).then_rejected("unknown-booking");
}

#[test]
fn its_nights_are_checked_at_the_departure() {
    for dates in [(3, 3), (3, 1), (1, 92)] {
        open(1, []).when("ChangeBooking", change("b-1", dates)).then_invalid(&["/data/departure out-of-range"]);
    }
}

#[test]
fn moving_away_promotes_who_waits_for_the_nights() {
    open(1, [booked("b-1", (1, 4)), wait_listed("b-2", 1, (1, 3)), wait_listed("b-3", 2, (3, 4))])
        .when("ChangeBooking", change("b-1", (3, 5)))
        .then([changed("b-1", (1, 4), (3, 5), false), promoted("b-2", (1, 3))]);
}

#[test]
fn a_waiting_one_takes_the_new_dates_and_keeps_its_place() {
    let waiting = [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3)), wait_listed("b-3", 2, (1, 3))];
    open(1, waiting.clone()).when("ChangeBooking", change("b-2", (2, 5))).then([changed("b-2", (1, 3), (2, 5), true)]);
    open(1, waiting.into_iter().chain([changed("b-2", (1, 3), (2, 5), true)]))
        .when("CancelBooking", of("b-1"))
        .then([cancelled("b-1", (1, 3), false), promoted("b-2", (2, 5))]);
}

#[test]
fn a_waiting_one_that_now_fits_is_promoted() {
    open(1, [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))])
        .when("ChangeBooking", change("b-2", (5, 7)))
        .then([changed("b-2", (1, 3), (5, 7), true), promoted("b-2", (5, 7))]);
}
