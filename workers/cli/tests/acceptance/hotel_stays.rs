//! The hotel: who comes, who leaves, who doesn't show, what is forgotten; and what the views tell of it.

use serde_json::{Value, json};

use crate::support::{Actor, Tenant, booking, on, open};

const STREAM: &str = "room-type/resort:A";

fn cancel(id: &str) -> Value {
    json!({ "bookingId": id })
}

/// The rooms that are booked and left on nights, by the view.
#[track_caller]
fn nights(actor: &Actor, shown: &Value) -> Vec<(String, i64, i64, i64)> {
    let found = actor.find("availability", shown, "sort=night&limit=200");
    let night = |hit: &Value| {
        let doc = &hit["doc"];
        let number = |name: &str| doc[name].as_i64().unwrap();
        (doc["night"].as_str().unwrap()[5..].to_owned(), number("rooms"), number("booked"), number("left"))
    };
    found["hits"].as_array().unwrap().iter().map(night).collect()
}

fn rows(rows: &[(&str, i64, i64, i64)]) -> Vec<(String, i64, i64, i64)> {
    rows.iter().map(|(night, rooms, booked, left)| ((*night).to_owned(), *rooms, *booked, *left)).collect()
}

#[test]
fn a_guest_comes_and_leaves() {
    let staff = Tenant::new().staff();
    open(&staff, STREAM, 1);
    staff.commits(STREAM, "BookRoom", booking("b", "2027-01-01", "2027-01-04"));
    staff.rejected(STREAM, "CheckIn", on("none", "2027-01-01"), "unknown-booking");
    staff.rejected(STREAM, "CheckOut", on("none", "2027-01-01"), "unknown-booking");
    staff.rejected(STREAM, "CheckOut", on("b", "2027-01-01"), "not-checked-in");
    staff.makes(STREAM, "CheckIn", on("b", "2027-01-01"), &["GuestCheckedIn"]);
    staff.makes(STREAM, "CheckIn", on("b", "2027-01-02"), &[]);
    staff.rejected(STREAM, "CancelBooking", cancel("b"), "not-cancellable");
    staff.rejected(STREAM, "MarkNoShow", on("b", "2027-01-02"), "not-confirmed");
    staff.commits(STREAM, "BookRoom", booking("w", "2027-01-03", "2027-01-04"));
    // leaving early frees the nights from then on
    staff.makes(STREAM, "CheckOut", on("b", "2027-01-03"), &["GuestCheckedOut", "WaitingBookingConfirmed"]);
    let last = staff.makes(STREAM, "CheckOut", on("b", "2027-01-03"), &[]);
    staff.rejected(STREAM, "CheckIn", on("b", "2027-01-03"), "not-confirmed");
    staff.rejected(STREAM, "CancelBooking", cancel("b"), "not-cancellable");
    assert_eq!(staff.document("bookings", &last, "b").unwrap()["status"], "checked-out");
    assert_eq!(nights(&staff, &last), rows(&[("01-01", 1, 1, 0), ("01-02", 1, 1, 0), ("01-03", 1, 1, 0)]));
}

#[test]
fn a_guest_who_does_not_show_frees_all_nights() {
    let staff = Tenant::new().staff();
    open(&staff, STREAM, 1);
    staff.commits(STREAM, "BookRoom", booking("b", "2027-01-01", "2027-01-03"));
    staff.commits(STREAM, "BookRoom", booking("w", "2027-01-01", "2027-01-02"));
    staff.rejected(STREAM, "MarkNoShow", on("none", "2027-01-01"), "unknown-booking");
    staff.rejected(STREAM, "MarkNoShow", on("w", "2027-01-01"), "not-confirmed");
    staff.rejected(STREAM, "CheckIn", on("w", "2027-01-01"), "not-confirmed");
    staff.makes(STREAM, "MarkNoShow", on("b", "2027-01-01"), &["GuestNotShown", "WaitingBookingConfirmed"]);
    let last = staff.makes(STREAM, "MarkNoShow", on("b", "2027-01-02"), &[]);
    staff.rejected(STREAM, "CancelBooking", cancel("b"), "not-cancellable");
    staff.rejected(STREAM, "CheckIn", on("b", "2027-01-02"), "not-confirmed");
    assert_eq!(staff.document("bookings", &last, "b").unwrap()["status"], "no-show");
    assert_eq!(nights(&staff, &last), rows(&[("01-01", 1, 1, 0), ("01-02", 1, 0, 1)]));
}

