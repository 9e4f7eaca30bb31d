//! Who may call at all, and what every answer has in common.

use serde_json::json;

use crate::support::{GUEST, STAFF, world, write_note};

#[tokio::test]
async fn health_names_the_parts_and_needs_no_token() {
    let world = world();
    let body = world.get("/health").send().await.ok(200);
    assert_eq!(body, json!({"status": "ok", "parts": {"store": "ok", "index": "ok"}}));
    *world.health.0.lock().unwrap() = Some("is being rebuilt".into());
    let body = world.get("/health").send().await.ok(503);
    assert_eq!(body, json!({"status": "unavailable", "parts": {"store": "ok", "index": "is being rebuilt"}}));
}

#[tokio::test]
async fn everything_else_needs_a_token() {
    let world = world();
    for path in
        ["/commands/c-1", "/views", "/views/notes", "/views/notes/1", "/reports", "/reports/x", "/streams/note/1"]
    {
        let reply = world.get(path).send().await;
        reply.problem(401, "unauthenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    for path in ["/commands", "/commands/check", "/commands/status", "/views/notes/search", "/verify"] {
        world.post(path, "{}").send().await.problem(401, "unauthenticated");
    }
    for bad in ["Bearer", "Bearer ", "Basic YTpi", "nonsense", "Bearer nonsense"] {
        world.get("/views").header("authorization", bad).send().await.problem(401, "unauthenticated");
    }
    let reply = world.get("/views").by("down").send().await;
    reply.problem(503, "unavailable");
    assert_eq!(reply.header("retry-after"), "1");
    world.get("/views").header("authorization", &format!("bearer {STAFF}")).send().await.ok(200);
}

#[tokio::test]
async fn unknown_paths_methods_and_media_types_are_problems() {
    let world = world();
    world.get("/nothing").send().await.problem(404, "not-found");
    world.get("/streams/%ff/1").by(STAFF).send().await.problem(404, "not-found");
    let reply = world.post("/views", "{}").by(STAFF).send().await;
    reply.problem(405, "method-not-allowed");
    assert_eq!(reply.header("allow"), "GET,HEAD");
    world.get("/commands").by(STAFF).send().await.problem(405, "method-not-allowed");
    let reply = world.text("/commands", "text/plain").by(STAFF).send().await;
    reply.problem(415, "unsupported-media-type");
    for path in ["/commands/check", "/commands/status", "/views/notes/search", "/verify"] {
        let reply = world.text(path, "application/x-ndjson").by("root:staff,operator:demo").send().await;
        reply.problem(415, "unsupported-media-type");
    }
}

#[tokio::test]
async fn parameters_that_are_unknown_or_repeated_are_violations() {
    let world = world();
    for (path, violation) in [
        ("/views?x=1", "/x unknown-field"),
        ("/views/notes?x=1", "/x unknown-field"),
        ("/views/notes?limit=1&limit=2", "/limit duplicate"),
        ("/views/notes?wait=1&wait=2", "/wait duplicate"),
        ("/views/notes/1?x=1", "/x unknown-field"),
        ("/commands/c-1?x=1", "/x unknown-field"),
        ("/commands/c-1?wait=26", "/wait out-of-range"),
        ("/commands/c-1?wait=x", "/wait bad-format"),
        ("/commands/c-1?received=x", "/received bad-format"),
        ("/reports?x=1", "/x unknown-field"),
        ("/reports/notes-of-day?day=2026-12-01&x=1", "/x unknown-field"),
        ("/reports/notes-of-day?day=2026-12-01&day=2026-12-01", "/day duplicate"),
        ("/streams/note/1?x=1", "/x unknown-field"),
        ("/streams/note/1/state?a%2Fb=1", "/a~1b unknown-field"),
    ] {
        world.get(path).by(STAFF).send().await.invalid(&[violation]);
    }
    world.post("/commands?x=1", write_note("c-1", "note/1")).by(STAFF).send().await.invalid(&["/x unknown-field"]);
    assert!(world.queued().is_empty());
}

#[tokio::test]
async fn verification_is_for_operators() {
    let world = world();
    world.post("/verify", "{}").by(STAFF).send().await.problem(403, "forbidden");
    let operator = "root:operator:demo";
    let body = world.post("/verify", json!({"stream": "note/1", "cursor": null})).by(operator).send().await.ok(200);
    assert_eq!(body, json!({"checked": 7, "differences": [], "next": null}));
    world.post("/verify", "").by(operator).send().await.ok(200);
    world.post("/verify", json!({"cursor": "bad"})).by(operator).send().await.invalid(&["/cursor mismatch"]);
    let bad = world.post("/verify", json!({"stream": 5, "x": 1})).by(operator).send().await;
    bad.invalid(&["/stream wrong-type", "/x unknown-field"]);
    world.post("/verify", "[").by(operator).send().await.problem(400, "malformed");
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_request_without_end_are_answered() {
    let world = world();
    let operator = "root:operator:demo";
    let body = world.post("/verify", json!({"cursor": "panic"})).by(operator).send().await.problem(500, "internal");
    assert!(body["detail"].as_str().unwrap().contains(body["id"].as_str().unwrap()), "{body}");
    world.post("/verify", json!({"cursor": "slow"})).by(operator).send().await.problem(503, "unavailable");
    world.get("/views").by(GUEST).send().await.ok(200);
}
