//! Another tenant's commands, documents and streams are as if they did not exist.

use serde_json::{Value, json};

use crate::support::{Table, Tenant, booking, command, encode, ensure, open};

const STREAM: &str = "room-type/h:A";

fn everything(tenant: &Tenant) -> crate::support::Actor {
    tenant.actor("root", &["staff", "guest", "customer", "member", "moderator", "device", "workflow", "operator"])
}

#[test]
fn nothing_of_another_tenant_can_be_read() {
    let (mine, other) = (everything(&Tenant::new()), everything(&Tenant::new()));
    open(&mine, STREAM, 1);
    let booked = mine.commits(STREAM, "BookRoom", booking("b", "2027-01-01", "2027-01-02"));
    mine.find("bookings", &booked, "");
    let mut table = Table::default();
    let command = format!("/commands/{}", booked["id"].as_str().unwrap());
    for (path, code) in [
        (command.as_str(), "unknown-command"),
        ("/views/bookings/b", "not-found"),
        ("/views/availability/h:A:2027-01-01", "not-found"),
        ("/streams/room-type/h:A", "not-found"),
        ("/streams/room-type/h:A/state", "not-found"),
        ("/streams/room-type/h:A/state?version=1", "not-found"),
    ] {
        let theirs = other.get(path).check_problem(404, code);
        // just as what nobody has
        let never = path.replace("h:A", "x:A").replace("/b", "/never").replace(booked["id"].as_str().unwrap(), "never");
        let never = if path == "/views/bookings/b" { "/views/bookings/never".to_owned() } else { never };
        table.row(path, other.get(&never).check_problem(404, code));
        table.row(path, theirs);
        table.row(path, ensure(mine.get(path).status == 200, path));
    }
    for path in [
        "/views/bookings",
        "/views/availability",
        "/views/bookings?q=guest",
        "/views/bookings?bookedBy=root",
        "/reports/occupancy?hotel=h&from=2027-01-01&to=2027-02-01",
    ] {
        let found = other.get(path).is(200);
        table.row(path, ensure(found["total"] == 0, &found));
    }
    let found = other
        .post(
            "/views/bookings/search",
            &json!({ "aggregate": { "n": { "sum": "nights" }, "t": { "terms": { "field": "bookedBy" } } } }),
        )
        .is(200);
    table.row("aggregations", ensure(found["aggregations"] == json!({ "n": 0, "t": [] }), &found));
    let after = format!("/views/bookings?after={}&wait=0", encode("room-type/h:A@1"));
    table.row("after", other.get(after).check_problem(503, "not-yet-projected"));
    let verified = other.post("/verify", &json!({ "stream": STREAM })).is(200);
    table.row("verify", ensure(verified["checked"] == 0, &verified));
    table.end();
}

#[test]
fn tenants_use_the_same_names_side_by_side() {
    let (one, two) = (everything(&Tenant::new()), everything(&Tenant::new()));
    let opened = command(STREAM, "OpenRoomType", json!({ "hotel": "h", "name": "A", "rooms": 1 }));
    let first = one.settle(&opened);
    // the same id, even with other content, is another command there
    let mut other = opened.clone();
    other["data"]["rooms"] = json!(2);
    let second = two.settle(&other);
    assert_eq!((&first["status"], &second["status"]), (&json!("committed"), &json!("committed")));
    assert_eq!((&first["version"], &second["version"]), (&json!(1), &json!(1)));
    for (actor, id) in [(&one, "b"), (&two, "b")] {
        let booked = actor.commits(STREAM, "BookRoom", booking(id, "2027-01-01", "2027-01-02"));
        assert_eq!(booked["version"], 2);
        let left = i32::from(actor.tenant != one.tenant);
        let night = actor.document("availability", &booked, "h:A:2027-01-01").unwrap();
        assert_eq!((&night["booked"], &night["left"]), (&json!(1), &json!(left)));
        assert_eq!(actor.find("bookings", &booked, "")["total"], 1);
    }
    for event in one.history(STREAM).iter().chain(&two.history(STREAM)) {
        let owner = event["tenant"].as_str().unwrap();
        assert!(owner == one.tenant || owner == two.tenant);
        assert!(event["id"].as_str().unwrap().starts_with(&format!("{owner}/{STREAM}@")), "{event}");
    }
}

#[test]
fn a_tenant_whose_name_begins_anothers_is_another() {
    let tenant = Tenant::new();
    let (short, long) = (everything(&tenant), everything(&Tenant(format!("{}.", tenant.0))));
    open(&long, STREAM, 1);
    short.get("/streams/room-type/h:A").problem(404, "not-found");
    let found: Value = short.get("/views/availability").is(200);
    assert_eq!(found["total"], 0);
}
