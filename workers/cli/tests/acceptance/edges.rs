//! Times and dates that only look like some, ids that two streams share, extremes.

use serde_json::{Value, json};

use crate::support::{Ask, Table, Tenant, booking, bookings, command, comment, encode, ensure, id, ids, open};

/// Texts that some parsers take for times, and RFC 3339 does not.
const NO_TIMES: [&str; 12] = [
    "20261121T080000Z",
    "2026-11-21T08Z",
    "2026-11-21T08:00Z",
    "2026-11-21T080000Z",
    "2026-11-21T08:00:00",
    "2026-11-21T08:00:00Z[UTC]",
    "2026-11-21T08:00:00+01",
    "2026-11-21T08:00:00+0100",
    "2026-W47-6T08:00:00Z",
    "+002026-11-21T08:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T08:00:00,5Z",
];

#[test]
fn times_are_those_of_rfc_3339() {
    let member = Tenant::new().member("alice");
    let staff = &bookings().staff;
    let mut table = Table::default();
    for text in NO_TIMES {
        let mut one = command("comment/e-1", "CreateComment", comment("a"));
        one["issuedAt"] = json!(text);
        table.row(text, member.post("/commands/check", &one).check_invalid(&["/issuedAt bad-format"]));
        let answer = staff.get(format!("/views/bookings?createdAt.gte={}", encode(text)));
        table.row(text, answer.check_invalid(&["/createdAt.gte bad-format"]));
        let query = json!({ "where": { "field": "createdAt", "lt": text } });
        table.row(text, staff.post("/views/bookings/search", &query).check_invalid(&["/where/lt bad-format"]));
        let answer = staff.get(format!("/streams/room-type/resort:A/state?at={}", encode(text)));
        table.row(text, answer.check_invalid(&["/at bad-format"]));
    }
    for text in
        ["2026-11-21T08:00:00Z", "2026-11-21T08:00:00.123456789Z", "2026-11-21T09:30:00+01:30", "2026-11-21t08:00:00z"]
    {
        let answer = staff.get(format!("/views/bookings?createdAt.lt={}", encode(text)));
        table.row(text, ensure(answer.status == 200, &answer));
    }
    table.end();
}

#[test]
fn dates_are_days_of_the_calendar() {
    let staff = &bookings().staff;
    let mut table = Table::default();
    for text in [
        "20270101",
        "2027-W01-1",
        "2027-001",
        "2027-1-01",
        "+02027-01-01",
        "-002027-01",
        "2027-01-32",
        "2027-02-29",
        "2027-01",
        "2027-01-01 ",
    ] {
        let answer = staff.get(format!("/views/bookings?arrival={}", encode(text)));
        table.row(text, answer.check_invalid(&["/arrival bad-format"]));
        let query = json!({ "where": { "field": "arrival", "in": [text] } });
        table.row(text, staff.post("/views/bookings/search", &query).check_invalid(&["/where/in/0 bad-format"]));
        let mut data = booking("b", "2027-01-01", "2027-01-02");
        data["departure"] = json!(text);
        let answer = staff.post("/commands/check", &command("room-type/resort:A", "BookRoom", data));
        table.row(text, answer.check_invalid(&["/data/departure bad-format"]));
        let answer = staff.get(format!("/reports/occupancy?hotel=h&to=2027-01-01&from={}", encode(text)));
        table.row(text, answer.check_invalid(&["/from bad-format"]));
    }
    table.end();
}

