//! What came of a command: who may know it, one by one and many at once.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Ask, Table, Tenant, command, comment, id};

#[test]
fn an_unknown_command_is_not_found_and_may_be_asked_for_again() {
    let member = Tenant::new().member("alice");
    let mut table = Table::default();
    for unknown in [id().as_str(), "plain", "check", "status", "a%20b", "%2e%2e", "x%2Fy", "%FF"] {
        let answer = member.get(format!("/commands/{unknown}"));
        let code = if unknown == "%FF" && answer.status == 400 { "malformed" } else { "unknown-command" };
        let status = if code == "malformed" { 400 } else { 404 };
        if unknown.contains("%2e") || unknown == "%FF" || unknown.contains("%2F") {
            // what is no id may also be no path
            assert!(answer.status == 404 || answer.status == 400, "{answer}");
            continue;
        }
        table.row(unknown, answer.check_problem(status, code));
    }
    table.end();
}

#[test]
fn a_reader_may_wait_for_a_command_that_comes_later() {
    let member = Tenant::new().member("alice");
    let later = command("comment/w-1", "CreateComment", comment("a"));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| member.outcome(&later));
        member.post("/commands", &later).is(202);
        assert_eq!(reader.join().unwrap()["status"], "committed");
    });
}

#[test]
fn a_wait_ends() {
    let member = Tenant::new().member("alice");
    let started = Instant::now();
    member.get("/commands/never?wait=1").problem(404, "unknown-command");
    assert!(started.elapsed() >= Duration::from_millis(900) && started.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_status_is_read_by_its_actor_staff_and_operators() {
    let tenant = Tenant::new();
    let alice = tenant.member("alice");
    let done = alice.submit("comment/v-1", "CreateComment", comment("a"));
    let path = format!("/commands/{}", done["id"].as_str().unwrap());
    let ids = json!({ "ids": [done["id"]] });
    let mut table = Table::default();
    let allowed = [("alice", "member"), ("alice", "guest"), ("sam", "staff"), ("olga", "operator")];
    for (sub, role) in allowed {
        let actor = tenant.actor(sub, &[role]);
        let so = actor.get(&path).is(200) == done
            && actor.post("/commands/status", &ids).is(200)["statuses"][done["id"].as_str().unwrap()] == done;
        table.row(format!("{sub} {role}"), if so { Ok(()) } else { Err("can't read it".to_owned()) });
    }
    for role in ["member", "guest", "moderator", "customer", "device", "workflow"] {
        let actor = tenant.actor("bob", &[role]);
        table.row(role, actor.get(&path).check_problem(404, "unknown-command"));
        let told = actor.post("/commands/status", &ids).is(200)["statuses"][done["id"].as_str().unwrap()].clone();
        table.row(role, if told.is_null() { Ok(()) } else { Err(told.to_string()) });
    }
    let stranger = Tenant::new().operator();
    table.row("another tenant", stranger.get(&path).check_problem(404, "unknown-command"));
    table.end();
}

#[test]
fn many_statuses_at_once_have_nulls_for_what_is_unknown() {
    let member = Tenant::new().member("alice");
    let one = member.submit("comment/m-1", "CreateComment", comment("a"));
    let two = member.submit("comment/m-2", "EditComment", json!({ "text": "a" }));
    let told = member.post("/commands/status", &json!({ "ids": [one["id"], two["id"], "none", one["id"]] })).is(200);
    let mut wanted = json!({ "none": null });
    wanted[one["id"].as_str().unwrap()] = one.clone();
    wanted[two["id"].as_str().unwrap()] = two.clone();
    assert_eq!(told, json!({ "statuses": wanted }));
    assert_eq!(member.post("/commands/status", &json!({ "ids": [] })).is(200), json!({ "statuses": {} }));
    let many: Vec<_> = (0..1_000).map(|index| format!("x-{index}")).collect();
    let told = member.post("/commands/status", &json!({ "ids": many })).is(200);
    assert_eq!(told["statuses"].as_object().unwrap().len(), 1_000);
}

#[test]
fn a_question_for_statuses_is_checked() {
    let member = Tenant::new().member("alice");
    let many: Vec<_> = (0..1_001).map(|index| format!("x-{index}")).collect();
    let mut table = Table::default();
    for (body, violations) in [
        (json!({}), ["/ids required"]),
        (json!({ "ids": null }), ["/ids wrong-type"]),
        (json!({ "ids": "x" }), ["/ids wrong-type"]),
        (json!({ "ids": [1] }), ["/ids/0 wrong-type"]),
        (json!({ "ids": ["a", "a b"] }), ["/ids/1 bad-format"]),
        (json!({ "ids": [], "x": 1 }), ["/x unknown-field"]),
        (json!({ "ids": many }), ["/ids too-long"]),
    ] {
        let answer = member.post("/commands/status", &body);
        let result = answer.check_invalid(&violations);
        // null and absent are the same
        let result =
            if body["ids"].is_null() { result.or_else(|_| answer.check_invalid(&["/ids required"])) } else { result };
        table.row(body.to_string().chars().take(60).collect::<String>(), result);
    }
    for body in ["", "[]", "null", "{", r#"{"ids":[],"ids":[]}"#, r#"{"ids":["\ud800"]}"#] {
        let answer = Ask::post("/commands/status").by(&member).body(body).send();
        table.row(body, answer.check_problem(400, "malformed"));
    }
    table.end();
}
