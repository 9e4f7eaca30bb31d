//! The hotel: what may be asked, and every way in which a rule says no.

use serde_json::json;

use crate::support::{Actor, Tenant, booking, command, dates, id_of, on, open};

/// A hotel's staff, and the stream of a room type that is not open yet.
fn room_type() -> (Actor, &'static str) {
    (Tenant::new().staff(), "room-type/resort:A")
}

#[test]
fn a_hotel_with_colons_is_split_at_the_last() {
    let staff = Tenant::new().staff();
    let status = open(&staff, "room-type/chain:paris:A", 1);
    let booked = staff.commits("room-type/chain:paris:A", "BookRoom", booking("b", "2027-01-01", "2027-01-02"));
    let doc = staff.document("bookings", &booked, "b").unwrap();
    assert_eq!((&doc["hotel"], &doc["roomType"]), (&json!("chain:paris"), &json!("A")));
    assert_eq!(status["version"], 1);
}

#[test]
fn nothing_happens_before_it_is_open() {
    let (staff, stream) = room_type();
    for (kind, data) in [
        ("ChangeRoomCount", json!({ "rooms": 1 })),
        ("BookRoom", booking("b", "2027-01-01", "2027-01-02")),
        ("ChangeBooking", dates("b", "2027-01-01", "2027-01-02")),
        ("CancelBooking", id_of("b")),
        ("CheckIn", on("b", "2027-01-01")),
        ("CheckOut", on("b", "2027-01-01")),
        ("MarkNoShow", on("b", "2027-01-01")),
    ] {
        staff.rejected(stream, kind, data, "not-open");
    }
}

#[test]
fn it_opens_once_and_the_same_again_is_already_so() {
    let (staff, stream) = room_type();
    let offer = json!({ "hotel": "resort", "name": "A", "rooms": 2, "rate": { "amount": 8000, "currency": "EUR" } });
    staff.makes(stream, "OpenRoomType", offer.clone(), &["RoomTypeOpened"]);
    staff.makes(stream, "OpenRoomType", offer.clone(), &[]);
    for (name, value) in [
        ("name", json!("B")),
        ("rooms", json!(3)),
        ("rate", json!(null)),
        ("rate", json!({ "amount": 8001, "currency": "EUR" })),
        ("rate", json!({ "amount": 8000, "currency": "USD" })),
    ] {
        let mut other = offer.clone();
        other[name] = value;
        staff.rejected(stream, "OpenRoomType", other, "already-open");
    }
    // the current rooms count, not the first ones
    staff.makes(stream, "ChangeRoomCount", json!({ "rooms": 5 }), &["RoomCountChanged"]);
    staff.rejected(stream, "OpenRoomType", offer.clone(), "already-open");
    let mut current = offer;
    current["rooms"] = json!(5);
    staff.makes(stream, "OpenRoomType", current, &[]);
    staff.makes(stream, "ChangeRoomCount", json!({ "rooms": 5 }), &[]);
}

