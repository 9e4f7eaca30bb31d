//! The hotel: data that is not as its commands declare.

use serde_json::{Value, json};

use crate::support::{Table, Tenant, booking, command, dates, id_of, on};

#[test]
fn data_that_is_not_as_declared_is_invalid() {
    let (staff, stream) = (Tenant::new().staff(), "room-type/resort:A");
    let book = |change: Value| {
        let mut data = booking("b", "2027-01-01", "2027-01-02");
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                data.as_object_mut().unwrap().remove(name);
            } else {
                data[name] = value.clone();
            }
        }
        data
    };
    let rooms = |rooms: Value| json!({ "hotel": "resort", "name": "A", "rooms": rooms });
    let long = "x".repeat(2_001);
    let rows: Vec<(&str, Value, &[&str])> = vec![
        ("OpenRoomType", json!({}), &["/data/hotel required", "/data/name required", "/data/rooms required"]),
        ("OpenRoomType", rooms(json!(0)), &["/data/rooms out-of-range"]),
        ("OpenRoomType", rooms(json!(-1)), &["/data/rooms out-of-range"]),
        ("OpenRoomType", rooms(json!(10_001)), &["/data/rooms out-of-range"]),
        ("OpenRoomType", rooms(json!(1.5)), &["/data/rooms wrong-type"]),
        ("OpenRoomType", rooms(json!("1")), &["/data/rooms wrong-type"]),
        ("OpenRoomType", json!({ "hotel": "other", "name": "A", "rooms": 1 }), &["/data/hotel mismatch"]),
        ("OpenRoomType", json!({ "hotel": "resort", "name": "", "rooms": 1 }), &["/data/name too-short"]),
        ("OpenRoomType", json!({ "hotel": "resort", "name": "x".repeat(201), "rooms": 1 }), &["/data/name too-long"]),
        ("OpenRoomType", json!({ "hotel": "resort", "name": "A", "rooms": 1, "rate": 80 }), &["/data/rate wrong-type"]),
        (
            "OpenRoomType",
            json!({ "hotel": "resort", "name": "A", "rooms": 1, "rate": { "amount": 1.5, "currency": "EUR" } }),
            &["/data/rate/amount wrong-type"],
        ),
        (
            "OpenRoomType",
            json!({ "hotel": "resort", "name": "A", "rooms": 1, "rate": { "amount": 1, "x": 1 } }),
            &["/data/rate/currency required", "/data/rate/x unknown-field"],
        ),
        ("ChangeRoomCount", json!({ "rooms": 0 }), &["/data/rooms out-of-range"]),
        ("ChangeRoomCount", json!({ "rooms": 10_001 }), &["/data/rooms out-of-range"]),
        ("ChangeRoomCount", json!({}), &["/data/rooms required"]),
        ("BookRoom", book(json!({ "bookingId": null })), &["/data/bookingId required"]),
        ("BookRoom", book(json!({ "bookingId": "a b" })), &["/data/bookingId bad-format"]),
        ("BookRoom", book(json!({ "bookingId": ".." })), &["/data/bookingId bad-format"]),
        ("BookRoom", book(json!({ "bookingId": "x".repeat(65) })), &["/data/bookingId too-long"]),
        ("BookRoom", book(json!({ "guest": {} })), &["/data/guest/name required"]),
        ("BookRoom", book(json!({ "guest": { "name": "" } })), &["/data/guest/name too-short"]),
        ("BookRoom", book(json!({ "guest": { "name": "x".repeat(201) } })), &["/data/guest/name too-long"]),
        ("BookRoom", book(json!({ "guest": { "name": "A", "email": "no" } })), &["/data/guest/email bad-format"]),
        ("BookRoom", book(json!({ "guest": { "name": "A", "phone": "1" } })), &["/data/guest/phone unknown-field"]),
        ("BookRoom", book(json!({ "party": { "adults": 0, "children": 0 } })), &["/data/party/adults out-of-range"]),
        ("BookRoom", book(json!({ "party": { "adults": 1, "children": -1 } })), &["/data/party/children out-of-range"]),
        ("BookRoom", book(json!({ "party": { "adults": 1 } })), &["/data/party/children required"]),
        ("BookRoom", book(json!({ "arrival": "2027-02-30" })), &["/data/arrival bad-format"]),
        ("BookRoom", book(json!({ "arrival": "2027-1-1" })), &["/data/arrival bad-format"]),
        ("BookRoom", book(json!({ "arrival": "2027-01-01T00:00:00Z" })), &["/data/arrival bad-format"]),
        ("BookRoom", book(json!({ "arrival": 20_270_101 })), &["/data/arrival wrong-type"]),
        ("BookRoom", book(json!({ "departure": "2027-01-01" })), &["/data/departure out-of-range"]),
        ("BookRoom", book(json!({ "departure": "2026-12-31" })), &["/data/departure out-of-range"]),
        ("BookRoom", book(json!({ "departure": "2027-04-02" })), &["/data/departure out-of-range"]),
        ("BookRoom", book(json!({ "waitList": "yes" })), &["/data/waitList wrong-type"]),
        ("BookRoom", book(json!({ "notes": "" })), &["/data/notes too-short"]),
        ("BookRoom", book(json!({ "notes": long })), &["/data/notes too-long"]),
        (
            "BookRoom",
            book(
                json!({ "departure": "2026-01-01", "party": { "adults": 0, "children": 0 }, "guest": { "name": "" }, "x": 1 }),
            ),
            &[
                "/data/departure out-of-range",
                "/data/guest/name too-short",
                "/data/party/adults out-of-range",
                "/data/x unknown-field",
            ],
        ),
        ("ChangeBooking", id_of("b"), &["/data/arrival required", "/data/departure required"]),
        ("ChangeBooking", dates("b", "2027-01-01", "2027-04-02"), &["/data/departure out-of-range"]),
        ("CancelBooking", json!({ "bookingId": "b", "reason": long }), &["/data/reason too-long"]),
        ("CancelBooking", json!({}), &["/data/bookingId required"]),
        ("CheckIn", id_of("b"), &["/data/on required"]),
        ("CheckOut", on("b", "soon"), &["/data/on bad-format"]),
        ("MarkNoShow", json!({ "on": "2027-01-01", "bookingId": 7 }), &["/data/bookingId wrong-type"]),
    ];
    let mut table = Table::default();
    for (kind, data, violations) in rows {
        let answer = staff.post("/commands/check", &command(stream, kind, data.clone()));
        table.row(
            format!("{kind} {}", data.to_string().chars().take(120).collect::<String>()),
            answer.check_invalid(violations),
        );
    }
    // a stream that is no hotel and code
    for stream in ["room-type/resort", "room-type/:A", "room-type/resort:"] {
        let answer = staff.post("/commands/check", &command(stream, "ChangeRoomCount", json!({ "rooms": 1 })));
        table.row(stream, answer.check_problem(400, "invalid"));
    }
    table.end();
    let good = command(stream, "BookRoom", book(json!({ "departure": "2027-04-01", "notes": "x".repeat(2_000) })));
    staff.post("/commands/check", &good).is(200);
}
