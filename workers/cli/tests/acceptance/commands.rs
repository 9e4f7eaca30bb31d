//! Commands one by one: where to look, how long to wait, what the door says.

use serde_json::{Value, json};

use crate::support::{Ask, Table, Tenant, command, comment, host, id, open};

const STATUS: [&str; 11] = [
    "id",
    "stream",
    "type",
    "status",
    "receivedAt",
    "settledAt",
    "version",
    "events",
    "rejection",
    "refusal",
    "failure",
];

#[track_caller]
fn is_status(status: &Value) {
    let members = status.as_object().unwrap();
    for name in STATUS {
        assert!(members.contains_key(name), "`{name}` is missing: {status}");
    }
    assert_eq!(members.len(), STATUS.len(), "{status}");
}

#[test]
fn a_command_is_accepted_and_its_location_tells_what_came_of_it() {
    let member = Tenant::new().member("alice");
    let command = command("comment/c-1", "CreateComment", comment("a"));
    let answer = member.post("/commands", &command);
    let queued = answer.is(202);
    is_status(&queued);
    assert_eq!(
        (&queued["id"], &queued["stream"], &queued["type"]),
        (&command["id"], &command["stream"], &command["type"])
    );
    assert_eq!(queued["status"], "queued");
    assert_eq!((&queued["settledAt"], &queued["version"], &queued["events"]), (&json!(null), &json!(null), &json!([])));
    let received: jiff::Timestamp = queued["receivedAt"].as_str().unwrap().parse().unwrap();
    assert!(queued["receivedAt"].as_str().unwrap().ends_with('Z'));

    let location = answer.header("location").unwrap().to_owned();
    let early = member.get(&location);
    if early.status == 404 && host().is_deployed() {
        // what is queued is not seen there before it is settled
        early.problem(404, "unknown-command");
    } else {
        let status = early.is(200);
        assert!(status["status"] == "queued" || status["status"] == "committed", "{status}");
    }
    member.outcome(&command);
    let separator = if location.contains('?') { '&' } else { '?' };
    let status = member.get(format!("{location}{separator}wait=25")).is(200);
    is_status(&status);
    assert_eq!(status["status"], "committed", "{status}");
    assert_eq!(status["version"], 1);
    assert_eq!(status["events"], json!([{ "type": "CommentCreated", "version": 1 }]));
    assert_eq!(
        (&status["rejection"], &status["refusal"], &status["failure"]),
        (&json!(null), &json!(null), &json!(null))
    );
    let settled: jiff::Timestamp = status["settledAt"].as_str().unwrap().parse().unwrap();
    assert!(settled >= received, "{status}");
    // and by its id alone
    assert_eq!(member.get(format!("/commands/{}?wait=25", command["id"].as_str().unwrap())).is(200), status);
}

#[test]
fn a_poster_may_wait_for_the_verdict() {
    let member = Tenant::new().member("alice");
    let mut table = Table::default();
    for prefer in ["wait=25", "wait=5", "wait=100", "respond-async, wait=20", "Wait=10", "wait=10; foo=bar"] {
        let command = command(&format!("comment/{}", id()), "CreateComment", comment("a"));
        let answer = Ask::post("/commands").by(&member).header("prefer", prefer).json(&command).send();
        if answer.status == 202 && host().is_deployed() {
            // it was not settled in time, but it was waited for
            assert!(
                answer.header("preference-applied").is_some_and(|applied| applied.starts_with("wait=")),
                "{answer}"
            );
            member.outcome(&command);
            continue;
        }
        let status = answer.is(200);
        table.row(prefer, if status["status"] == "committed" { Ok(()) } else { Err(status.to_string()) });
    }
    // what is no wait is no wish
    for prefer in ["wait=soon", "return=minimal", "wait"] {
        let command = command(&format!("comment/{}", id()), "CreateComment", comment("a"));
        let answer = Ask::post("/commands").by(&member).header("prefer", prefer).json(&command).send();
        table.row(prefer, if answer.status == 202 { Ok(()) } else { Err(answer.to_string()) });
    }
    table.end();
}