#[test]
fn cancelling_frees_nights_and_twice_changes_nothing() {
    let staff = Tenant::new().staff();
    open(&staff, STREAM, 2);
    staff.commits(STREAM, "BookRoom", booking("b", "2027-01-01", "2027-01-03"));
    staff.rejected(STREAM, "CancelBooking", cancel("none"), "unknown-booking");
    let reason = json!({ "bookingId": "b", "reason": "ill" });
    staff.makes(STREAM, "CancelBooking", reason, &["BookingCancelled"]);
    assert_eq!(staff.history(STREAM)[2]["data"]["reason"], "ill");
    let last = staff.makes(STREAM, "CancelBooking", cancel("b"), &[]);
    assert_eq!(nights(&staff, &last), rows(&[("01-01", 2, 0, 2), ("01-02", 2, 0, 2)]));
    assert_eq!(staff.document("bookings", &last, "b").unwrap()["status"], "cancelled");
    staff.rejected(STREAM, "BookRoom", booking("b", "2027-01-01", "2027-01-03"), "booking-exists");
}

#[test]
fn nights_from_the_clock_on_follow_the_room_count() {
    let staff = Tenant::new().staff();
    open(&staff, STREAM, 2);
    for id in ["b-1", "b-2"] {
        staff.commits(STREAM, "BookRoom", booking(id, "2027-01-01", "2027-01-04"));
    }
    let grown = staff.commits(STREAM, "ChangeRoomCount", json!({ "rooms": 3 }));
    assert_eq!(nights(&staff, &grown), rows(&[("01-01", 3, 2, 1), ("01-02", 3, 2, 1), ("01-03", 3, 2, 1)]));
    staff.commits(STREAM, "CheckIn", on("b-1", "2027-01-02"));
    let again = staff.commits(STREAM, "ChangeRoomCount", json!({ "rooms": 5 }));
    assert_eq!(nights(&staff, &again), rows(&[("01-01", 3, 2, 1), ("01-02", 5, 2, 3), ("01-03", 5, 2, 3)]));
}

#[test]
fn what_is_long_past_is_forgotten_and_its_id_may_be_used_again() {
    let staff = Tenant::new().staff();
    open(&staff, STREAM, 1);
    staff.commits(STREAM, "BookRoom", booking("old", "2027-01-01", "2027-01-02"));
    staff.commits(STREAM, "BookRoom", booking("late", "2027-01-01", "2027-01-02"));
    staff.commits(STREAM, "BookRoom", booking("b", "2027-02-01", "2027-02-02"));
    // exactly 30 days are not more than 30 days
    staff.commits(STREAM, "CheckIn", on("b", "2027-02-01"));
    staff.rejected(STREAM, "BookRoom", booking("old", "2027-03-01", "2027-03-02"), "booking-exists");
    // an already-so command moves no clock
    staff.makes(STREAM, "CheckIn", on("b", "2027-06-01"), &[]);
    staff.rejected(STREAM, "BookRoom", booking("old", "2027-03-01", "2027-03-02"), "booking-exists");
    staff.commits(STREAM, "CheckOut", on("b", "2027-02-02"));
    staff.rejected(STREAM, "CancelBooking", cancel("old"), "unknown-booking");
    staff.rejected(STREAM, "CheckIn", on("late", "2027-02-03"), "unknown-booking");
    let again = staff.makes(STREAM, "BookRoom", booking("old", "2027-03-01", "2027-03-03"), &["RoomBooked"]);
    let doc = staff.document("bookings", &again, "old").unwrap();
    assert_eq!(
        (&doc["arrival"], &doc["status"], &doc["nights"]),
        (&json!("2027-03-01"), &json!("confirmed"), &json!(2))
    );
    // who waited leaves the waiting list too
    staff.makes(STREAM, "BookRoom", booking("w", "2027-03-01", "2027-03-02"), &["BookingWaitListed"]);
    assert_eq!(staff.history(STREAM).last().unwrap()["data"]["position"], 1);
    // its nights stay counted
    let counted = nights(&staff, &again);
    assert_eq!(counted[0], ("01-01".to_owned(), 1, 1, 0));
}

