//! Opening a room type and changing how many rooms it has.

use events::Money;

use super::*;

#[test]
fn opening_offers_rooms() {
    room_type([]).when("OpenRoomType", open_it(3)).then([opened(3)]);
}

#[test]
fn opening_with_a_rate_keeps_it() {
    let rate = Some(Money { amount: 12_900, currency: "EUR".into() });
    let data = with(open_it(3), json!({"rate": {"amount": 12900, "currency": "EUR"}}));
    let opened = Event::from(RoomTypeOpened { hotel: "resort".into(), name: "Double room".into(), rooms: 3, rate });
    room_type([]).when("OpenRoomType", data.clone()).then([opened.clone()]);
    room_type([opened.clone()]).when("OpenRoomType", data).then_nothing();
    room_type([opened]).when("OpenRoomType", open_it(3)).then_rejected("already-open");
}

#[test]
fn opening_again_with_equal_data_changes_nothing() {
    open(3, []).when("OpenRoomType", open_it(3)).then_nothing();
}

#[test]
fn opening_again_is_compared_with_what_is_so_now() {
    let changed = || open(3, [count_changed(3, 5, None)]);
    changed().when("OpenRoomType", open_it(5)).then_nothing();
    changed().when("OpenRoomType", open_it(3)).then_rejected("already-open");
}

#[test]
fn opening_again_with_other_data_is_rejected() {
    open(3, []).when("OpenRoomType", open_it(4)).then_rejected("already-open");
    open(3, []).when("OpenRoomType", with(open_it(3), json!({"name": "Suite"}))).then_rejected("already-open");
}

#[test]
fn the_hotel_is_the_streams() {
    room_type([])
        .when("OpenRoomType", with(open_it(3), json!({"hotel": "city"})))
        .then_invalid(&["/data/hotel mismatch"]);
    let colons = || given::<RoomType>("room-type/city:west:A", []);
    let data = |hotel| with(open_it(3), json!({ "hotel": hotel }));
    colons().when("OpenRoomType", data("city")).then_invalid(&["/data/hotel mismatch"]);
    assert_eq!(colons().when("OpenRoomType", data("city:west")).events().len(), 1);
}

#[test]
fn a_stream_is_named_for_a_hotel_and_a_code() {
    for stream in ["room-type/resort", "room-type/:A", "room-type/resort:"] {
        given::<RoomType>(stream, []).when("CancelBooking", of("b-1")).then_invalid(&["/stream bad-format"]);
    }
}

#[test]
fn rooms_lie_within_1_and_10_000_and_names_have_1_to_200_characters() {
    for (rooms, pointer) in [(0, true), (1, false), (10_000, false), (10_001, true)] {
        let outcome = room_type([]).when("OpenRoomType", open_it(rooms));
        if pointer {
            outcome.then_invalid(&["/data/rooms out-of-range"]);
        } else {
            outcome.then([opened(rooms)]);
        }
    }
    open(3, []).when("ChangeRoomCount", json!({"rooms": 0})).then_invalid(&["/data/rooms out-of-range"]);
    let name = |length| with(open_it(3), json!({"name": "é".repeat(length)}));
    room_type([]).when("OpenRoomType", name(0)).then_invalid(&["/data/name too-short"]);
    room_type([]).when("OpenRoomType", name(201)).then_invalid(&["/data/name too-long"]);
    assert_eq!(room_type([]).when("OpenRoomType", name(200)).events().len(), 1);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let rate = json!({"amount": 1.5, "currency": "euro"});
    let data = json!({"hotel": "city", "name": "", "rooms": -1, "rate": rate, "stars": 5});
    given::<RoomType>("room-type/resort:A", []).when("OpenRoomType", data).then_invalid(&[
        "/data/hotel mismatch",
        "/data/name too-short",
        "/data/rate/amount wrong-type",
        "/data/rate/currency bad-format",
        "/data/rooms out-of-range",
        "/data/stars unknown-field",
    ]);
}

#[test]
fn nothing_is_done_before_it_is_open() {
    let commands = [
        ("ChangeRoomCount", json!({"rooms": 3})),
        ("BookRoom", book("b-1", (1, 2))),
        ("ChangeBooking", change("b-1", (1, 2))),
        ("CancelBooking", of("b-1")),
        ("CheckIn", on("b-1", 1)),
        ("CheckOut", on("b-1", 1)),
        ("MarkNoShow", on("b-1", 1)),
    ];
    for (command, data) in commands {
        room_type([]).when(command, data).then_rejected("not-open");
    }
}

#[test]
fn changing_the_room_count_says_from_when_on() {
    open(3, []).when("ChangeRoomCount", json!({"rooms": 5})).then([count_changed(3, 5, None)]);
    open(3, [booked("b-1", (1, 3)), checked_in("b-1", 1)])
        .when("ChangeRoomCount", json!({"rooms": 5}))
        .then([count_changed(3, 5, Some(1))]);
}

#[test]
fn changing_to_the_same_count_changes_nothing() {
    open(3, []).when("ChangeRoomCount", json!({"rooms": 3})).then_nothing();
}

#[test]
fn fewer_rooms_than_are_taken_would_overbook() {
    let two = || open(3, [booked("b-1", (5, 7)), booked("b-2", (6, 8))]);
    two().when("ChangeRoomCount", json!({"rooms": 1})).then_rejected("would-overbook");
    two().when("ChangeRoomCount", json!({"rooms": 2})).then([count_changed(3, 2, None)]);
}

#[test]
fn without_a_clock_any_night_counts_and_with_one_those_from_it_on() {
    let two = [booked("b-1", (5, 6)), booked("b-2", (5, 6)), booked("b-3", (9, 10))];
    let clocked = |clock| open(3, two.iter().cloned().chain([checked_in("b-3", clock)]));
    open(3, two.clone()).when("ChangeRoomCount", json!({"rooms": 1})).then_rejected("would-overbook");
    clocked(5).when("ChangeRoomCount", json!({"rooms": 1})).then_rejected("would-overbook");
    clocked(6).when("ChangeRoomCount", json!({"rooms": 1})).then([count_changed(3, 1, Some(6))]);
}

#[test]
fn more_rooms_promote_who_waits() {
    open(1, [booked("b-1", (1, 3)), wait_listed("b-2", 1, (2, 4)), wait_listed("b-3", 2, (1, 3))])
        .when("ChangeRoomCount", json!({"rooms": 2}))
        .then([count_changed(1, 2, None), promoted("b-2", (2, 4))]);
}
