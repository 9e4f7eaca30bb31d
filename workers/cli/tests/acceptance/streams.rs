//! Histories, and states as they were.

use serde_json::{Value, json};

use crate::support::{Table, Tenant, booking, encode, open};

const STREAM: &str = "room-type/h:A";

/// A stream of five events in four commits, and who may read it.
fn stream() -> (Tenant, Vec<Value>) {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    open(&staff, STREAM, 1);
    staff.commits(STREAM, "BookRoom", booking("b-1", "2027-01-01", "2027-01-02"));
    staff.commits(STREAM, "BookRoom", booking("b-2", "2027-01-01", "2027-01-02"));
    staff.commits(STREAM, "CancelBooking", json!({ "bookingId": "b-1" }));
    let history = staff.history(STREAM);
    assert_eq!(history.len(), 5);
    (tenant, history)
}

#[test]
fn an_event_tells_where_it_came_from() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    let opened = open(&staff, STREAM, 1);
    let told = staff.get(format!("/streams/{STREAM}")).is(200);
    assert_eq!((&told["stream"], &told["version"], &told["next"]), (&json!(STREAM), &json!(1), &json!(null)));
    let event = &told["events"][0];
    assert_eq!(event["id"], format!("{}/{STREAM}@1", tenant.0));
    assert_eq!((&event["tenant"], &event["stream"], &event["version"]), (&json!(tenant.0), &json!(STREAM), &json!(1)));
    assert_eq!(
        (&event["type"], &event["schema"], &event["actor"]),
        (&json!("RoomTypeOpened"), &json!(1), &json!("sam"))
    );
    assert_eq!(event["commandId"], opened["id"]);
    assert_eq!(event["data"], json!({ "hotel": "h", "name": "Room", "rooms": 1 }));
    let time = event["time"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
}

#[test]
fn a_history_comes_in_pages_oldest_first() {
    let (tenant, history) = stream();
    let staff = tenant.staff();
    let page = |query: &str| {
        let told = staff.get(format!("/streams/{STREAM}?{query}")).is(200);
        assert_eq!(told["version"], 5);
        let versions: Vec<_> =
            told["events"].as_array().unwrap().iter().map(|event| event["version"].as_u64().unwrap()).collect();
        (versions, told["next"].as_u64())
    };
    assert_eq!(page(""), (vec![1, 2, 3, 4, 5], None));
    assert_eq!(page("limit=2"), (vec![1, 2], Some(3)));
    assert_eq!(page("from=3&limit=2"), (vec![3, 4], Some(5)));
    assert_eq!(page("from=5&limit=2"), (vec![5], None));
    assert_eq!(page("from=4"), (vec![4, 5], None));
    assert_eq!(page("limit=5"), (vec![1, 2, 3, 4, 5], None));
    assert_eq!(page("limit=1000"), (vec![1, 2, 3, 4, 5], None));
    assert_eq!(page("from=6"), (vec![], None));
    assert_eq!(page("from=1000000"), (vec![], None));
    // events of one commit share their time and their command
    assert_eq!((&history[3]["time"], &history[3]["commandId"]), (&history[4]["time"], &history[4]["commandId"]));
}

#[test]
fn a_hundred_events_if_nothing_is_said() {
    let staff = Tenant::new().staff();
    open(&staff, STREAM, 1);
    let changes: Vec<_> = (0..120)
        .map(|index| crate::support::command(STREAM, "ChangeRoomCount", json!({ "rooms": index + 2 })))
        .collect();
    staff.post("/commands", &json!(changes)).is(202);
    staff.outcome(&changes[119]);
    let told = staff.get(format!("/streams/{STREAM}")).is(200);
    assert_eq!(
        (told["events"].as_array().unwrap().len(), &told["next"], &told["version"]),
        (100, &json!(101), &json!(121))
    );
}

