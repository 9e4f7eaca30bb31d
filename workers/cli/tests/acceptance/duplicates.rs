//! The same command again, side by side and later: one effect, the same answer.

use serde_json::{Value, json};

use crate::support::{Ask, Tenant, booking, command, comment, id, open};

#[test]
fn the_same_command_again_has_the_first_outcome() {
    let tenant = Tenant::new();
    let (member, operator) = (tenant.member("alice"), tenant.operator());
    let one = command("comment/1", "CreateComment", comment("a"));
    let first = member.settle(&one);
    assert_eq!(member.settle(&one), first);
    let answer = member.post("/commands", &one);
    assert_eq!(answer.is(202), first);
    assert!(answer.header("location").is_some());
    // in another order, with the defaults' absence spelt out
    let text = format!(
        r#" {{ "expectedVersion": null, "type": "CreateComment", "data": {{ "text": "a", "subject": "picture\/42" }}, "stream": "comment/1", "id": {} }} "#,
        one["id"]
    );
    assert_eq!(Ask::post("/commands").by(&member).wait().body(text).send().is(200), first);
    assert_eq!(operator.history("comment/1").len(), 1);
    assert_eq!(member.post("/commands/check", &one).is(200), json!({ "valid": true }));
}

#[test]
fn a_rejection_stays() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    let early = command("room-type/x:A", "BookRoom", booking("b-1", "2027-01-01", "2027-01-02"));
    let first = staff.settle(&early);
    assert_eq!(first["rejection"]["code"], "not-open");
    open(&staff, "room-type/x:A", 1);
    assert_eq!(staff.settle(&early), first);
    assert_eq!(staff.history("room-type/x:A").len(), 1);
}

#[test]
fn an_id_with_other_content_is_reused() {
    let tenant = Tenant::new();
    let (member, operator) = (tenant.member("alice"), tenant.operator());
    let one = command("comment/2", "CreateComment", comment("a"));
    let first = member.settle(&one);
    let mut others = Vec::new();
    let mut other = one.clone();
    other["data"]["text"] = json!("b");
    others.push(other.clone());
    other["type"] = json!("EditComment");
    other["data"] = json!({ "text": "a" });
    others.push(other);
    let mut other = one.clone();
    other["expectedVersion"] = json!(0);
    others.push(other);
    for other in &others {
        member.settled(other).problem(409, "id-reused");
        member.post("/commands", other).problem(409, "id-reused");
        member.post("/commands/check", other).problem(409, "id-reused");
        let batch = member.post("/commands", &json!([other])).is(202);
        assert_eq!((&batch["queued"], &batch["refused"][0]["refusal"]["code"]), (&json!(0), &json!("id-reused")));
    }
    let status = member.get(format!("/commands/{}", one["id"].as_str().unwrap())).is(200);
    assert_eq!(status, first, "the first outcome stays");
    assert_eq!(operator.history("comment/2").len(), 1);
    assert_eq!(member.settle(&one), first);
}

#[test]
fn what_is_no_content_may_differ() {
    let member = Tenant::new().member("alice");
    let mut one = command("comment/3", "CreateComment", comment("a"));
    let first = member.settle(&one);
    one["correlationId"] = json!("c-1");
    one["traceparent"] = json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(member.settle(&one), first);
}

#[test]
fn the_same_id_on_another_stream_is_another_command() {
    let member = Tenant::new().member("alice");
    let one = command("comment/4", "CreateComment", comment("a"));
    let first = member.settle(&one);
    let mut two = one.clone();
    two["stream"] = json!("comment/5");
    let second = member.settle(&two);
    assert_eq!((&second["status"], &second["stream"]), (&json!("committed"), &json!("comment/5")));
    // the status shows the one settled first
    assert_eq!(member.get(format!("/commands/{}", one["id"].as_str().unwrap())).is(200), first);
    assert_eq!(member.settle(&two), second);
}

