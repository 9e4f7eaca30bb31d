//! Histories and states.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, StreamKey, spec};
use pipeline::ports::commits::{Append, Position};
use serde_json::{Value, json};

use crate::support::{Event, GUEST, NoteWritten, STAFF, World, now, world};

/// Commits of `note/1`: each of so many events, a second apart.
fn given(world: &World, commits: &[usize]) {
    let key = StreamKey::new("demo".parse().unwrap(), "note/1".parse().unwrap());
    let mut all = world.commits.0.lock().unwrap();
    let stored = all.entry(key.clone()).or_default();
    let mut written = 0;
    for (n, count) in commits.iter().enumerate() {
        let events: Vec<Event> = (0..*count)
            .map(|_| {
                written += 1;
                NoteWritten { text: format!("text {written}") }.into()
            })
            .collect();
        let commit = spec::commit("note/1", n as u64 + 1, 1, &Actor { sub: "bob".into(), roles: [].into() }, &events);
        let position = stored.last().map_or_else(|| Position::start(key.clone()), |last| Position::after(last));
        let append = Append::new(position, at(n), None, commit.commands, commit.events, Vec::new());
        stored.push(append.unwrap().into_stored());
    }
}

fn at(n: usize) -> Timestamp {
    now() + SignedDuration::from_secs(i64::try_from(n).unwrap())
}

fn versions(body: &Value) -> Vec<u64> {
    body["events"].as_array().unwrap().iter().map(|event| event["version"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_history_is_told_oldest_first_in_pages() {
    let world = world();
    given(&world, &[1, 0, 3, 2, 0, 1, 0]);
    let body = world.get("/streams/note/1").by(STAFF).send().await.ok(200);
    assert_eq!((&body["stream"], &body["version"], &body["next"]), (&json!("note/1"), &json!(7), &json!(null)));
    assert_eq!(versions(&body), [1, 2, 3, 4, 5, 6, 7]);
    let first = &body["events"][1];
    assert_eq!(first["id"], "demo/note/1@2");
    assert_eq!((&first["type"], &first["schema"], &first["actor"]), (&json!("NoteWritten"), &json!(1), &json!("bob")));
    assert_eq!((&first["commandId"], &first["time"]), (&json!("c-3"), &json!("2026-11-21T08:00:02Z")));
    assert_eq!(first["data"], json!({"text": "text 2"}));

    for (from, limit, expected, next) in [
        (1, 1, vec![1], json!(2)),
        (2, 3, vec![2, 3, 4], json!(5)),
        (3, 4, vec![3, 4, 5, 6], json!(7)),
        (5, 3, vec![5, 6, 7], json!(null)),
        (7, 1000, vec![7], json!(null)),
        (8, 10, vec![], json!(null)),
    ] {
        let body = world.get(&format!("/streams/note/1?from={from}&limit={limit}")).by(STAFF).send().await.ok(200);
        assert_eq!((versions(&body), &body["next"]), (expected, &next), "{from} {limit}");
    }
}

#[tokio::test]
async fn a_history_that_is_not_there_or_not_the_readers_is_not_told() {
    let world = world();
    given(&world, &[0]);
    for path in
        ["/streams/note/1", "/streams/note/2", "/streams/nope/1", "/streams/note/a%20b", "/streams/note/1/state"]
    {
        world.get(path).by(STAFF).send().await.problem(404, "not-found");
    }
    given(&world, &[1]);
    world.get("/streams/note/1").by("alice:staff:other").send().await.problem(404, "not-found");
    world.get("/streams/note/1").by(GUEST).send().await.problem(403, "forbidden");
    world.get("/streams/note/1/state").by(GUEST).send().await.problem(403, "forbidden");
    for (query, violation) in [
        ("from=0", "/from out-of-range"),
        ("from=x", "/from bad-format"),
        ("limit=0", "/limit out-of-range"),
        ("limit=1001", "/limit out-of-range"),
    ] {
        world.get(&format!("/streams/note/1?{query}")).by(STAFF).send().await.invalid(&[violation]);
    }
}

#[tokio::test]
async fn a_long_history_comes_in_more_pages() {
    let world = world();
    given(&world, &[300; 20]);
    let mut from = json!(1);
    let mut told = Vec::new();
    while from.is_u64() {
        let body = world.get(&format!("/streams/note/1?from={from}&limit=1000")).by(STAFF).send().await.ok(200);
        told.extend(versions(&body));
        from = body["next"].clone();
    }
    assert_eq!(told, (1..=6_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_state_is_told_as_of_a_version_or_a_time() {
    let world = world();
    given(&world, &[1, 0, 2, 0]);
    for (query, version, time) in [
        ("", 3, 2),
        ("?version=1", 1, 0),
        ("?version=2", 2, 2),
        ("?version=3", 3, 2),
        ("?at=2026-11-21T08:00:00Z", 1, 0),
        ("?at=2026-11-21T08:00:01.999Z", 1, 0),
        ("?at=2026-11-21T08:00:02Z", 3, 2),
        ("?at=2030-01-01T00:00:00%2B01:00", 3, 2),
    ] {
        let body = world.get(&format!("/streams/note/1/state{query}")).by(STAFF).send().await.ok(200);
        let texts: Vec<_> = (1..=version).map(|n| format!("text {n}")).collect();
        let expected = json!({"stream": "note/1", "version": version, "at": at(time).to_string(), "state": texts});
        assert_eq!(body, expected, "{query}");
    }
    for query in ["version=4", "at=2026-11-21T07:59:59.999Z"] {
        world.get(&format!("/streams/note/1/state?{query}")).by(STAFF).send().await.problem(404, "not-found");
    }
    for (query, violation) in [
        ("version=0", "/version out-of-range"),
        ("version=-1", "/version bad-format"),
        ("at=yesterday", "/at bad-format"),
        ("version=1&at=2026-11-21T08:00:00Z", "/at mismatch"),
    ] {
        world.get(&format!("/streams/note/1/state?{query}")).by(STAFF).send().await.invalid(&[violation]);
    }
}