#[test]
fn a_question_for_a_history_is_checked() {
    let (tenant, _) = stream();
    let staff = tenant.staff();
    let mut table = Table::default();
    for (query, violation) in [
        ("from=0", "/from out-of-range"),
        ("from=-1", "/from bad-format"),
        ("from=x", "/from bad-format"),
        ("from=1.5", "/from bad-format"),
        ("limit=0", "/limit out-of-range"),
        ("limit=1001", "/limit out-of-range"),
        ("limit=x", "/limit bad-format"),
        ("limit=-1", "/limit bad-format"),
        ("from=1&from=2", "/from duplicate"),
        ("x=1", "/x unknown-field"),
        ("after=room-type/h:A@1", "/after unknown-field"),
    ] {
        table.row(query, staff.get(format!("/streams/{STREAM}?{query}")).check_invalid(&[violation]));
    }
    for (query, violation) in [
        ("version=0", "/version out-of-range"),
        ("version=x", "/version bad-format"),
        ("version=-1", "/version bad-format"),
        ("at=yesterday", "/at bad-format"),
        ("at=2027-01-01", "/at bad-format"),
        ("version=1&version=1", "/version duplicate"),
        ("from=1", "/from unknown-field"),
    ] {
        table.row(query, staff.get(format!("/streams/{STREAM}/state?{query}")).check_invalid(&[violation]));
    }
    let both = staff.get(format!("/streams/{STREAM}/state?version=1&at=2027-01-01T00:00:00Z"));
    table.row("both", both.check_problem(400, "invalid"));
    for path in [
        "/streams/room-type/none:A",
        "/streams/room-type/none:A/state",
        "/streams/nothing/x",
        "/streams/comment/none",
        "/streams/room-type",
        "/streams/room-type/a%2Fb",
        "/streams/room-type/..%2Fx",
        "/streams/room-type/h:A/nothing",
        "/streams/room-type/h:A/state?version=6",
        "/streams/room-type/h:A/state?version=99999999",
    ] {
        table.row(path, staff.get(path).check_problem(404, "not-found"));
    }
    table.end();
}

#[test]
fn a_state_is_that_of_a_version_or_a_time() {
    let (tenant, history) = stream();
    let staff = tenant.staff();
    let state = |query: &str| staff.get(format!("/streams/{STREAM}/state?{query}")).is(200);
    let now = state("");
    assert_eq!((&now["version"], &now["at"], &now["stream"]), (&json!(5), &history[4]["time"], &json!(STREAM)));
    for version in 1..=5 {
        let then = state(&format!("version={version}"));
        assert_eq!((&then["version"], &then["at"]), (&json!(version), &history[version - 1]["time"]));
        assert!(then["state"].is_object(), "{then}");
    }
    assert_eq!(state("version=5"), now);
    assert_ne!(state("version=4")["state"], now["state"]);
    // a time is inclusive: all events of that instant are in
    for version in [1, 2, 3, 5] {
        let at = encode(history[version - 1]["time"].as_str().unwrap());
        assert_eq!(state(&format!("at={at}"))["version"], version);
    }
    assert_eq!(state("at=2099-01-01T00:00:00Z")["version"], 5);
    assert_eq!(state("at=2099-01-01T00:00:00%2B02:00")["version"], 5);
    staff.get(format!("/streams/{STREAM}/state?at=2020-01-01T00:00:00Z")).problem(404, "not-found");
    let opened = state("version=1");
    assert!(opened["state"].to_string().contains("Room") && !opened["state"].to_string().contains("b-1"), "{opened}");
}

#[test]
fn streams_are_read_by_staff_operators_and_moderators() {
    let (tenant, _) = stream();
    tenant.member("alice").commits("comment/1", "CreateComment", crate::support::comment("a"));
    let mut table = Table::default();
    for (role, rooms, comments) in [
        ("staff", true, true),
        ("operator", true, true),
        ("moderator", false, true),
        ("guest", false, false),
        ("member", false, false),
        ("customer", false, false),
        ("device", false, false),
        ("workflow", false, false),
    ] {
        let actor = tenant.actor("alice", &[role]);
        for (stream, may) in [(STREAM, rooms), ("comment/1", comments)] {
            for path in [
                format!("/streams/{stream}"),
                format!("/streams/{stream}/state"),
                format!("/streams/{stream}/state?version=1"),
            ] {
                let answer = actor.get(&path);
                let result = if may {
                    crate::support::ensure(answer.status == 200, &answer)
                } else {
                    answer.check_problem(403, "forbidden").map(drop)
                };
                table.row(format!("{role} {path}"), result);
            }
        }
    }
    table.end();
}
