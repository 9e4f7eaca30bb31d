//! Guests see and change only what is theirs; nothing tells them of the rest.

use serde_json::{Value, json};

use crate::support::{Actor, Table, Tenant, booking, command, encode, ensure, ids, open};

const STREAM: &str = "room-type/h:A";

/// Three bookings of Gil, two of Hal, one of the staff; and the last status.
fn hotel() -> (Tenant, Value) {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    open(&staff, STREAM, 10);
    let (gil, hal) = (tenant.guest("gil"), tenant.guest("hal"));
    let mut shown = Value::Null;
    for (actor, id, adults) in
        [(&gil, "g-1", 1), (&hal, "h-1", 2), (&gil, "g-2", 1), (&staff, "s-1", 3), (&hal, "h-2", 4), (&gil, "g-3", 2)]
    {
        let mut data = booking(id, "2027-01-01", "2027-01-02");
        data["party"]["adults"] = json!(adults);
        data["notes"] = json!("secret wish");
        shown = actor.commits(STREAM, "BookRoom", data);
    }
    (tenant, shown)
}

#[test]
fn searches_show_a_guest_their_own_rows_only() {
    let (tenant, shown) = hotel();
    let gil = tenant.guest("gil");
    let mine = ["g-1", "g-2", "g-3"];
    let mut table = Table::default();
    for query in [
        "",
        "q=secret",
        "q=guest",
        "hotel=h",
        "adults.gte=0",
        "bookedBy=gil",
        "bookedBy.ne=hal",
        "bookedBy.in=gil,hal,sam",
        "stream=room-type%2Fh%3AA",
        "sort=-id",
        "limit=200",
    ] {
        let found = gil.find("bookings", &shown, query);
        let mut got = ids(&found);
        got.sort();
        table.row(query, ensure(got == mine && found["total"] == 3, &found));
    }
    for query in ["bookedBy=hal", "bookedBy.ne=gil", "bookedBy.prefix=h", "q=h", "adults=4", "guestName=Guest%20h-1"] {
        let found = gil.find("bookings", &shown, query);
        table.row(query, ensure(found["total"] == 0 && found["hits"] == json!([]), &found));
    }
    for condition in [
        json!({ "or": [{ "field": "bookedBy", "eq": "hal" }, { "and": [] }] }),
        json!({ "not": { "field": "bookedBy", "eq": "hal" } }),
        json!({ "not": { "or": [] } }),
    ] {
        let found = gil.search("bookings", &shown, &json!({ "where": condition }));
        table.row(&condition, ensure(found["total"] == 3, &found));
    }
    let found = gil.search("bookings", &shown, &json!({ "where": { "not": { "field": "bookedBy", "eq": "gil" } } }));
    table.row("not mine", ensure(found["total"] == 0, &found));
    table.end();
}

#[test]
fn aggregations_and_facets_tell_nothing_of_others() {
    let (tenant, shown) = hotel();
    let gil = tenant.guest("gil");
    let found = gil.find("bookings", &shown, "facets=bookedBy,adults,guestName&limit=0");
    assert_eq!(found["aggregations"]["bookedBy"], json!([{ "key": "gil", "count": 3 }]));
    assert_eq!(found["aggregations"]["adults"], json!([{ "key": 1, "count": 2 }, { "key": 2, "count": 1 }]));
    assert_eq!(found["aggregations"]["guestName"].as_array().unwrap().len(), 3);
    let query =
        json!({ "aggregate": { "sum": { "sum": "adults" }, "max": { "max": "adults" }, "n": { "count": "id" } } });
    gil.post("/views/bookings/search", &query).problem(400, "invalid");
    let query = json!({ "aggregate": { "sum": { "sum": "adults" }, "max": { "max": "adults" }, "n": { "count": "adults" },
        "byDay": { "dateHistogram": { "field": "arrival", "interval": "day" }, "aggregate": { "by": { "terms": { "field": "bookedBy" } } } } } });
    let found = gil.search("bookings", &shown, &query);
    let wanted = json!({ "sum": 4, "max": 2, "n": 3,
        "byDay": [{ "key": "2027-01-01", "count": 3, "by": [{ "key": "gil", "count": 3 }] }] });
    assert_eq!(found["aggregations"], wanted);
}

#[test]
fn pages_of_a_guest_are_their_own() {
    let (tenant, shown) = hotel();
    let (gil, hal) = (tenant.guest("gil"), tenant.guest("hal"));
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = gil.find("bookings", &shown, &format!("limit=1{cursor}"));
        walked.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", encode(next));
        for other in [&hal, &tenant.staff()] {
            other.get(format!("/views/bookings?limit=1{cursor}")).invalid(&["/cursor mismatch"]);
        }
    }
    assert_eq!(walked, ["g-1", "g-2", "g-3"]);
}

