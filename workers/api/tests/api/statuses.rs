//! What came of commands: who sees it, and waiting for it.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{GUEST, STAFF, committed, now, queued, refused, world, write_note};

#[tokio::test]
async fn a_status_is_seen_by_its_actor_and_by_whom_the_policies_let() {
    let world = world();
    world.statuses.settle("demo", committed(&write_note("c-1", "note/1"), "bob"));
    for (token, seen) in [(GUEST, true), (STAFF, true), ("carol:guest:demo", false), ("bob:guest:other", false)] {
        let reply = world.get("/commands/c-1").by(token).send().await;
        let all = world.post("/commands/status", json!({"ids": ["c-1"]})).by(token).send().await.ok(200);
        if seen {
            assert_eq!(reply.ok(200)["id"], "c-1");
            assert_eq!(all["statuses"]["c-1"]["status"], "committed");
        } else {
            reply.problem(404, "unknown-command");
            assert_eq!(reply.header("retry-after"), "1");
            assert_eq!(all, json!({"statuses": {"c-1": null}}));
        }
    }
    world.get("/commands/a%20b").by(STAFF).send().await.problem(404, "unknown-command");
}

#[tokio::test]
async fn a_queued_command_is_told_without_waiting() {
    let world = world();
    world.statuses.settle("demo", queued(&write_note("c-1", "note/1"), "bob"));
    let body = world.get("/commands/c-1").by(GUEST).send().await.ok(200);
    assert_eq!((&body["status"], &body["settledAt"]), (&json!("queued"), &json!(null)));
}

#[tokio::test]
async fn ids_may_be_the_words_of_routes() {
    let world = world();
    for id in ["check", "status"] {
        world.statuses.settle("demo", committed(&write_note(id, "note/1"), "bob"));
        assert_eq!(world.get(&format!("/commands/{id}")).by(GUEST).send().await.ok(200)["id"], id);
    }
}

#[tokio::test]
async fn many_statuses_are_read_at_once() {
    let world = world();
    world.statuses.settle("demo", committed(&write_note("c-1", "note/1"), "bob"));
    let body = world.post("/commands/status", json!({"ids": ["c-2", "c-1", "c-1"]})).by(GUEST).send().await.ok(200);
    assert_eq!(body["statuses"].as_object().unwrap().len(), 2);
    assert_eq!(
        world.post("/commands/status", json!({"ids": []})).by(GUEST).send().await.ok(200),
        json!({"statuses": {}})
    );
    for (body, violations) in [
        (json!({}), &["/ids required"][..]),
        (json!({"ids": "c-1", "x": 1}), &["/ids wrong-type", "/x unknown-field"]),
        (json!({"ids": ["a b", 5]}), &["/ids/0 bad-format", "/ids/1 wrong-type"]),
        (json!({"ids": vec!["c-1"; 1_001]}), &["/ids too-long"]),
    ] {
        world.post("/commands/status", body).by(GUEST).send().await.invalid(violations);
    }
    world.post("/commands/status", "[]").by(GUEST).send().await.problem(400, "malformed");
    *world.statuses.down.lock().unwrap() = true;
    world.post("/commands/status", json!({"ids": ["c-1"]})).by(GUEST).send().await.problem(503, "unavailable");
}

#[tokio::test(start_paused = true)]
async fn a_reader_waits_for_an_unknown_command_and_for_a_queued_one() {
    let world = world();
    let command = write_note("c-1", "note/1");
    let happen = async {
        sleep(Duration::from_secs(2)).await;
        world.statuses.settle("demo", queued(&command, "bob"));
        sleep(Duration::from_secs(2)).await;
        world.statuses.settle("demo", committed(&command, "bob"));
    };
    let started = Instant::now();
    let (reply, ()) = tokio::join!(world.get("/commands/c-1?wait=25").by(GUEST).send(), happen);
    assert_eq!(reply.ok(200)["status"], "committed");
    assert_eq!(started.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_reader_waits_in_vain() {
    let world = world();
    let started = Instant::now();
    world.get("/commands/c-1?wait=3").by(GUEST).send().await.problem(404, "unknown-command");
    assert!(started.elapsed() >= Duration::from_secs(3));
    world.statuses.settle("demo", queued(&write_note("c-1", "note/1"), "bob"));
    let body = world.get("/commands/c-1?wait=3").by(GUEST).send().await.ok(200);
    assert_eq!(body["status"], "queued");
}

#[tokio::test(start_paused = true)]
async fn answers_to_earlier_deliveries_are_not_told() {
    let world = world();
    let command = write_note("c-1", "note/1");
    world.statuses.settle("demo", refused(&command, "bob", now()));
    let later = "/commands/c-1?received=2026-11-21T08:00:01Z";
    world.get(later).by(GUEST).send().await.problem(404, "unknown-command");
    assert_eq!(world.get("/commands/c-1").by(GUEST).send().await.ok(200)["status"], "refused");
    assert_eq!(
        world.get("/commands/c-1?received=2026-11-21T08:00:00Z").by(GUEST).send().await.ok(200)["status"],
        "refused"
    );
    let happen = async {
        sleep(Duration::from_secs(1)).await;
        world.statuses.settle("demo", committed(&command, "bob"));
    };
    let waiting = format!("{later}&wait=5");
    let (reply, ()) = tokio::join!(world.get(&waiting).by(GUEST).send(), happen);
    // what is settled for good answers every delivery
    assert_eq!(reply.ok(200)["status"], "committed");
}
