//! Booking a room.

use super::*;

#[test]
fn a_booking_takes_a_room_and_remembers_who_booked() {
    open(1, []).when("BookRoom", book("b-1", (1, 3))).then([booked("b-1", (1, 3))]);
    open(1, []).by("bob", &["guest"]).when("BookRoom", book("b-1", (1, 3))).then([booked_by("bob", "b-1", (1, 3))]);
}

#[test]
fn the_last_room_is_sold_once() {
    open(2, [booked("b-1", (1, 3)), booked("b-2", (1, 3))]).when("BookRoom", book("b-3", (2, 4))).then([wait_listed(
        "b-3",
        1,
        (2, 4),
    )]);
}

#[test]
fn the_night_of_the_departure_is_free() {
    open(1, [booked("b-1", (3, 5))]).when("BookRoom", book("b-2", (5, 6))).then([booked("b-2", (5, 6))]);
    open(1, [booked("b-1", (3, 5))]).when("BookRoom", book("b-2", (2, 3))).then([booked("b-2", (2, 3))]);
}

#[test]
fn one_full_night_makes_it_wait() {
    for night in [3, 4, 5] {
        open(1, [booked("b-1", (night, night + 1))]).when("BookRoom", book("b-2", (3, 6))).then([wait_listed(
            "b-2",
            1,
            (3, 6),
        )]);
    }
}

#[test]
fn a_position_counts_all_who_wait_at_that_moment() {
    let full = [booked("b-1", (1, 2)), booked("b-2", (8, 9)), wait_listed("b-3", 1, (1, 2))];
    let two = full.iter().cloned().chain([wait_listed("b-4", 2, (8, 9))]);
    open(1, two.clone()).when("BookRoom", book("b-5", (8, 9))).then([wait_listed("b-5", 3, (8, 9))]);
    open(1, two.chain([cancelled("b-3", (1, 2), true)])).when("BookRoom", book("b-5", (8, 9))).then([wait_listed(
        "b-5",
        2,
        (8, 9),
    )]);
}

#[test]
fn a_booking_that_fits_is_booked_while_others_wait() {
    open(1, [booked("b-1", (1, 3)), wait_listed("b-2", 1, (2, 5))])
        .when("BookRoom", book("b-3", (3, 5)))
        .then([booked("b-3", (3, 5))]);
}

#[test]
fn an_id_is_booked_once_also_with_equal_data() {
    open(2, [booked("b-1", (1, 3))]).when("BookRoom", book("b-1", (1, 3))).then_rejected("booking-exists");
    let ended = [
        vec![cancelled("b-1", (1, 3), false)],
        vec![not_shown("b-1", 1, (1, 3))],
        vec![checked_in("b-1", 1), checked_out("b-1", 3, (1, 3))],
    ];
    for events in ended {
        open(2, std::iter::once(booked("b-1", (1, 3))).chain(events))
            .when("BookRoom", book("b-1", (7, 8)))
            .then_rejected("booking-exists");
    }
    let full = [booked("b-1", (1, 3)), wait_listed("b-2", 1, (1, 3))];
    open(1, full).when("BookRoom", book("b-2", (1, 3))).then_rejected("booking-exists");
}

#[test]
fn an_id_that_exists_comes_before_a_full_night() {
    let data = with(book("b-1", (1, 3)), json!({"waitList": false}));
    open(1, [booked("b-1", (1, 3))]).when("BookRoom", data).then_rejected("booking-exists");
}

#[test]
fn who_does_not_want_to_wait_is_told_that_no_room_is_left() {
    let data = with(book("b-2", (1, 3)), json!({"waitList": false}));
    open(1, [booked("b-1", (2, 3))]).when("BookRoom", data.clone()).then_rejected("no-rooms-left");
    open(1, []).when("BookRoom", data).then([booked("b-2", (1, 3))]);
}

#[test]
fn at_most_500_wait() {
    let waiting = |n: u32| (1..=n).map(|i| wait_listed(&format!("w-{i}"), i, (1, 2)));
    let full = |n| open(1, std::iter::once(booked("b-1", (1, 2))).chain(waiting(n)));
    full(499).when("BookRoom", book("b-2", (1, 2))).then([wait_listed("b-2", 500, (1, 2))]);
    full(500).when("BookRoom", book("b-2", (1, 2))).then_rejected("waiting-list-full");
    let data = with(book("b-2", (1, 2)), json!({"waitList": false}));
    full(500).when("BookRoom", data).then_rejected("no-rooms-left");
    full(500).when("BookRoom", book("b-2", (2, 3))).then([booked("b-2", (2, 3))]);
}

#[test]
fn a_stay_has_1_to_90_nights() {
    for nights in [-1, 0, 91] {
        open(1, []).when("BookRoom", book("b-1", (1, 1 + nights))).then_invalid(&["/data/departure out-of-range"]);
    }
    for nights in [1, 90] {
        open(1, []).when("BookRoom", book("b-1", (1, 1 + nights))).then([booked("b-1", (1, 1 + nights))]);
    }
}

#[test]
fn what_the_guest_says_is_kept() {
    let said = json!({"guest": {"name": "Ada", "email": "ada@example.org"}, "notes": "a cot, please"});
    let events = open(1, []).when("BookRoom", with(book("b-1", (1, 3)), said)).events();
    let [Event::RoomBooked(booked)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(booked.guest.email.as_deref(), Some("ada@example.org"));
    assert_eq!(booked.notes.as_deref(), Some("a cot, please"));
}

#[test]
fn all_that_is_wrong_with_a_booking_is_told_at_once() {
    let data = json!({
        "bookingId": "a b", "guest": {"name": "", "email": "ada"}, "arrival": "2026-12-03", "departure": "2026-12-03",
        "party": {"adults": 0, "children": -1}, "notes": "x".repeat(2001), "room": 7
    });
    open(1, []).when("BookRoom", data).then_invalid(&[
        "/data/bookingId bad-format",
        "/data/departure out-of-range",
        "/data/guest/email bad-format",
        "/data/guest/name too-short",
        "/data/notes too-long",
        "/data/party/adults out-of-range",
        "/data/party/children out-of-range",
        "/data/room unknown-field",
    ]);
    let data = json!({"arrival": "2026-02-30", "waitList": "no"});
    open(1, []).when("BookRoom", data).then_invalid(&[
        "/data/arrival bad-format",
        "/data/bookingId required",
        "/data/departure required",
        "/data/guest required",
        "/data/party required",
        "/data/waitList wrong-type",
    ]);
}

#[test]
fn policies_know_whose_the_named_booking_is() {
    use crate::hotel::Command;
    use kernel::{CommandSet, Decider};
    let given = open(2, [booked_by("bob", "b-1", (1, 2))]);
    let known = |kind, data: Value| RoomType::resource(given.state(), &Command::decode(kind, &data).unwrap());
    assert_eq!(known("CancelBooking", of("b-1")), [("bookedBy", "bob".into())]);
    assert_eq!(known("ChangeBooking", change("b-1", (1, 2))), [("bookedBy", "bob".into())]);
    assert_eq!(known("CancelBooking", of("b-2")), []);
    assert_eq!(known("ChangeRoomCount", json!({"rooms": 1})), []);
}