#[test]
fn a_document_of_another_is_as_if_it_did_not_exist() {
    let (tenant, shown) = hotel();
    let gil = tenant.guest("gil");
    assert_eq!(gil.document("bookings", &shown, "g-1").unwrap()["bookedBy"], "gil");
    let others = gil.get("/views/bookings/h-1").problem(404, "not-found");
    let none = gil.get("/views/bookings/x-1").problem(404, "not-found");
    assert_eq!(others.to_string().replace("h-1", "x-1"), none.to_string());
    let tagged = crate::support::Ask::get("/views/bookings/h-1").by(&gil).header("if-none-match", "*").send();
    tagged.problem(404, "not-found");
}

/// The verdict on a command, but for what names it.
fn verdict(actor: &Actor, kind: &str, data: Value) -> Value {
    let status = actor.submit(STREAM, kind, data);
    json!([status["status"], status["refusal"], status["version"], status["events"], status["rejection"]])
}

#[test]
fn a_guest_changes_and_cancels_only_what_they_booked() {
    let (tenant, _) = hotel();
    let gil = tenant.guest("gil");
    for (kind, data) in [
        ("ChangeBooking", json!({ "bookingId": "?", "arrival": "2027-03-01", "departure": "2027-03-02" })),
        ("CancelBooking", json!({ "bookingId": "?" })),
    ] {
        let of = |id: &str| {
            let mut data = data.clone();
            data["bookingId"] = json!(id);
            data
        };
        let others = verdict(&gil, kind, of("h-1"));
        assert_eq!((&others[0], &others[1]["code"]), (&json!("refused"), &json!("forbidden")));
        // another's, the staff's, and none at all are alike
        assert_eq!(others, verdict(&gil, kind, of("s-1")));
        assert_eq!(others, verdict(&gil, kind, of("none")));
        gil.commits(STREAM, kind, of("g-1"));
        tenant.staff().commits(STREAM, kind, of("h-2"));
    }
    // also on a room type that is not open
    gil.refused("room-type/h:Z", "CancelBooking", json!({ "bookingId": "x" }), "forbidden");
    // a guest who is staff too may do all of it
    tenant.actor("gil", &["guest", "staff"]).commits(STREAM, "CancelBooking", json!({ "bookingId": "h-1" }));
}

#[test]
fn what_guests_may_not_ask_at_all_is_refused_at_the_door() {
    let tenant = Tenant::new();
    let on = json!({ "bookingId": "b", "on": "2027-01-01" });
    let mut table = Table::default();
    for role in ["guest", "member", "customer", "moderator", "device", "workflow", "operator"] {
        let actor = tenant.actor("x", &[role]);
        for (kind, data) in [
            ("OpenRoomType", json!({ "hotel": "h", "name": "A", "rooms": 1 })),
            ("ChangeRoomCount", json!({ "rooms": 1 })),
            ("CheckIn", on.clone()),
            ("CheckOut", on.clone()),
            ("MarkNoShow", on.clone()),
            ("BookRoom", booking("b", "2027-01-01", "2027-01-02")),
        ] {
            if role == "guest" && kind == "BookRoom" {
                continue;
            }
            for path in ["/commands", "/commands/check"] {
                let answer = actor.post(path, &command(STREAM, kind, data.clone()));
                table.row(format!("{role} {kind} {path}"), answer.check_problem(403, "forbidden"));
            }
        }
    }
    table.end();
}

#[test]
fn guests_read_no_streams_and_no_reports() {
    let (tenant, shown) = hotel();
    let gil = tenant.guest("gil");
    let mut table = Table::default();
    for path in [
        "/streams/room-type/h:A",
        "/streams/room-type/h:A/state",
        "/streams/room-type/h:A/state?version=1",
        "/streams/room-type/none:A",
        "/reports/occupancy?hotel=h&from=2027-01-01&to=2027-02-01",
        "/views/comments",
    ] {
        table.row(path, gil.get(path).check_problem(403, "forbidden"));
    }
    table.row("verify", gil.post("/verify", &json!({})).check_problem(403, "forbidden"));
    table.end();
    assert_eq!(gil.find("availability", &shown, "")["hits"][0]["doc"]["booked"], 6);
}

#[test]
fn roles_add_up() {
    let (tenant, shown) = hotel();
    let total = |roles: &[&str]| tenant.actor("gil", roles).find("bookings", &shown, "")["total"].clone();
    assert_eq!(total(&["guest"]), 3);
    assert_eq!(total(&["guest", "member"]), 3);
    assert_eq!(total(&["guest", "staff"]), 6);
    assert_eq!(total(&["guest", "operator"]), 6);
}