#[test]
fn a_rejection_is_an_answer() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    let status = staff.rejected("room-type/r:A", "ChangeRoomCount", json!({ "rooms": 2 }), "not-open");
    is_status(&status);
    assert_eq!((&status["version"], &status["events"]), (&json!(0), &json!([])));
    assert!(status["rejection"]["message"].is_string(), "{status}");
    open(&staff, "room-type/r:A", 1);
    let status = staff.rejected(
        "room-type/r:A",
        "OpenRoomType",
        json!({ "hotel": "r", "name": "B", "rooms": 2 }),
        "already-open",
    );
    assert_eq!(status["version"], 1);
    assert_eq!(staff.history("room-type/r:A").len(), 1);
    staff.get("/streams/room-type/r:B").problem(404, "not-found");
}

#[test]
fn already_so_is_committed_without_events() {
    let staff = Tenant::new().staff();
    let first = open(&staff, "room-type/s:A", 3);
    let again = open(&staff, "room-type/s:A", 3);
    assert_ne!(first["id"], again["id"]);
    assert_eq!((&again["version"], &again["events"]), (&json!(1), &json!([])));
}

#[test]
fn an_expected_version_must_be_the_streams() {
    let staff = Tenant::new().staff();
    let expecting = |kind: &str, data: Value, version: u64| {
        let mut command = command("room-type/v:A", kind, data);
        command["expectedVersion"] = json!(version);
        staff.settle(&command)
    };
    let room = json!({ "hotel": "v", "name": "V", "rooms": 1 });
    let mismatch = |status: &Value, expected: u64, actual: u64| {
        assert_eq!(status["status"], "rejected", "{status}");
        assert_eq!(status["rejection"]["code"], "version-mismatch", "{status}");
        assert_eq!(status["rejection"]["detail"], json!({ "expected": expected, "actual": actual }), "{status}");
        assert_eq!(status["version"], actual);
    };
    mismatch(&expecting("OpenRoomType", room.clone(), 1), 1, 0);
    assert_eq!(expecting("OpenRoomType", room.clone(), 0)["status"], "committed");
    mismatch(&expecting("ChangeRoomCount", json!({ "rooms": 2 }), 0), 0, 1);
    mismatch(&expecting("ChangeRoomCount", json!({ "rooms": 2 }), 2), 2, 1);
    assert_eq!(expecting("ChangeRoomCount", json!({ "rooms": 2 }), 1)["version"], 2);
    // it is asked before the rules
    mismatch(&expecting("OpenRoomType", json!({ "hotel": "v", "name": "W", "rooms": 1 }), 1), 1, 2);
}

#[test]
fn a_check_says_what_the_door_would_say_and_sends_nothing() {
    let tenant = Tenant::new();
    let (member, guest) = (tenant.member("alice"), tenant.guest("gil"));
    let good = command("comment/k-1", "CreateComment", comment("a"));
    assert_eq!(member.post("/commands/check", &good).is(200), json!({ "valid": true }));
    guest.post("/commands/check", &good).problem(403, "forbidden");
    member.get(format!("/commands/{}", good["id"].as_str().unwrap())).problem(404, "unknown-command");
    tenant.operator().get("/streams/comment/k-1").problem(404, "not-found");
    // what depends on the stream can't be seen at the door
    let edit = command("comment/k-1", "EditComment", json!({ "text": "b" }));
    assert_eq!(member.post("/commands/check", &edit).is(200), json!({ "valid": true }));
    member.post("/commands/check", &json!([good])).problem(400, "malformed");
    let cancel = command("room-type/h:A", "CancelBooking", json!({ "bookingId": "b" }));
    assert_eq!(guest.post("/commands/check", &cancel).is(200), json!({ "valid": true }));
}

#[test]
fn a_refusal_by_the_workflow_is_an_answer_too() {
    let tenant = Tenant::new();
    let (staff, guest) = (tenant.staff(), tenant.guest("gil"));
    open(&staff, "room-type/w:A", 1);
    let status = guest.refused("room-type/w:A", "CancelBooking", json!({ "bookingId": "none" }), "forbidden");
    is_status(&status);
    assert_eq!((&status["version"], &status["rejection"]), (&json!(null), &json!(null)));
    assert!(status["refusal"]["message"].is_string() && status["settledAt"].is_string(), "{status}");
    // without waiting it is queued first
    let cancel = command("room-type/w:A", "CancelBooking", json!({ "bookingId": "none" }));
    assert_eq!(guest.post("/commands", &cancel).is(202)["status"], "queued");
    let status = guest.outcome(&cancel);
    assert_eq!(status["refusal"]["code"], "forbidden", "{status}");
}