#[test]
fn a_booking_takes_a_room_or_waits() {
    let (staff, stream) = room_type();
    open(&staff, stream, 1);
    let mut full = booking("b-1", "2027-01-01", "2027-01-03");
    full["guest"]["email"] = json!("a@b.example");
    full["notes"] = json!("sea view");
    let status = staff.makes(stream, "BookRoom", full.clone(), &["RoomBooked"]);
    let event = &staff.history(stream)[1];
    full["bookedBy"] = json!("sam");
    assert_eq!(event["data"], full);
    assert_eq!(status["version"], 2);
    staff.rejected(stream, "BookRoom", booking("b-1", "2027-01-01", "2027-01-03"), "booking-exists");
    staff.rejected(stream, "BookRoom", booking("b-1", "2027-05-01", "2027-05-03"), "booking-exists");
    staff.makes(stream, "BookRoom", booking("b-2", "2027-01-03", "2027-01-04"), &["RoomBooked"]);
    staff.makes(stream, "BookRoom", booking("b-3", "2027-01-02", "2027-01-04"), &["BookingWaitListed"]);
    staff.makes(stream, "BookRoom", booking("b-4", "2026-12-31", "2027-01-02"), &["BookingWaitListed"]);
    let history = staff.history(stream);
    assert_eq!((&history[3]["data"]["position"], &history[4]["data"]["position"]), (&json!(1), &json!(2)));
    let mut unwilling = booking("b-5", "2027-01-02", "2027-01-03");
    unwilling["waitList"] = json!(false);
    staff.rejected(stream, "BookRoom", unwilling.clone(), "no-rooms-left");
    unwilling["waitList"] = json!(true);
    staff.makes(stream, "BookRoom", unwilling, &["BookingWaitListed"]);
    // the position counts who waits at that moment
    staff.makes(stream, "CancelBooking", id_of("b-3"), &["BookingCancelled"]);
    staff.makes(stream, "BookRoom", booking("b-6", "2027-01-02", "2027-01-03"), &["BookingWaitListed"]);
    assert_eq!(staff.history(stream).last().unwrap()["data"]["position"], 3);
    // one that fits is booked even while others wait
    staff.makes(stream, "BookRoom", booking("b-7", "2027-02-02", "2027-02-03"), &["RoomBooked"]);
}

#[test]
fn who_waits_is_promoted_in_order_when_a_night_is_free() {
    let (staff, stream) = room_type();
    open(&staff, stream, 1);
    staff.commits(stream, "BookRoom", booking("b-1", "2027-01-01", "2027-01-04"));
    for (id, from, to) in
        [("w-1", "2027-01-01", "2027-01-05"), ("w-2", "2027-01-02", "2027-01-03"), ("w-3", "2027-01-03", "2027-01-06")]
    {
        staff.makes(stream, "BookRoom", booking(id, from, to), &["BookingWaitListed"]);
    }
    staff.makes(stream, "BookRoom", booking("b-2", "2027-01-04", "2027-01-05"), &["RoomBooked"]);
    // w-1 doesn't fit and keeps its place; w-2 fits; w-3 doesn't
    let status = staff.makes(stream, "CancelBooking", id_of("b-1"), &["BookingCancelled", "WaitingBookingConfirmed"]);
    assert_eq!(staff.history(stream).last().unwrap()["data"]["bookingId"], "w-2");
    assert_eq!(status["events"][1]["version"], status["version"]);
    staff.makes(stream, "CancelBooking", id_of("b-2"), &["BookingCancelled", "WaitingBookingConfirmed"]);
    assert_eq!(staff.history(stream).last().unwrap()["data"]["bookingId"], "w-3");
    // cancelling who waits promotes nobody
    staff.makes(stream, "CancelBooking", id_of("w-1"), &["BookingCancelled"]);
    // many at once
    staff.commits(stream, "BookRoom", booking("b-3", "2027-03-01", "2027-03-04"));
    for id in ["x-1", "x-2", "x-3"] {
        staff.makes(stream, "BookRoom", booking(id, "2027-03-01", "2027-03-02"), &["BookingWaitListed"]);
    }
    staff.makes(
        stream,
        "ChangeRoomCount",
        json!({ "rooms": 3 }),
        &["RoomCountChanged", "WaitingBookingConfirmed", "WaitingBookingConfirmed"],
    );
    let ids: Vec<_> = staff.history(stream).iter().rev().take(2).map(|e| e["data"]["bookingId"].clone()).collect();
    assert_eq!(ids, ["x-2", "x-1"]);
}

#[test]
fn fewer_rooms_than_are_taken_would_overbook() {
    let (staff, stream) = room_type();
    open(&staff, stream, 3);
    for id in ["b-1", "b-2"] {
        staff.commits(stream, "BookRoom", booking(id, "2027-01-01", "2027-01-03"));
    }
    staff.rejected(stream, "ChangeRoomCount", json!({ "rooms": 1 }), "would-overbook");
    staff.makes(stream, "ChangeRoomCount", json!({ "rooms": 2 }), &["RoomCountChanged"]);
    // nights before the clock don't count
    staff.commits(stream, "CheckIn", on("b-1", "2027-01-03"));
    staff.makes(stream, "ChangeRoomCount", json!({ "rooms": 1 }), &["RoomCountChanged"]);
}

