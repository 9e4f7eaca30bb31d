//! Single commands.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{GUEST, STAFF, committed, digest, now, queued, refused, rejected, world, write_note};

fn with(mut command: Value, name: &str, value: Value) -> Value {
    command[name] = value;
    command
}

#[tokio::test]
async fn a_good_command_is_queued_as_it_was_sent() {
    let world = world();
    let text = format!(" {} ", write_note("c-1", "note/1"));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let reply = world.post("/commands", &text).by(STAFF).header("traceparent", trace).send().await;
    let body = reply.ok(202);
    assert_eq!(
        body,
        json!({"id": "c-1", "stream": "note/1", "type": "WriteNote", "status": "queued",
            "receivedAt": "2026-11-21T08:00:00Z", "settledAt": null, "version": null, "events": [],
            "rejection": null, "refusal": null, "failure": null})
    );
    assert_eq!(world.queued(), [("demo/note/1".to_owned(), text)]);
    let sent = world.queue.sent.lock().unwrap()[0].clone();
    assert_eq!((sent.authorization.as_str(), sent.traceparent.as_deref()), (STAFF, Some(trace)));

    let location = reply.header("location").to_owned();
    assert!(location.starts_with("/commands/c-1"), "{location}");
    world.get(&location).by(STAFF).send().await.problem(404, "unknown-command");
    world.statuses.settle("demo", committed(&write_note("c-1", "note/1"), "alice"));
    assert_eq!(world.get(&location).by(STAFF).send().await.ok(200)["status"], "committed");
}

