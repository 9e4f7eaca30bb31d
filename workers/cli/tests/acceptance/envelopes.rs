//! Commands that are not as the contract declares: each has its code, its status and its pointers.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Ask, Table, Tenant, booking, command, comment, id, id_of_time};

const LARGEST: usize = 65_536;

fn create() -> Value {
    command("comment/e-1", "CreateComment", comment("a"))
}

/// Envelopes with what is wrong with them; a null takes the member away.
fn invalid_envelopes() -> Vec<(Value, &'static [&'static str])> {
    let long = "x".repeat(65);
    vec![
        (json!({ "id": null }), &["/id required", "/issuedAt required"]),
        (json!({ "id": "" , "issuedAt": Timestamp::now() }), &["/id bad-format"]),
        (json!({ "id": "a b", "issuedAt": Timestamp::now() }), &["/id bad-format"]),
        (json!({ "id": "a/b", "issuedAt": Timestamp::now() }), &["/id bad-format"]),
        (json!({ "id": "ä", "issuedAt": Timestamp::now() }), &["/id bad-format"]),
        (json!({ "id": ".", "issuedAt": Timestamp::now() }), &["/id bad-format"]),
        (json!({ "id": "..", "issuedAt": Timestamp::now() }), &["/id bad-format"]),
        (json!({ "id": long, "issuedAt": Timestamp::now() }), &["/id bad-format"]),
        (json!({ "stream": null }), &["/stream required"]),
        (json!({ "stream": "comment" }), &["/stream bad-format"]),
        (json!({ "stream": "comment/" }), &["/stream bad-format"]),
        (json!({ "stream": "comment/a/b" }), &["/stream bad-format"]),
        (json!({ "stream": "comment/.." }), &["/stream bad-format"]),
        (json!({ "stream": "comment/a b" }), &["/stream bad-format"]),
        (json!({ "stream": format!("comment/{}", "x".repeat(65)) }), &["/stream bad-format"]),
        (json!({ "data": null }), &["/data required"]),
        (json!({ "issuedAt": "yesterday" }), &["/issuedAt bad-format"]),
        (json!({ "issuedAt": "2026-13-01T00:00:00Z" }), &["/issuedAt bad-format"]),
        (json!({ "issuedAt": "2026-12-01" }), &["/issuedAt bad-format"]),
        (json!({ "id": "plain", "issuedAt": null }), &["/issuedAt required"]),
        (json!({ "id": "7f0c3d56-6c2f-4b52-9a44-0123456789ab" }), &["/issuedAt required"]),
        (json!({ "expectedVersion": -1 }), &["/expectedVersion out-of-range"]),
        (json!({ "expectedVersion": 1.5 }), &["/expectedVersion wrong-type"]),
        (json!({ "correlationId": "a b" }), &["/correlationId bad-format"]),
        (json!({ "causationId": "" }), &["/causationId bad-format"]),
        (json!({ "tenant": "acme" }), &["/tenant unknown-field"]),
        (json!({ "actor": "bob" }), &["/actor unknown-field"]),
        (json!({ "issued_at": "x" }), &["/issued_at unknown-field"]),
        (json!({ "a/b~c": 1 }), &["/a~1b~0c unknown-field"]),
        (json!({ "data": { "subject": "p", "text": "a", "x": 1 } }), &["/data/x unknown-field"]),
        (json!({ "data": {} }), &["/data/subject required", "/data/text required"]),
        (json!({ "data": { "subject": null, "text": "" } }), &["/data/subject required", "/data/text too-short"]),
        (json!({ "data": { "subject": 1, "text": ["a"] } }), &["/data/subject wrong-type", "/data/text wrong-type"]),
        (json!({ "data": { "subject": "p", "text": "x".repeat(2_001) } }), &["/data/text too-long"]),
        // envelope and data together
        (
            json!({ "id": "a b", "data": { "subject": "p", "x": 1 }, "tenant": "t", "expectedVersion": -1 }),
            &[
                "/id bad-format",
                "/data/text required",
                "/data/x unknown-field",
                "/tenant unknown-field",
                "/expectedVersion out-of-range",
                "/issuedAt required",
            ],
        ),
    ]
}