#[test]
fn the_same_command_of_many_at_once_has_one_effect() {
    let tenant = Tenant::new();
    let (member, operator) = (tenant.member("alice"), tenant.operator());
    let one = command("comment/6", "CreateComment", comment("a"));
    let outcomes: Vec<Value> = std::thread::scope(|scope| {
        let sends: Vec<_> = (0..8).map(|_| scope.spawn(|| member.settle(&one))).collect();
        sends.into_iter().map(|send| send.join().unwrap()).collect()
    });
    for outcome in &outcomes {
        assert_eq!((&outcome["status"], &outcome["version"]), (&json!("committed"), &json!(1)), "{outcome}");
        assert_eq!(outcome["events"], outcomes[0]["events"]);
        assert_eq!(outcome["settledAt"], outcomes[0]["settledAt"]);
    }
    assert_eq!(operator.history("comment/6").len(), 1);
}

#[test]
fn of_one_id_with_two_contents_at_once_one_wins() {
    let tenant = Tenant::new();
    let (member, operator) = (tenant.member("alice"), tenant.operator());
    let shared = id();
    let contents: Vec<_> = (0..6)
        .map(|index| {
            let mut command = command("comment/7", "CreateComment", comment(&format!("text {index}")));
            command["id"] = json!(shared);
            command
        })
        .collect();
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let member = &member;
        let sends: Vec<_> = contents.iter().map(|one| scope.spawn(move || member.settled(one))).collect();
        sends.into_iter().map(|send| send.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|answer| answer.status == 200).count(), 1, "{statuses:?}");
    for answer in statuses.iter().filter(|answer| answer.status != 200) {
        answer.problem(409, "id-reused");
    }
    assert_eq!(operator.history("comment/7").len(), 1);
}

#[test]
fn another_who_sends_the_same_learns_its_outcome() {
    let tenant = Tenant::new();
    let one = command("comment/8", "CreateComment", comment("a"));
    let first = tenant.member("alice").settle(&one);
    // a duplicate is found before permission is asked
    assert_eq!(tenant.guest("gil").settle(&one), first);
    let mut other = one.clone();
    other["data"]["text"] = json!("b");
    tenant.guest("gil").settled(&other).problem(409, "id-reused");
}

#[test]
fn another_who_sends_the_same_while_it_is_queued_learns_its_outcome() {
    let tenant = Tenant::new();
    let (member, guest, operator) = (tenant.member("alice"), tenant.guest("gil"), tenant.operator());
    for number in 0..30 {
        let stream = format!("comment/q{number}");
        let one = command(&stream, "CreateComment", comment("a"));
        member.post("/commands", &one).is(202);
        let told = guest.settle(&one);
        assert_eq!((&told["status"], &told["version"]), (&json!("committed"), &json!(1)), "{told}");
        assert_eq!(told, member.settle(&one));
        assert_eq!(operator.history(&stream).len(), 1);
    }
    // what nobody sent before is denied
    let new = command("comment/q0", "EditComment", json!({ "text": "b" }));
    guest.post("/commands", &new).problem(403, "forbidden");
}

#[test]
fn the_last_room_is_sold_once() {
    let tenant = Tenant::new();
    let staff = tenant.staff();
    open(&staff, "room-type/l:A", 1);
    let outcomes: Vec<Value> = std::thread::scope(|scope| {
        let staff = &staff;
        let book = |index: usize| {
            let mut data = booking(&format!("b-{index}"), "2027-01-01", "2027-01-03");
            data["waitList"] = json!(false);
            staff.submit("room-type/l:A", "BookRoom", data)
        };
        let sends: Vec<_> = (0..8).map(|index| scope.spawn(move || book(index))).collect();
        sends.into_iter().map(|send| send.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome["status"] == "committed").count(), 1);
    for outcome in outcomes.iter().filter(|outcome| outcome["status"] != "committed") {
        assert_eq!(outcome["rejection"]["code"], "no-rooms-left", "{outcome}");
    }
}