#[tokio::test]
async fn the_door_refuses_in_this_order() {
    let good = || write_note("c-1", "note/1");
    let long = "x".repeat(65_536);
    for (body, status, code, recorded) in [
        (with(good(), "data", json!({"text": long, "x": [{"x": 1}]})).to_string(), 413, "too-large", true),
        ("{".into(), 400, "malformed", false),
        ("5".into(), 400, "malformed", false),
        (good().to_string().replacen('{', r#"{"id":"c-1","#, 1), 400, "malformed", false),
        (with(good(), "data", json!([])).to_string(), 400, "malformed", true),
        (with(with(good(), "stream", json!("nope/1")), "id", json!("a b")).to_string(), 400, "unknown-type", false),
        (with(with(good(), "type", json!("Nope")), "x", json!(1)).to_string(), 400, "unknown-type", true),
        (
            with(with(good(), "data", json!({})), "issuedAt", json!("2020-01-01T00:00:00Z")).to_string(),
            400,
            "invalid",
            true,
        ),
        (
            with(with(good(), "issuedAt", json!("2026-11-21T08:05:01Z")), "type", json!("EraseNote")).to_string(),
            400,
            "invalid",
            true,
        ),
        (with(good(), "issuedAt", json!("2026-11-21T08:05:01Z")).to_string(), 400, "stale", true),
        (with(good(), "issuedAt", json!("2026-10-22T07:59:59Z")).to_string(), 400, "stale", true),
        (good().to_string(), 403, "forbidden", true),
    ] {
        let world = world();
        world.post("/commands", &body).by("carol:member:demo").send().await.problem(status, code);
        assert!(world.queued().is_empty());
        let known = world.statuses.known.lock().unwrap().clone();
        let told: Vec<_> = known.iter().map(|(_, known)| known.status.refusal.clone().unwrap().code.as_str()).collect();
        assert_eq!(told, if recorded { vec![code] } else { vec![] }, "{code}");
        if recorded {
            let status = world.get("/commands/c-1").by("carol:member:demo").send().await.ok(200);
            assert_eq!((&status["status"], &status["refusal"]["code"]), (&json!("refused"), &json!(code)));
        }
        let check = world.post("/commands/check", &body).by("carol:member:demo").send().await;
        check.problem(status, code);
    }
}

#[tokio::test]
async fn ages_at_the_bounds_are_taken() {
    for time in ["2026-11-21T08:05:00Z", "2026-10-22T08:00:00Z"] {
        let world = world();
        let command = with(write_note("c-1", "note/1"), "issuedAt", json!(time));
        world.post("/commands", command).by(STAFF).send().await.ok(202);
    }
}

#[tokio::test]
async fn a_command_of_the_largest_size_is_not_too_large() {
    let world = world();
    let text = write_note("c-1", "note/1").to_string();
    let text = format!("{text}{}", " ".repeat(65_536 - text.len()));
    world.post("/commands", &text).by(STAFF).send().await.ok(202);
    world.post("/commands", format!("{text} ")).by(STAFF).send().await.problem(413, "too-large");
    world.post("/commands", " ".repeat(5 << 20)).by(STAFF).send().await.problem(413, "too-large");
}

#[tokio::test]
async fn all_violations_are_told_at_once() {
    let world = world();
    let command = json!({"id": "a b", "stream": "note/1", "type": "WriteNote", "data": {"text": "", "x": 1}, "y": 1});
    let reply = world.post("/commands", command).by(STAFF).send().await;
    let body = reply.problem(400, "invalid");
    let mut pointers: Vec<_> =
        body["violations"].as_array().unwrap().iter().map(|v| v["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/data/text", "/data/x", "/id", "/issuedAt", "/y"]);
}

#[tokio::test]
async fn what_depends_on_the_stream_is_left_to_the_workflow() {
    let world = world();
    let command = with(with(write_note("c-1", "note/1"), "type", json!("EraseNote")), "data", json!({}));
    world.post("/commands", &command).by(GUEST).send().await.ok(202);
    assert_eq!(world.post("/commands/check", &command).by(GUEST).send().await.ok(200), json!({"valid": true}));
    assert_eq!(world.queued().len(), 1);
}

#[tokio::test]
async fn a_bound_token_sends_its_own_command_only() {
    let world = world();
    let command = write_note("c-1", "note/1");
    let token = |id: &str| format!("alice:staff:demo:{id}:{}", digest(&command));
    world.post("/commands", &command).by(&token("c-1")).send().await.ok(202);
    world.post("/commands", &command).by(&token("c-2")).send().await.problem(403, "forbidden");
    let other = with(command.clone(), "data", json!({"text": "b"}));
    world.post("/commands", other).by(&token("c-1")).send().await.problem(403, "forbidden");
    world.get("/views").by(&token("c-1")).send().await.ok(200);
}

#[tokio::test]
async fn a_busy_queue_and_one_that_is_down_are_told() {
    let world = world();
    world.queue.full.lock().unwrap().push("demo/note/1".into());
    let reply = world.post("/commands", write_note("c-1", "note/1")).by(STAFF).send().await;
    reply.problem(429, "busy");
    assert_eq!(reply.header("retry-after"), "2");
    assert!(world.statuses.known.lock().unwrap().is_empty());
    *world.queue.down.lock().unwrap() = true;
    world.post("/commands", write_note("c-1", "note/1")).by(STAFF).send().await.problem(503, "unavailable");
}

#[tokio::test]
async fn the_same_command_again_has_its_first_outcome() {
    let world = world();
    let command = write_note("c-1", "note/1");
    world.statuses.settle("demo", rejected(&command, "alice"));
    let reply = world.post("/commands", &command).by(STAFF).send().await;
    assert_eq!(reply.ok(202)["rejection"]["code"], "closed");
    assert!(reply.header("location").starts_with("/commands/c-1"));
    let reply = world.post("/commands", &command).by(STAFF).header("prefer", "wait=1").send().await;
    assert_eq!(reply.ok(200)["status"], "rejected");
    // another actor, who may not ask it, learns the outcome too
    world.post("/commands", &command).by("carol:member:demo").send().await.ok(202);
    assert!(world.queued().is_empty());
    assert_eq!(world.post("/commands/check", &command).by(STAFF).send().await.ok(200), json!({"valid": true}));
}

#[tokio::test]
async fn whether_it_was_asked_before_is_left_to_the_workflow_where_only_the_stream_can_tell() {
    let (world, carol) = (world(), "carol:member:demo");
    world.statuses.settle("demo", queued(&write_note("c-1", "note/1"), "alice"));
    world.post("/commands", write_note("c-1", "note/1")).by(carol).send().await.ok(202);
    world.post("/commands", write_note("c-1", "note/2")).by(carol).send().await.problem(403, "forbidden");
    world.post("/commands", write_note("c-2", "note/1")).by(carol).send().await.problem(403, "forbidden");
    *world.statuses.down.lock().unwrap() = true;
    world.post("/commands", write_note("c-2", "note/1")).by(carol).send().await.ok(202);
    let groups: Vec<_> = world.queued().into_iter().map(|(group, _)| group).collect();
    assert_eq!(groups, ["demo/note/1", "demo/note/1"]);
}

#[tokio::test]
async fn what_was_refused_is_judged_again() {
    let world = world();
    let command = write_note("c-1", "note/1");
    world.statuses.settle("demo", refused(&command, "alice", now()));
    world.post("/commands", &command).by(STAFF).send().await.ok(202);
    assert_eq!(world.queued().len(), 1);
}

#[tokio::test]
async fn another_content_under_a_settled_id_is_refused() {
    let world = world();
    let command = write_note("c-1", "note/1");
    world.statuses.settle("demo", committed(&command, "alice"));
    let other = with(command.clone(), "expectedVersion", json!(0));
    world.post("/commands", &other).by(STAFF).send().await.problem(409, "id-reused");
    world.post("/commands/check", &other).by(STAFF).send().await.problem(409, "id-reused");
    assert_eq!(world.get("/commands/c-1").by(STAFF).send().await.ok(200)["status"], "committed");
    // on another stream it is another command
    world.post("/commands", write_note("c-1", "note/2")).by(STAFF).send().await.ok(202);
    // and both are known by their own streams
    world.statuses.settle("demo", committed(&write_note("c-1", "note/2"), "alice"));
    world.post("/commands", with(other, "stream", json!("note/2"))).by(STAFF).send().await.problem(409, "id-reused");
}

#[tokio::test]
async fn commands_are_taken_while_statuses_are_down() {
    let world = world();
    *world.statuses.down.lock().unwrap() = true;
    world.post("/commands", write_note("c-1", "note/1")).by(STAFF).send().await.ok(202);
}

#[tokio::test(start_paused = true)]
async fn a_poster_who_waits_gets_the_verdict() {
    let world = world();
    let command = write_note("c-1", "note/1");
    let ask = world.post("/commands", &command).by(STAFF).header("prefer", "respond-async, wait=10");
    let settle = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        world.statuses.settle("demo", committed(&command, "alice"));
    };
    let started = tokio::time::Instant::now();
    let (reply, ()) = tokio::join!(ask.send(), settle);
    let body = reply.ok(200);
    assert_eq!((&body["status"], &body["version"]), (&json!("committed"), &json!(1)));
    assert_eq!(body["events"], json!([{"type": "NoteWritten", "version": 1}]));
    assert_eq!(started.elapsed(), Duration::from_secs(3));
    assert_eq!(reply.header("preference-applied"), "wait=10");
}

#[tokio::test(start_paused = true)]
async fn a_poster_waits_no_longer_than_25_seconds() {
    let world = world();
    let started = tokio::time::Instant::now();
    let ask = world.post("/commands", write_note("c-1", "note/1")).by(STAFF).header("prefer", "wait=100");
    let reply = ask.send().await;
    assert_eq!(reply.ok(202)["status"], "queued");
    assert!(reply.header("location").starts_with("/commands/c-1"));
    assert!(started.elapsed() >= Duration::from_secs(25) && started.elapsed() < Duration::from_secs(26));
}

#[tokio::test(start_paused = true)]
async fn a_poster_gets_its_own_verdict_only() {
    let command = write_note("c-1", "note/1");
    let other = with(command.clone(), "data", json!({"text": "b"}));
    let before = now() - jiff::SignedDuration::from_secs(1);
    for (known, expected) in [
        // an answer to an earlier delivery, to another's delivery, to another content: not this one's
        (refused(&command, "alice", before), Ok("queued")),
        (refused(&command, "mallory", now()), Ok("queued")),
        (refused(&other, "alice", now()), Ok("queued")),
        (committed(&write_note("c-1", "note/2"), "alice"), Ok("queued")),
        (refused(&command, "alice", now()), Ok("refused")),
        (rejected(&command, "alice"), Ok("rejected")),
        (committed(&other, "alice"), Err("id-reused")),
    ] {
        let world = world();
        let ask = world.post("/commands", &command).by(STAFF).header("prefer", "wait=2");
        let settle = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            world.statuses.settle("demo", known);
        };
        let (reply, ()) = tokio::join!(ask.send(), settle);
        match expected {
            Ok("queued") => assert_eq!(reply.ok(202)["status"], "queued"),
            Ok(status) => assert_eq!(reply.ok(200)["status"], status),
            Err(code) => drop(reply.problem(409, code)),
        }
    }
}