#[test]
fn an_envelope_with_faults_tells_all_of_them_at_once() {
    let member = Tenant::new().member("alice");
    let mut table = Table::default();
    for (changes, violations) in invalid_envelopes() {
        let mut command = create();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                command.as_object_mut().unwrap().remove(name);
            } else {
                command[name] = value.clone();
            }
        }
        for path in ["/commands", "/commands/check"] {
            table.row(format!("{changes} {path}"), member.post(path, &command).check_invalid(violations));
        }
    }
    table.end();
}

#[test]
fn what_comes_first_at_the_door_is_told() {
    let tenant = Tenant::new();
    let (guest, member) = (tenant.guest("gil"), tenant.member("alice"));
    let old = Timestamp::now() - SignedDuration::from_hours(31 * 24);
    let with = |mut command: Value, name: &str, value: Value| {
        command[name] = value;
        command
    };
    let mut table = Table::default();

    // too large before malformed
    let junk = "x".repeat(LARGEST + 1);
    table.row("huge junk", Ask::post("/commands").by(&member).body(junk).send().check_problem(413, "too-large"));
    // malformed before an unknown type
    let answer = member.post("/commands", &with(command("comment/p-1", "Nothing", json!({})), "id", json!(7)));
    table.row("malformed", answer.check_problem(400, "malformed"));
    // an unknown type before invalid, and before stale and forbidden
    let strange = with(command("comment/p-1", "Nothing", json!({ "x": 1 })), "id", json!("a b"));
    table.row("unknown type", member.post("/commands", &strange).check_problem(400, "unknown-type"));
    for (stream, kind) in
        [("nothing/1", "CreateComment"), ("comment/1", "BookRoom"), ("comment/1", "createComment"), ("comment/1", "")]
    {
        let answer = guest.post("/commands", &command(stream, kind, json!({})));
        table.row(format!("{stream} {kind}"), answer.check_problem(400, "unknown-type"));
    }
    // invalid before stale and before forbidden
    let bad = with(with(create(), "issuedAt", json!(old)), "id", json!("p-1"));
    let bad = with(bad, "data", json!({ "subject": "p" }));
    table.row("invalid", guest.post("/commands", &bad).check_invalid(&["/data/text required"]));
    let answer =
        guest.post("/commands", &command("room-type/h:A", "OpenRoomType", json!({ "hotel": "h", "rooms": 0 })));
    table.row("a guest's bad one", answer.check_invalid(&["/data/name required", "/data/rooms out-of-range"]));
    // stale before forbidden
    let stale = with(with(create(), "issuedAt", json!(old)), "id", json!("p-2"));
    table.row("stale", guest.post("/commands", &stale).check_problem(400, "stale"));
    // forbidden last
    table.row("forbidden", guest.post("/commands", &create()).check_problem(403, "forbidden"));
    table.end();
}

#[test]
fn a_missing_type_is_refused() {
    let member = Tenant::new().member("alice");
    let mut command = create();
    command.as_object_mut().unwrap().remove("type");
    let answer = member.post("/commands", &command);
    assert_eq!(answer.status, 400, "{answer}");
    assert!(matches!(answer.value()["code"].as_str(), Some("invalid" | "unknown-type")), "{answer}");
}