#[test]
fn a_booking_moves_to_other_dates_or_stays() {
    let (staff, stream) = room_type();
    open(&staff, stream, 1);
    staff.commits(stream, "BookRoom", booking("b-1", "2027-01-01", "2027-01-04"));
    staff.commits(stream, "BookRoom", booking("b-2", "2027-01-06", "2027-01-08"));
    staff.rejected(stream, "ChangeBooking", dates("none", "2027-01-01", "2027-01-02"), "unknown-booking");
    staff.makes(stream, "ChangeBooking", dates("b-1", "2027-01-01", "2027-01-04"), &[]);
    // its own nights are free for it
    staff.makes(stream, "ChangeBooking", dates("b-1", "2027-01-02", "2027-01-05"), &["BookingChanged"]);
    let doc = staff.rejected(stream, "ChangeBooking", dates("b-1", "2027-01-05", "2027-01-07"), "no-rooms-left");
    let kept = staff.document("bookings", &doc, "b-1").unwrap();
    assert_eq!(
        (&kept["arrival"], &kept["departure"], &kept["nights"]),
        (&json!("2027-01-02"), &json!("2027-01-05"), &json!(3))
    );
    // who waits takes the new dates, whatever they are, and is tried
    staff.commits(stream, "BookRoom", booking("w-1", "2027-01-02", "2027-01-03"));
    staff.makes(stream, "ChangeBooking", dates("w-1", "2027-01-06", "2027-01-07"), &["BookingChanged"]);
    staff.makes(stream, "ChangeBooking", dates("w-1", "2027-01-06", "2027-01-07"), &[]);
    staff.makes(
        stream,
        "ChangeBooking",
        dates("w-1", "2027-02-01", "2027-02-02"),
        &["BookingChanged", "WaitingBookingConfirmed"],
    );
    // moving frees nights for others
    staff.commits(stream, "BookRoom", booking("w-2", "2027-01-03", "2027-01-04"));
    staff.makes(
        stream,
        "ChangeBooking",
        dates("b-1", "2027-03-01", "2027-03-02"),
        &["BookingChanged", "WaitingBookingConfirmed"],
    );
    staff.commits(stream, "CancelBooking", id_of("w-2"));
    staff.rejected(stream, "ChangeBooking", dates("w-2", "2027-05-01", "2027-05-02"), "not-changeable");
    staff.commits(stream, "CheckIn", on("b-1", "2027-03-01"));
    staff.rejected(stream, "ChangeBooking", dates("b-1", "2027-03-01", "2027-03-02"), "not-changeable");
}

#[test]
fn five_hundred_may_wait() {
    let (staff, stream) = room_type();
    open(&staff, stream, 1);
    let bookings: Vec<_> = (0..502)
        .map(|index| command(stream, "BookRoom", booking(&format!("b-{index}"), "2027-01-01", "2027-01-02")))
        .collect();
    staff.post("/commands", &json!(bookings)).is(202);
    let last = staff.outcome(&bookings[501]);
    assert_eq!(last["rejection"]["code"], "waiting-list-full", "{last}");
    let before = staff.outcome(&bookings[500]);
    assert_eq!(before["events"][0]["type"], "BookingWaitListed", "{before}");
    assert_eq!(staff.history(stream).last().unwrap()["data"]["position"], 500);
    let mut unwilling = booking("b-600", "2027-01-01", "2027-01-02");
    unwilling["waitList"] = json!(false);
    staff.rejected(stream, "BookRoom", unwilling, "no-rooms-left");
    staff.commits(stream, "CancelBooking", id_of("b-7"));
    staff.makes(stream, "BookRoom", booking("b-601", "2027-01-01", "2027-01-02"), &["BookingWaitListed"]);
}
