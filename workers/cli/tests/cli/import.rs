//! `factmill import` against a server that is busy, slow, lost or strange.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use crate::fake::{Fake, Run, World};
use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "--issued-at";

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

fn command(id: &str, stream: &str, kind: &str) -> Value {
    json!({"id": id, "stream": stream, "type": kind, "data": {}})
}

/// Many commands on nine streams, most of them on one.
fn commands(count: usize) -> Vec<Value> {
    let stream = |n: usize| if n.is_multiple_of(3) { format!("room/{}", n % 8) } else { "room/hot".to_owned() };
    (0..count).map(|n| command(&format!("c-{n}"), &stream(n), "Do")).collect()
}

fn file(folder: &TempDir, lines: &[impl ToString]) -> PathBuf {
    let path = folder.path().join("commands.ndjson");
    std::fs::write(&path, lines.iter().map(|line| line.to_string() + "\n").collect::<String>()).unwrap();
    path
}

fn import(fake: &Fake, path: &Path, args: &[&str]) -> Run {
    fake.run(&[&["import", path.to_str().unwrap()], args].concat())
}

fn start(fake: &Fake, path: &Path, args: &[&str]) -> Child {
    fake.factmill(&[&["import", path.to_str().unwrap()], args].concat()).spawn().unwrap()
}

fn piped(fake: &Fake, args: &[&str], lines: &[impl ToString]) -> Run {
    let mut child = fake.factmill(&[&["import", "-"], args].concat()).stdin(Stdio::piped()).spawn().unwrap();
    let text: String = lines.iter().map(|line| line.to_string() + "\n").collect();
    // where the import refuses early, it does not read on
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    Run::of(child.wait_with_output().unwrap())
}

/// Each stream's commands are there in the file's order, each once.
fn assert_in_order(fake: &Fake, sent: &[Value]) {
    let world = fake.world();
    assert!(world.overtaken.is_empty(), "two requests at once for {:?}", world.overtaken);
    assert_eq!(world.taken.values().map(Vec::len).sum::<usize>(), sent.len());
    for (stream, taken) in &world.taken {
        let expected = sent.iter().filter(|command| command["stream"] == *stream);
        assert!(expected.map(|command| &command["id"]).eq(taken.iter().map(|command| &command["id"])), "{stream}");
    }
}

#[test]
fn every_streams_commands_arrive_once_and_in_order_also_from_a_busy_server() {
    let folder = TempDir::new().unwrap();
    let sent = commands(6_000);
    let fake = Fake::start(World { busy_every: Some(3), busy_batches: 2, settles_at: 2, ..World::default() });
    let run = import(&fake, &file(&folder, &sent), &["--in-hand", "1500"]);
    assert_eq!(run.code, 0, "{run:?}");
    let counts = run.json();
    assert_eq!((&counts["committed"], &counts["rejected"]), (&json!(6_000), &json!(0)));
    assert_eq!((&counts["refused"], &counts["failed"]), (&json!(0), &json!(0)));
    assert!(counts["seconds"].as_f64().unwrap() > 0.0 && counts.get("unsettled").is_none());
    assert_in_order(&fake, &sent);
    assert_eq!(fake.world().bearers.iter().collect::<Vec<_>>(), ["Bearer test-token"]);
}

#[test]
fn outcomes_are_counted_and_what_was_refused_is_told_and_kept() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::start(World::default());
    let lines = [
        command("ok", "a/1", "Do").to_string(),
        command("no", "a/1", "Reject").to_string(),
        String::new(),
        command("bad", "a/1", "Bad").to_string(),
        "not json".to_owned(),
        command("forbidden", "a/2", "Forbid").to_string(),
        command("failed", "a/3", "Fail").to_string(),
    ];
    let kept = folder.path().join("refused.ndjson");
    let run = import(&fake, &file(&folder, &lines), &["--refused", kept.to_str().unwrap()]);
    assert_eq!(run.code, 1, "a failed one: {run:?}");
    let counts = run.json();
    assert_eq!(
        [&counts["committed"], &counts["rejected"], &counts["refused"], &counts["failed"]],
        [&json!(1), &json!(1), &json!(3), &json!(1)]
    );
    for told in [
        "line 4 (`bad`) refused: invalid: not valid\n  /data/x required: is required",
        "line 5 refused: malformed",
        "line 6 (`forbidden`) refused: forbidden: not yours",
        "line 7 (`failed`) failed: gave-up: too often",
    ] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
    let kept: Vec<Value> =
        std::fs::read_to_string(kept).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept.len(), 4);
    assert!(kept.iter().any(|entry| entry["line"] == 4 && entry["reason"]["code"] == "invalid"), "{kept:?}");
}

#[test]
fn rejections_are_outcomes_but_when_every_line_is_refused_the_import_has_failed() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::start(World::default());
    let run = import(&fake, &file(&folder, &[command("a", "a/1", "Reject"), command("b", "a/1", "Bad")]), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let run = import(&fake, &file(&folder, &[command("c", "a/1", "Bad"), command("d", "a/1", "Bad")]), &[]);
    assert_eq!((run.code, &run.json()["refused"]), (1, &json!(2)));
    let run = import(&fake, &file(&folder, &[] as &[Value]), &[]);
    assert_eq!((run.code, &run.json()["committed"]), (0, &json!(0)));
}