#[test]
fn numbers_and_nulls_are_read_as_the_contract_says() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    let raw = |id: &str, data: &str, more: &str| {
        let text = format!(r#"{{"id":"{id}","stream":"room-type/n:A","type":"OpenRoomType","data":{data}{more}}}"#);
        Ask::post("/commands").by(&staff).wait().body(text).send()
    };
    let first = id();
    let status =
        raw(&first, r#"{"hotel":"n","name":"N","rooms":2.0,"rate":null}"#, r#","expectedVersion":0.0"#).is(200);
    assert_eq!(status["status"], "committed", "{status}");
    assert_eq!(staff.history("room-type/n:A")[0]["data"], json!({ "hotel": "n", "name": "N", "rooms": 2 }));
    // the same content: 2 is 2.0, 0 is 0.0, absent is null
    let again = raw(&first, r#"{"name":"N","rooms":2,"hotel":"n"}"#, r#","expectedVersion":0,"correlationId":null"#);
    assert_eq!(again.is(200), status);
    raw(&id(), r#"{"hotel":"n","name":"N","rooms":2.5}"#, "").invalid(&["/data/rooms wrong-type"]);
    raw(&id(), r#"{"hotel":"n","name":"N","rooms":1e1}"#, "").is(200);
}

#[test]
fn emails_that_are_null_are_absent() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    crate::support::open(&staff, "room-type/h:N", 3);
    let mut data = booking("n-1", "2027-01-01", "2027-01-02");
    data["guest"]["email"] = json!(null);
    data["notes"] = json!(null);
    data["waitList"] = json!(null);
    staff.commits("room-type/h:N", "BookRoom", data);
    let event = &staff.history("room-type/h:N")[1]["data"];
    assert!(event["guest"].get("email").is_none() && event.get("notes").is_none(), "{event}");
}

#[test]
fn a_command_that_is_too_old_or_ahead_is_stale() {
    let member = Tenant::new().member("alice");
    let now = Timestamp::now();
    let minutes = SignedDuration::from_mins;
    let mut table = Table::default();
    for (at, good) in [
        (now + minutes(4), true),
        (now + minutes(6), false),
        (now - minutes(30 * 24 * 60 - 2), true),
        (now - minutes(30 * 24 * 60 + 2), false),
    ] {
        let mut plain = create();
        plain["id"] = json!(format!("s-{}", id()));
        plain["issuedAt"] = json!(at);
        let mut told = create();
        told["id"] = json!(id_of_time(at));
        for command in [plain, told] {
            let answer = member.post("/commands/check", &command);
            let result = if good {
                if answer.status == 200 { Ok(json!(1)) } else { Err(answer.to_string()) }
            } else {
                answer.check_problem(400, "stale")
            };
            table.row(format!("{at} {command}"), result);
        }
    }
    table.end();
}

#[test]
fn an_id_that_tells_its_time_agrees_with_issued_at() {
    let member = Tenant::new().member("alice");
    let now = Timestamp::now();
    let check = |made: Timestamp, issued: Timestamp| {
        let mut command = create();
        command["id"] = json!(id_of_time(made));
        command["issuedAt"] = json!(issued);
        member.post("/commands/check", &command)
    };
    let minutes = SignedDuration::from_mins;
    check(now, now).is(200);
    check(now - minutes(10), now - minutes(6)).is(200);
    check(now - minutes(10), now - minutes(4)).invalid(&["/issuedAt mismatch"]);
    check(now - minutes(10), now - minutes(16)).invalid(&["/issuedAt mismatch"]);
    // offsets are times too
    let mut command = create();
    command["issuedAt"] = json!(now.to_string().replace('Z', "+00:00"));
    member.post("/commands/check", &command).is(200);
}

#[test]
fn of_many_violations_32_are_told() {
    let member = Tenant::new().member("alice");
    let mut command = create();
    for index in 0..40 {
        command["data"][format!("x{index}")] = json!(1);
    }
    let problem = member.post("/commands", &command).problem(400, "invalid");
    assert_eq!(problem["violations"].as_array().unwrap().len(), 32, "{problem}");
    assert_eq!(problem["more"], 8, "{problem}");
}

#[test]
fn lengths_count_characters_not_bytes() {
    let member = Tenant::new().member("alice");
    let check = |text: String| member.post("/commands/check", &command("comment/l-1", "CreateComment", comment(&text)));
    check("🦀".repeat(2_000)).is(200);
    check("é".repeat(2_001)).invalid(&["/data/text too-long"]);
    check(" ".into()).is(200);
}