#[test]
fn what_the_door_refuses_of_a_named_command_is_recorded() {
    let tenant = Tenant::new();
    let (guest, member) = (tenant.guest("gil"), tenant.member("alice"));
    let mut table = Table::default();
    let bad = command("comment/d-1", "CreateComment", json!({ "subject": "p" }));
    let strange = command("comment/d-1", "Nothing", json!({}));
    let forbidden = command("comment/d-1", "CreateComment", comment("a"));
    for (actor, command, code) in
        [(&member, bad, "invalid"), (&member, strange, "unknown-type"), (&guest, forbidden, "forbidden")]
    {
        actor.post("/commands", &command);
        let status = actor.outcome(&command);
        let so = status["status"] == "refused" && status["refusal"]["code"] == code;
        table.row(code, if so { Ok(()) } else { Err(status.to_string()) });
        if code == "invalid" {
            let violation = &status["refusal"]["violations"][0];
            assert_eq!((&violation["pointer"], &violation["code"]), (&json!("/data/text"), &json!("required")));
            assert!(violation["message"].is_string(), "{status}");
        }
    }
    table.end();
}

#[test]
fn a_refused_command_is_judged_again() {
    let tenant = Tenant::new();
    let one = command("comment/j-1", "CreateComment", comment("a"));
    tenant.guest("gil").post("/commands", &one).problem(403, "forbidden");
    assert_eq!(tenant.member("gil").settle(&one)["status"], "committed");
}

#[test]
fn ids_and_trace_travel_with_the_events() {
    let tenant = Tenant::new();
    let (member, operator) = (tenant.member("alice"), tenant.operator());
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut one = command("comment/i-1", "CreateComment", comment("a"));
    one["correlationId"] = json!("order-7");
    one["causationId"] = json!("step:3");
    one["traceparent"] = json!(trace);
    member.settle(&one);
    let event = &operator.history("comment/i-1")[0];
    assert_eq!(event["commandId"], one["id"]);
    assert_eq!((&event["correlationId"], &event["causationId"]), (&json!("order-7"), &json!("step:3")));
    assert_eq!(event["traceparent"], trace);
    assert_eq!(event["actor"], "alice");
    // what is no trace context is ignored
    for (index, bad) in [
        "",
        "hello",
        "00-0-0-0",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    ]
    .iter()
    .enumerate()
    {
        let stream = format!("comment/i-{}", index + 2);
        let mut two = command(&stream, "CreateComment", comment("a"));
        two["traceparent"] = json!(bad);
        assert_eq!(member.settle(&two)["status"], "committed");
        let event = &operator.history(&stream)[0];
        assert!(event.get("traceparent").is_none_or(Value::is_null), "{event}");
    }
}

#[test]
fn parameters_that_nobody_knows_are_refused() {
    let member = Tenant::new().member("alice");
    let good = command("comment/q-1", "CreateComment", comment("a"));
    let mut table = Table::default();
    for path in ["/commands?x=1", "/commands/check?x=1"] {
        table.row(path, member.post(path, &good).check_invalid(&["/x unknown-field"]));
    }
    let answer = member.post("/commands/status?x=1", &json!({ "ids": [] }));
    table.row("status", answer.check_invalid(&["/x unknown-field"]));
    for (query, violation) in [
        ("x=1", "/x unknown-field"),
        ("wait=26", "/wait out-of-range"),
        ("wait=-1", "/wait bad-format"),
        ("wait=soon", "/wait bad-format"),
        ("wait=1.5", "/wait bad-format"),
        ("wait=", "/wait bad-format"),
        ("wait=1&wait=1", "/wait duplicate"),
        ("wait=1&wait=2", "/wait duplicate"),
    ] {
        table.row(query, member.get(format!("/commands/some?{query}")).check_invalid(&[violation]));
    }
    table.end();
}