#[test]
fn a_files_time_is_filled_in_and_the_option_that_repeats_it_is_told() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::start(World::default());
    let own = json!({"id": "own", "stream": "a/1", "type": "Do", "issuedAt": "2026-11-20T08:00:00Z"});
    let path = file(&folder, &[command("none", "a/1", "Do"), own]);
    let yesterday = SystemTime::now() - Duration::from_hours(24);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(yesterday).unwrap();
    let run = import(&fake, &path, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let world = fake.world();
    let filled = world.taken["a/1"][0]["issuedAt"].as_str().unwrap();
    assert!(run.stderr.contains(&format!("--issued-at {filled}")), "{}", run.stderr);
    assert_eq!(world.taken["a/1"][1]["issuedAt"], "2026-11-20T08:00:00Z");
}

#[test]
fn a_file_older_than_29_days_is_a_usage_error_and_nothing_is_sent() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::start(World::default());
    let path = file(&folder, &commands(10));
    let old = SystemTime::now() - Duration::from_hours(24 * 30);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    let run = import(&fake, &path, &[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("--issued-at"), "{}", run.stderr);
    assert_eq!(fake.world().batches, 0);

    let ancient = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 30)).to_string();
    assert_eq!(import(&fake, &path, &[NOW, &ancient]).code, 2);
    assert_eq!(fake.world().batches, 0);
    assert_eq!(import(&fake, &path, &[NOW, &now()]).code, 0);
}

#[test]
fn a_pipe_needs_a_time_unless_every_command_tells_its_own() {
    let fake = Fake::start(World::default());
    let run = piped(&fake, &[], &commands(10));
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(fake.world().batches, 0);

    let sent = commands(1_200);
    let run = piped(&fake, &[NOW, &now()], &sent);
    assert_eq!((run.code, &run.json()["committed"]), (0, &json!(1_200)));
    assert_in_order(&fake, &sent);

    let timed = json!({"id": "t", "stream": "t/1", "type": "Do", "issuedAt": now()});
    assert_eq!(piped(&fake, &[], &[timed]).json()["committed"], 1);
    // a UUIDv7 tells its time to the server, which fills it in: the line is sent as it is
    let telling = command("0199a1c2-6c1f-7a3e-9d35-0f5a3c1b2d4e", "t/2", "Do");
    assert_eq!(piped(&fake, &[], std::slice::from_ref(&telling)).code, 0);
    assert_eq!(fake.world().taken["t/2"], [telling]);
}

#[test]
fn a_server_that_comes_back_in_time_is_no_failure() {
    let folder = TempDir::new().unwrap();
    let sent = commands(4_000);
    let mut fake = Fake::start(World { settles_at: 2, ..World::default() });
    let child = start(&fake, &file(&folder, &sent), &["--in-hand", "1000"]);
    fake.await_world(|world| world.batches >= 2);
    fake.stop();
    let before = fake.world().taken.clone();
    fake.serve();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, &run.json()["committed"]), (0, &json!(4_000)), "{run:?}");
    // a request that was cut off may have been taken, and is sent again: what is new stays in order
    assert!(before.values().map(Vec::len).sum::<usize>() < 4_000);
    for (stream, taken) in &fake.world().taken {
        let mut seen = std::collections::BTreeSet::new();
        let once: Vec<&Value> =
            taken.iter().map(|command| &command["id"]).filter(|id| seen.insert(id.to_string())).collect();
        let expected = sent.iter().filter(|command| command["stream"] == *stream).map(|command| &command["id"]);
        assert!(expected.eq(once), "{stream}");
    }
}

#[test]
fn a_server_lost_for_longer_than_the_patience_is_unreachable() {
    let folder = TempDir::new().unwrap();
    let mut fake = Fake::start(World { settles_at: 2, ..World::default() });
    let child = start(&fake, &file(&folder, &commands(4_000)), &["--in-hand", "1000", "--patience", "1"]);
    fake.await_world(|world| world.batches >= 2);
    fake.stop();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.json()["unsettled"].as_u64().unwrap() > 0, "{run:?}");
    assert!(run.stderr.contains("run the import again"), "{}", run.stderr);
}

#[test]
fn what_never_settles_is_given_up_and_named() {
    let folder = TempDir::new().unwrap();
    let fake = Fake::start(World { settles_at: u32::MAX, ..World::default() });
    let run = import(&fake, &file(&folder, &commands(3)), &["--patience", "1"]);
    assert_eq!((run.code, &run.json()["unsettled"]), (1, &json!(3)), "{run:?}");
    for id in ["c-0", "c-1", "c-2"] {
        assert!(run.stderr.contains(&format!("(`{id}`) unsettled")), "{}", run.stderr);
    }
}

#[test]
fn a_refusal_of_an_earlier_import_is_not_taken_for_this_ones() {
    let folder = TempDir::new().unwrap();
    let earlier = json!({"status": "refused", "receivedAt": "2026-11-01T08:00:00Z", "refusal": {"code": "forbidden", "message": "then"}});
    let known = [("c-0".to_owned(), earlier)].into();
    let fake = Fake::start(World { settles_at: 3, known, ..World::default() });
    let run = import(&fake, &file(&folder, &commands(1)), &[]);
    assert_eq!((run.code, &run.json()["committed"]), (0, &json!(1)), "{run:?}");
}

#[test]
fn what_cannot_be_imported_is_a_usage_error() {
    let fake = Fake::start(World::default());
    assert_eq!(fake.run(&["import", "/no/such/file"]).code, 2);
    assert_eq!(fake.run(&["import"]).code, 2);
    assert_eq!(fake.run(&["import", "-", "--issued-at", "yesterday"]).code, 2);
}
