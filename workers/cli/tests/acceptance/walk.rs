//! The walk that a newcomer takes: from a booking to every place where it can be seen.

use serde_json::json;

use crate::support::{Ask, Tenant, after, booking, command, encode, open, params};

const STREAM: &str = "room-type/resort:A";

#[test]
fn from_the_last_room_to_a_promotion() {
    let tenant = Tenant::new();
    let (staff, ann, bea) = (tenant.staff(), tenant.guest("ann"), tenant.guest("bea"));
    open(&staff, STREAM, 1);

    // the last room goes to Ann
    let mut data = booking("b-ann", "2026-12-30", "2027-01-02");
    data["guest"]["name"] = json!("Ann Müller");
    data["notes"] = json!("Loves <b>sunsets</b> over the sea");
    let one = command(STREAM, "BookRoom", data);
    let accepted = ann.post("/commands", &one);
    accepted.is(202);
    ann.outcome(&one);
    let location = accepted.header("location").unwrap();
    let booked = ann.get(format!("{location}{}wait=25", if location.contains('?') { '&' } else { '?' })).is(200);
    assert_eq!((&booked["status"], &booked["version"]), (&json!("committed"), &json!(2)));

    // found by text, by dates, by facet
    let found = ann.find("bookings", &booked, &params(&[("q", "muller sunset"), ("highlight", "true")]));
    assert_eq!(found["total"], 1, "{found}");
    let hit = &found["hits"][0];
    assert_eq!((&hit["id"], &hit["version"], &hit["doc"]["status"]), (&json!("b-ann"), &json!(2), &json!("confirmed")));
    assert!(hit["score"].is_number(), "{hit}");
    assert_eq!(hit["highlight"]["notes"], "Loves &lt;b&gt;<em>sunsets</em>&lt;/b&gt; over the sea");
    assert_eq!(hit["highlight"]["guestName"], "Ann <em>Müller</em>");
    let dates = params(&[("arrival.gte", "2026-12-01"), ("arrival.lt", "2027-01-01"), ("facets", "status,roomType")]);
    let found = ann.find("bookings", &booked, &dates);
    assert_eq!(found["hits"][0]["id"], "b-ann");
    assert_eq!(found["aggregations"]["status"], json!([{ "key": "confirmed", "count": 1 }]));
    assert_eq!(found["aggregations"]["roomType"], json!([{ "key": "A", "count": 1 }]));
    assert!(found["tookMs"].is_u64() && found["next"].is_null(), "{found}");

    // no room is left, as everybody may know
    let left = bea.find("availability", &booked, &params(&[("hotel", "resort"), ("left.lte", "0"), ("sort", "night")]));
    assert_eq!(left["total"], 3, "{left}");

    // Bea waits
    let waits = bea.submit(STREAM, "BookRoom", booking("b-bea", "2027-01-01", "2027-01-02"));
    assert_eq!(waits["events"], json!([{ "type": "BookingWaitListed", "version": 3 }]));
    assert_eq!(bea.document("bookings", &waits, "b-bea").unwrap()["status"], "waiting");
    bea.refused(STREAM, "CancelBooking", json!({ "bookingId": "b-ann" }), "forbidden");

    // Ann cancels, Bea has the room
    let cancelled = ann.submit(STREAM, "CancelBooking", json!({ "bookingId": "b-ann" }));
    let kinds: Vec<_> = cancelled["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["BookingCancelled", "WaitingBookingConfirmed"]);
    let found = bea.find("bookings", &cancelled, "facets=status");
    assert_eq!((&found["total"], &found["hits"][0]["doc"]["status"]), (&json!(1), &json!("confirmed")));
    assert_eq!(found["aggregations"]["status"], json!([{ "key": "confirmed", "count": 1 }]));

    // the history, and the state as it was
    let history = staff.get(format!("/streams/{STREAM}?from=2")).is(200);
    assert_eq!((&history["version"], &history["next"]), (&json!(5), &json!(null)));
    let kinds: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["RoomBooked", "BookingWaitListed", "BookingCancelled", "WaitingBookingConfirmed"]);
    let then = staff.get(format!("/streams/{STREAM}/state?version=3")).is(200);
    assert_eq!((&then["version"], &then["stream"]), (&json!(3), &json!(STREAM)));
    assert_eq!(then["at"], history["events"][1]["time"]);
    let text = then["state"].to_string();
    assert!(text.contains("waiting") && text.contains("confirmed") && !text.contains("cancelled"), "{text}");
    let at = encode(history["events"][0]["time"].as_str().unwrap());
    let then = staff.get(format!("/streams/{STREAM}/state?at={at}")).is(200);
    assert_eq!(then["version"], 2);

    // the report of nights by month, over the year's end
    let period = params(&[("hotel", "resort"), ("from", "2026-12-01"), ("to", "2027-02-01")]);
    let report = staff.get(format!("/reports/occupancy?{}&{period}", after(&cancelled))).is(200);
    let months = json!([
        { "key": "2026-12-01", "count": 2, "byRoomType": [{ "key": "A", "count": 2, "nights": 0 }] },
        { "key": "2027-01-01", "count": 1, "byRoomType": [{ "key": "A", "count": 1, "nights": 1 }] },
    ]);
    assert_eq!(report["aggregations"]["byMonth"], months);
}

#[test]
fn a_version_that_is_not_there_is_not_shown() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    open(&staff, STREAM, 1);
    for path in [
        "/views/bookings?after=room-type/resort:A@2&wait=0",
        "/views/bookings/b?after=room-type/resort:A@2&wait=0",
        "/views/availability?after=room-type/none:A@1&wait=0",
        "/reports/occupancy?hotel=resort&from=2027-01-01&to=2027-01-02&after=room-type/resort:A@2&wait=0",
        "/views/comments?after=comment/none@1&wait=0",
    ] {
        staff.get(path).problem(503, "not-yet-projected");
    }
    let ask = Ask::post("/views/bookings/search?after=room-type/resort:A@2&wait=1").by(&staff).json(&json!({}));
    ask.send().problem(503, "not-yet-projected");
    // a version that comes while it is waited for is shown
    let path = "/views/bookings?after=room-type/resort:A@2&wait=25";
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| staff.get(path));
        staff.commits(STREAM, "BookRoom", booking("b", "2027-01-01", "2027-01-02"));
        assert_eq!(reader.join().unwrap().is(200)["total"], 1);
    });
}
