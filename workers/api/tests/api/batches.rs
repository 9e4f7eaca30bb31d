//! Batches of commands.

use serde_json::{Value, json};

use crate::support::{GUEST, STAFF, committed, world, write_note};

fn codes(body: &Value) -> Vec<(u64, Value, &str)> {
    let refused = body["refused"].as_array().unwrap().iter();
    refused
        .map(|one| (one["index"].as_u64().unwrap(), one["id"].clone(), one["refusal"]["code"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_streams_commands_travel_together_as_they_were_sent() {
    let world = world();
    let texts = [
        write_note("c-1", "note/1").to_string(),
        write_note("c-2", "note/2").to_string(),
        format!("{:#}", write_note("c-3", "note/1")),
    ];
    let body = world.post("/commands", format!(" [{}]", texts.join(" , "))).by(STAFF).send().await.ok(202);
    assert_eq!(body, json!({"queued": 3, "refused": []}));
    let expected = [
        ("demo/note/1".to_owned(), format!("[{},{}]", texts[0], texts[2])),
        ("demo/note/2".to_owned(), texts[1].clone()),
    ];
    assert_eq!(world.queued(), expected);
}

#[tokio::test]
async fn lines_are_a_batch_and_blank_ones_do_not_count() {
    let world = world();
    let lines =
        format!("{}\r\n\n  \nnot json\n{}", write_note("c-1", "note/1"), json!({"id": "c-2", "stream": "note/1"}));
    let body = world.lines(lines).by(STAFF).header("prefer", "wait=5").send().await.ok(202);
    assert_eq!(body["queued"], 1);
    assert_eq!(codes(&body), [(1, json!(null), "malformed"), (2, json!("c-2"), "invalid")]);
    assert_eq!(world.queued().len(), 1);
    // what has an id and a stream is recorded
    assert_eq!(world.get("/commands/c-2").by(STAFF).send().await.ok(200)["refusal"]["code"], "invalid");
}

#[tokio::test]
async fn empty_batches_are_taken_and_bad_arrays_are_not() {
    let world = world();
    assert_eq!(world.post("/commands", "[]").by(STAFF).send().await.ok(202), json!({"queued": 0, "refused": []}));
    assert_eq!(world.lines("\n \n").by(STAFF).send().await.ok(202), json!({"queued": 0, "refused": []}));
    for bad in ["[", "[{}", "[{},]", "[1 2]", "[] []"] {
        world.post("/commands", bad).by(STAFF).send().await.problem(400, "malformed");
    }
    let odd = world.post("/commands", r#"[5, {"id":"c-1","id":"c-1"}, null, [ ]]"#).by(STAFF).send().await.ok(202);
    assert_eq!(codes(&odd).iter().map(|(index, ..)| *index).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert!(codes(&odd).iter().all(|(_, id, code)| id.is_null() && *code == "malformed"), "{odd}");
    world.post("/commands/check", "[]").by(STAFF).send().await.problem(400, "malformed");
}

#[tokio::test]
async fn too_many_or_too_long_is_refused_for_all() {
    let world = world();
    let line = format!("{}\n", write_note("c-1", "note/1"));
    world.lines(line.repeat(1_001)).by(STAFF).send().await.problem(413, "too-large");
    world.lines("x".repeat((4 << 20) + 1)).by(STAFF).send().await.problem(413, "too-large");
    assert!(world.queued().is_empty());
    let body = world.lines(line.repeat(1_000)).by(STAFF).send().await.ok(202);
    assert_eq!(body["queued"], 1_000);
    // 100 commands to a message
    assert_eq!(world.queued().len(), 10);
    assert!(world.queued().iter().all(|(_, body)| body.matches("c-1").count() == 100));
}

#[tokio::test]
async fn a_message_holds_no_more_than_the_queue_takes() {
    let world = world();
    let padded = |id: &str, spaces: usize| {
        let text = write_note(id, "note/1").to_string();
        text.replacen('{', &format!("{{{}", " ".repeat(spaces)), 1)
    };
    let batch: Vec<_> = (0..5).map(|n| padded(&format!("c-{n}"), 60_000)).collect();
    let batch = format!("[{}]", batch.join(","));
    let body = world.post("/commands", batch).by(STAFF).send().await.ok(202);
    assert_eq!(body["queued"], 5);
    let sizes: Vec<_> = world.queued().iter().map(|(_, body)| body.len()).collect();
    assert!(sizes.len() == 3 && sizes.iter().all(|size| *size <= 200_000), "{sizes:?}");
    let too_large = format!("[{}]", padded("c-9", 65_536));
    let body = world.post("/commands", too_large).by(STAFF).send().await.ok(202);
    assert_eq!(codes(&body), [(0, json!("c-9"), "too-large")]);
}

#[tokio::test]
async fn each_command_is_judged_by_itself() {
    let world = world();
    let first = write_note("c-1", "note/1");
    world.statuses.settle("demo", committed(&first, "alice"));
    let mut reused = first.clone();
    reused["data"]["text"] = json!("b");
    let mut erase = write_note("c-2", "note/1");
    (erase["type"], erase["data"]) = (json!("EraseNote"), json!({}));
    let mut stale = write_note("c-3", "note/1");
    stale["issuedAt"] = json!("2020-01-01T00:00:00Z");
    let mut unknown = write_note("c-4", "note/1");
    unknown["type"] = json!("Nope");
    let batch = json!([first, reused, erase, stale, unknown, write_note("c-5", "note/1")]);
    let body = world.post("/commands", &batch).by(GUEST).send().await.ok(202);
    assert_eq!(body["queued"], 3);
    assert_eq!(
        codes(&body),
        [(1, json!("c-1"), "id-reused"), (3, json!("c-3"), "stale"), (4, json!("c-4"), "unknown-type")]
    );
    // what was settled is not queued again
    assert_eq!(world.queued(), [("demo/note/1".to_owned(), format!("[{},{}]", batch[2], batch[5]))]);
    let body = world.post("/commands", json!([write_note("c-6", "note/1")])).by("x:member:demo").send().await.ok(202);
    assert_eq!(codes(&body), [(0, json!("c-6"), "forbidden")]);
}

#[tokio::test]
async fn what_a_busy_queue_does_not_take_is_refused() {
    let world = world();
    world.queue.full.lock().unwrap().push("demo/note/1".into());
    let batch = json!([write_note("c-1", "note/1"), write_note("c-2", "note/2"), write_note("c-3", "note/1")]);
    let body = world.post("/commands", &batch).by(STAFF).send().await.ok(202);
    assert_eq!(
        (&body["queued"], codes(&body)),
        (&json!(1), vec![(0, json!("c-1"), "busy"), (2, json!("c-3"), "busy")])
    );

    let all = json!([write_note("c-1", "note/1"), write_note("c-3", "note/1")]);
    let reply = world.post("/commands", &all).by(STAFF).send().await;
    reply.problem(429, "busy");
    assert_eq!(reply.header("retry-after"), "2");
    // one that is refused for its own sake is told
    let mixed = json!([write_note("c-1", "note/1"), {"id": "c-9", "stream": "note/1"}]);
    let body = world.post("/commands", &mixed).by(STAFF).send().await.ok(202);
    assert_eq!(codes(&body), [(0, json!("c-1"), "busy"), (1, json!("c-9"), "invalid")]);

    *world.queue.down.lock().unwrap() = true;
    world.post("/commands", &all).by(STAFF).send().await.problem(503, "unavailable");
}
