//! Many commands in one request.

use serde_json::{Value, json};

use crate::support::{Actor, Ask, Tenant, booking, command, comment, id, open};

fn creates(count: usize) -> Vec<Value> {
    let run = id();
    (0..count).map(|index| command(&format!("comment/{run}-{index}"), "CreateComment", comment("a"))).collect()
}

fn lines(commands: &[Value]) -> String {
    commands.iter().flat_map(|command| [command.to_string(), "\n".to_owned()]).collect()
}

/// The statuses of commands, once all are settled.
#[track_caller]
fn outcomes(actor: &Actor, commands: &[Value]) -> Vec<Value> {
    commands.iter().map(|command| actor.outcome(command)).collect()
}

#[test]
fn an_array_and_lines_are_queued() {
    let member = Tenant::new().member("alice");
    let commands = creates(5);
    let answer = member.post("/commands", &json!(commands));
    assert_eq!(answer.is(202), json!({ "queued": 5, "refused": [] }));
    assert!(outcomes(&member, &commands).iter().all(|status| status["status"] == "committed"));
    let commands = creates(5);
    let answer = Ask::post("/commands").by(&member).lines(&lines(&commands)).send();
    assert_eq!(answer.is(202), json!({ "queued": 5, "refused": [] }));
    assert!(outcomes(&member, &commands).iter().all(|status| status["status"] == "committed"));
}

#[test]
fn a_wish_to_wait_is_ignored() {
    let member = Tenant::new().member("alice");
    let answer = Ask::post("/commands").by(&member).wait().json(&json!(creates(1))).send();
    assert_eq!(answer.is(202), json!({ "queued": 1, "refused": [] }));
}

#[test]
fn nothing_is_queued_of_nothing() {
    let member = Tenant::new().member("alice");
    let none = json!({ "queued": 0, "refused": [] });
    assert_eq!(member.post("/commands", &json!([])).is(202), none);
    assert_eq!(Ask::post("/commands").by(&member).body(" [ ] ").send().is(202), none);
    assert_eq!(Ask::post("/commands").by(&member).lines("").send().is(202), none);
    assert_eq!(Ask::post("/commands").by(&member).lines("\n \r\n\t\n").send().is(202), none);
}

#[test]
fn each_command_is_judged_by_itself() {
    let member = Tenant::new().member("alice");
    let mut commands = creates(6);
    commands[1]["data"]["text"] = json!("");
    commands[2]["type"] = json!("Nothing");
    commands[4] = command("room-type/h:A", "BookRoom", booking("b", "2027-01-01", "2027-01-02"));
    commands[5]["id"] = json!("a b");
    let check = |told: Value| {
        assert_eq!(told["queued"], 2, "{told}");
        let refused = told["refused"].as_array().unwrap();
        let entries: Vec<_> = refused
            .iter()
            .map(|entry| (entry["index"].as_u64().unwrap(), entry["refusal"]["code"].as_str().unwrap()))
            .collect();
        assert_eq!(entries, [(1, "invalid"), (2, "unknown-type"), (4, "forbidden"), (5, "invalid")]);
        assert_eq!(refused[0]["id"], commands[1]["id"]);
        assert_eq!(refused[0]["refusal"]["violations"][0]["pointer"], "/data/text");
        assert!(refused[0]["refusal"]["message"].is_string());
        assert_eq!(refused[3]["id"], json!(null));
    };
    check(member.post("/commands", &json!(commands)).is(202));
    check(Ask::post("/commands").by(&member).lines(&lines(&commands)).send().is(202));
}

#[test]
fn a_bad_line_is_one_refusal_and_blank_lines_do_not_count() {
    let member = Tenant::new().member("alice");
    let commands = creates(3);
    let text = format!(
        "\n{}\r\n\n  \nnot json\n{}\n{{\"id\":\"x\",\"id\":\"x\"}}\n[]\n\n{}",
        commands[0], commands[1], commands[2]
    );
    let told = Ask::post("/commands").by(&member).lines(&text).send().is(202);
    assert_eq!(told["queued"], 3, "{told}");
    let refused: Vec<_> = told["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (entry["index"].as_u64().unwrap(), entry["refusal"]["code"].as_str().unwrap(), entry["id"].is_null())
        })
        .collect();
    assert_eq!(refused[0], (1, "malformed", true));
    assert_eq!((refused[1].0, refused[1].1), (3, "malformed"));
    assert_eq!(refused[2], (4, "malformed", true));
    assert_eq!(refused.len(), 3);
    // a line that is no text
    let mut bytes = b"\xff\xfe\n".to_vec();
    bytes.extend(creates(1)[0].to_string().bytes());
    let told = Ask::post("/commands").by(&member).typed("application/x-ndjson", bytes).send().is(202);
    assert_eq!((&told["queued"], &told["refused"][0]["refusal"]["code"]), (&json!(1), &json!("malformed")));
}