#[test]
fn no_rule_relates_a_day_to_the_stay() {
    let staff = Tenant::new().staff();
    open(&staff, STREAM, 1);
    staff.commits(STREAM, "BookRoom", booking("b", "2027-01-10", "2027-01-12"));
    staff.makes(STREAM, "CheckIn", on("b", "2026-12-01"), &["GuestCheckedIn"]);
    staff.makes(STREAM, "CheckOut", on("b", "2026-12-02"), &["GuestCheckedOut"]);
    let last = staff.makes(STREAM, "BookRoom", booking("c", "2027-01-10", "2027-01-12"), &["RoomBooked"]);
    assert_eq!(nights(&staff, &last), rows(&[("01-10", 1, 1, 0), ("01-11", 1, 1, 0)]));
}

#[test]
fn a_booking_document_tells_all_of_it() {
    let tenant = Tenant::new();
    let (staff, guest) = (tenant.staff(), tenant.guest("gil"));
    open(&staff, STREAM, 1);
    let mut data = booking("b-1", "2026-12-30", "2027-01-02");
    data["notes"] = json!("a cot, please");
    data["party"]["children"] = json!(1);
    let booked = guest.commits(STREAM, "BookRoom", data);
    let mut doc = guest.document("bookings", &booked, "b-1").unwrap();
    let time = staff.history(STREAM)[1]["time"].clone();
    assert_eq!((&doc["createdAt"], &doc["updatedAt"]), (&time, &time));
    for name in ["createdAt", "updatedAt"] {
        doc.as_object_mut().unwrap().remove(name);
    }
    let wanted = json!({
        "hotel": "resort", "roomType": "A", "guestName": "Guest b-1", "arrival": "2026-12-30",
        "departure": "2027-01-02", "nights": 3, "adults": 2, "children": 1, "status": "confirmed",
        "notes": "a cot, please", "bookedBy": "gil", "stream": STREAM,
    });
    assert_eq!(doc, wanted);
    // what is absent is left out; what waits is waiting; what changes is updated
    let waiting = staff.commits(STREAM, "BookRoom", booking("b-2", "2026-12-31", "2027-01-01"));
    let doc = staff.document("bookings", &waiting, "b-2").unwrap();
    assert!(doc.get("notes").is_none(), "{doc}");
    assert_eq!(doc["status"], "waiting");
    let cancelled = staff.commits(STREAM, "CancelBooking", cancel("b-1"));
    let doc = staff.document("bookings", &cancelled, "b-2").unwrap();
    assert_eq!(doc["status"], "confirmed");
    assert!(doc["updatedAt"].as_str() > doc["createdAt"].as_str(), "{doc}");
    let night = staff.document("availability", &cancelled, "resort:A:2026-12-31").unwrap();
    assert_eq!((&night["night"], &night["booked"], &night["left"]), (&json!("2026-12-31"), &json!(1), &json!(0)));
    assert_eq!(
        (&night["hotel"], &night["roomType"], &night["stream"]),
        (&json!("resort"), &json!("A"), &json!(STREAM))
    );
}