#[test]
fn two_streams_may_use_one_document_id() {
    let tenant = Tenant::new();
    let (staff, gil, hal) = (tenant.staff(), tenant.guest("gil"), tenant.guest("hal"));
    for code in ["A", "B"] {
        open(&staff, &format!("room-type/h:{code}"), 5);
    }
    let mine = gil.commits("room-type/h:A", "BookRoom", booking("same", "2027-01-01", "2027-01-02"));
    let theirs = hal.commits("room-type/h:B", "BookRoom", booking("same", "2027-02-01", "2027-02-03"));
    for status in [&mine, &theirs] {
        staff.find("bookings", status, "");
    }
    // each sees their own
    assert_eq!(gil.document("bookings", &mine, "same").unwrap()["bookedBy"], "gil");
    assert_eq!(hal.document("bookings", &theirs, "same").unwrap()["bookedBy"], "hal");
    // the streams break the tie, and pages go over it
    let all = staff.find("bookings", &theirs, "sort=id");
    assert_eq!((&all["total"], ids(&all)), (&json!(2), vec!["same".to_owned(); 2]));
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = staff.find("bookings", &theirs, &format!("limit=1{cursor}"));
        walked.extend(page["hits"].as_array().unwrap().iter().map(|hit| hit["doc"]["stream"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", encode(next));
    }
    assert_eq!(walked, ["room-type/h:A", "room-type/h:B"]);
    // a change of one is none of the other
    let gone = gil.commits("room-type/h:A", "CancelBooking", json!({ "bookingId": "same" }));
    assert_eq!(gil.document("bookings", &gone, "same").unwrap()["status"], "cancelled");
    assert_eq!(hal.document("bookings", &theirs, "same").unwrap()["status"], "confirmed");
}

#[test]
fn extremes_are_no_failures() {
    let staff = Tenant::new().staff();
    let longest = format!("room-type/{}:A", "h".repeat(62));
    let status = staff.commits(
        &longest,
        "OpenRoomType",
        json!({ "hotel": "h".repeat(62), "name": "n".repeat(200), "rooms": 10_000,
        "rate": { "amount": 9_007_199_254_740_992_u64, "currency": "EUR" } }),
    );
    assert_eq!(status["version"], 1);
    let mut last = Value::Null;
    for (id, arrival, departure) in [
        ("first", "0001-01-01", "0001-01-02"),
        ("last", "9999-12-30", "9999-12-31"),
        ("long", "2027-01-01", "2027-04-01"),
    ] {
        let mut data = booking(id, arrival, departure);
        data["party"] = json!({ "adults": 9_007_199_254_740_992_u64, "children": 9_007_199_254_740_992_u64 });
        last = staff.commits(&longest, "BookRoom", data);
    }
    let found = staff.find("bookings", &last, "sort=arrival");
    assert_eq!(ids(&found), ["first", "long", "last"]);
    assert_eq!(found["hits"][0]["doc"]["adults"], json!(9_007_199_254_740_992_u64));
    let found = staff.find(
        "bookings",
        &last,
        "adults=9007199254740992&facets=arrival&arrival.gte=0001-01-01&arrival.lte=9999-12-31",
    );
    assert_eq!(found["total"], 3);
    let histogram = json!({ "aggregate": { "x": { "dateHistogram": { "field": "arrival", "interval": "year" } } } });
    let found = staff.search("bookings", &last, &histogram);
    let keys: Vec<_> =
        found["aggregations"]["x"].as_array().unwrap().iter().map(|bucket| bucket["key"].clone()).collect();
    assert_eq!(keys, ["0001-01-01", "2027-01-01", "9999-01-01"]);
    staff.commits(&longest, "CheckIn", json!({ "bookingId": "first", "on": "0001-01-01" }));
    staff.commits(&longest, "CheckIn", json!({ "bookingId": "last", "on": "9999-12-31" }));
    staff.rejected(&longest, "CheckIn", json!({ "bookingId": "long", "on": "2027-01-01" }), "unknown-booking");
    // the longest id of a command, and one of every character
    for id in ["x".repeat(64), "aZ09._:-".to_owned(), "...".to_owned()] {
        let mut one = command("comment/.x", "CreateComment", comment("a"));
        one["id"] = json!(id);
        one["stream"] = json!(format!("comment/{}", crate::support::id()));
        one["issuedAt"] = json!(jiff::Timestamp::now());
        Tenant::new().member("alice").settle(&one);
    }
}

#[test]
fn a_refused_id_is_free_for_other_content() {
    let tenant = Tenant::new();
    let (alice, bob) = (tenant.member("alice"), tenant.member("bob"));
    alice.commits("comment/f", "CreateComment", comment("a"));
    let mut one = command("comment/f", "EditComment", json!({ "text": "b" }));
    assert_eq!(bob.settle(&one)["status"], "refused");
    one["data"]["text"] = json!("c");
    assert_eq!(alice.settle(&one)["status"], "committed");
    one["data"]["text"] = json!("d");
    alice.settled(&one).problem(409, "id-reused");
}

#[test]
fn a_guest_learns_that_a_room_type_is_not_open() {
    let tenant = Tenant::new();
    tenant.guest("gil").rejected("room-type/h:Z", "BookRoom", booking("b", "2027-01-01", "2027-01-02"), "not-open");
}

#[test]
fn connections_go_on_after_a_refusal() {
    let tenant = Tenant::new();
    let member = tenant.member("alice");
    let padding = " ".repeat(300_000);
    for _ in 0..10 {
        Ask::post("/commands").bearer("none").body(padding.clone()).send().problem(401, "unauthenticated");
        Ask::post("/nothing").by(&member).body(padding.clone()).send().problem(404, "not-found");
        Ask::post("/views").by(&member).body(padding.clone()).send().problem(405, "method-not-allowed");
        Ask::post("/commands")
            .by(&member)
            .typed("text/plain", padding.clone())
            .send()
            .problem(415, "unsupported-media-type");
        member.get("/views").is(200);
    }
}

#[test]
fn a_head_is_a_get_without_its_body() {
    let member = Tenant::new().member("alice");
    let answer = Ask::new("HEAD", "/views").by(&member).send();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[test]
fn an_id_tells_nothing_about_its_command_elsewhere() {
    // the status of a command that only the door saw is the sender's, and waits for nobody
    let tenant = Tenant::new();
    let unsent = id();
    tenant.member("alice").get(format!("/commands/{unsent}?wait=0")).problem(404, "unknown-command");
    tenant.member("alice").get(format!("/commands/{unsent}?received=soon")).invalid(&["/received bad-format"]);
}