#[test]
fn a_bad_array_is_refused_whole() {
    let member = Tenant::new().member("alice");
    let one = creates(1)[0].clone();
    for text in [format!("[{one}"), format!("[{one},]"), format!("[{one}] x"), format!("[{one} {one}]"), "[NaN]".into()]
    {
        Ask::post("/commands").by(&member).body(text).send().problem(400, "malformed");
    }
    member.get(format!("/commands/{}", one["id"].as_str().unwrap())).problem(404, "unknown-command");
    // elements that are no commands are refused one by one
    let told = member.post("/commands", &json!([one, 7, null, "a", []])).is(202);
    assert_eq!(told["queued"], 1, "{told}");
    assert_eq!(told["refused"].as_array().unwrap().len(), 4);
}

#[test]
fn too_many_are_refused_whole() {
    let member = Tenant::new().member("alice");
    let mut commands = creates(1_001);
    member.post("/commands", &json!(commands)).problem(413, "too-large");
    Ask::post("/commands").by(&member).lines(&lines(&commands)).send().problem(413, "too-large");
    member.get(format!("/commands/{}", commands[0]["id"].as_str().unwrap())).problem(404, "unknown-command");
    commands.pop();
    let spaced = lines(&commands).replace('\n', "\n\n");
    assert_eq!(Ask::post("/commands").by(&member).lines(&spaced).send().is(202)["queued"], 1_000);
    outcomes(&member, &commands[999..]);
}

#[test]
fn a_streams_commands_are_decided_in_the_order_of_the_request() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    let mut commands = Vec::new();
    for stream in ["room-type/o:A", "room-type/o:B"] {
        commands.push(command(stream, "OpenRoomType", json!({ "hotel": "o", "name": "O", "rooms": 1 })));
        for index in 0..150 {
            commands.push(command(stream, "ChangeRoomCount", json!({ "rooms": index + 2 })));
        }
    }
    // the streams are mixed, each in its order
    let mixed: Vec<_> = (0..151).flat_map(|at| [commands[at].clone(), commands[151 + at].clone()]).collect();
    assert_eq!(staff.post("/commands", &json!(mixed)).is(202), json!({ "queued": 302, "refused": [] }));
    outcomes(&staff, &mixed[300..]);
    for stream in ["room-type/o:A", "room-type/o:B"] {
        let rooms: Vec<_> =
            staff.history(stream).iter().map(|event| event["data"]["rooms"].as_u64().unwrap()).collect();
        assert_eq!(rooms, (1..=151).collect::<Vec<_>>());
    }
}

#[test]
fn a_batch_and_its_commands_one_by_one_come_to_the_same() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    let story = |stream: &str| {
        let hotel = stream.strip_prefix("room-type/").unwrap().rsplit_once(':').unwrap().0;
        vec![
            command(stream, "BookRoom", booking("b-0", "2027-01-01", "2027-01-02")),
            command(stream, "OpenRoomType", json!({ "hotel": hotel, "name": "O", "rooms": 1 })),
            command(stream, "BookRoom", booking("b-1", "2027-01-01", "2027-01-03")),
            command(stream, "BookRoom", booking("b-2", "2027-01-02", "2027-01-03")),
            command(stream, "BookRoom", booking("b-1", "2027-01-01", "2027-01-03")),
            command(stream, "CancelBooking", json!({ "bookingId": "b-1" })),
            command(stream, "CancelBooking", json!({ "bookingId": "b-1" })),
            command(stream, "CheckIn", json!({ "bookingId": "b-2", "on": "2027-01-02" })),
            command(stream, "ChangeRoomCount", json!({ "rooms": 0 })),
        ]
    };
    let outcome =
        |status: &Value| (status["status"].clone(), status["rejection"]["code"].clone(), status["events"].clone());
    let single: Vec<_> = story("room-type/same:A")[..8].iter().map(|one| outcome(&staff.settle(one))).collect();
    let batch = story("room-type/same:B");
    let told = staff.post("/commands", &json!(batch)).is(202);
    assert_eq!((&told["queued"], &told["refused"][0]["index"]), (&json!(8), &json!(8)));
    let batched: Vec<_> = outcomes(&staff, &batch[..8]).iter().map(outcome).collect();
    assert_eq!(single, batched);
}

#[test]
fn duplicates_within_a_batch_count_as_queued_and_have_one_effect() {
    let tenant = Tenant::new();
    let (member, operator) = (tenant.member("alice"), tenant.operator());
    let one = command("comment/d", "CreateComment", comment("a"));
    assert_eq!(member.post("/commands", &json!([one, one, one])).is(202)["queued"], 3);
    outcomes(&member, std::slice::from_ref(&one));
    assert_eq!(member.post("/commands", &json!([one])).is(202), json!({ "queued": 1, "refused": [] }));
    assert_eq!(operator.history("comment/d").len(), 1);
}

#[test]
fn staff_open_and_book_in_one_request() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    open(&staff, "room-type/one:A", 2);
    let bookings: Vec<_> = (0..4)
        .map(|index| command("room-type/one:A", "BookRoom", booking(&format!("b-{index}"), "2027-01-01", "2027-01-02")))
        .collect();
    staff.post("/commands", &json!(bookings)).is(202);
    let kinds: Vec<_> = outcomes(&staff, &bookings).iter().map(|status| status["events"][0]["type"].clone()).collect();
    assert_eq!(kinds, ["RoomBooked", "RoomBooked", "BookingWaitListed", "BookingWaitListed"]);
}
