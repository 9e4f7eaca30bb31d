//! What must hold after whatever happened.

use std::{collections::HashMap, path::Path};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    client::Client,
    ledger::{Ledger, by_id},
    process::Engine,
};

/// Checks everything, and ends the engine.
pub(crate) fn all(engine: Engine, ledger: &Ledger, data: &Path) {
    let client = &engine.client;
    let statuses = by_id(client.settled(ledger.acknowledged()));
    settled_once(client, ledger, &statuses);
    assert_eq!(client.differences(), Vec::<Value>::new(), "verify");
    let counts = engine.client.read("/views/comments?limit=1")["total"].as_u64();
    assert_eq!(counts, Some(comments(client, ledger)), "comments that are found");
    engine.stop();
    at_rest(data);
}

/// Every acknowledged command is settled, with its own content, and its events stand in its stream exactly once.
fn settled_once(client: &Client, ledger: &Ledger, statuses: &HashMap<String, Value>) {
    let mut by_command: HashMap<String, Vec<Value>> = HashMap::new();
    for stream in ledger.streams() {
        let events = client.history(stream);
        let versions: Vec<_> = events.iter().filter_map(|event| event["version"].as_u64()).collect();
        assert_eq!(versions, (1..=events.len() as u64).collect::<Vec<_>>(), "versions of {stream}");
        for event in events {
            let command = event["commandId"].as_str().unwrap().to_owned();
            let sent = ledger.sent.get(&command).unwrap_or_else(|| panic!("nobody sent the command of {event}"));
            assert_eq!(sent.command["stream"], stream, "{event}");
            by_command.entry(command).or_default().push(event);
        }
    }
    let unasked: Vec<_> = by_command.keys().filter(|id| !statuses.contains_key(*id)).cloned().collect();
    for (id, status) in by_id(client.statuses(&unasked)).iter().chain(statuses) {
        let sent = &ledger.sent[id];
        assert_eq!((&status["stream"], &status["type"]), (&sent.command["stream"], &sent.command["type"]), "{status}");
        assert!(status["status"] == "committed" || status["status"] == "rejected", "{status}");
        let events = by_command.remove(id).unwrap_or_default();
        let told = |event: &Value| json!({ "type": event["type"], "version": event["version"] });
        assert_eq!(status["events"], events.iter().map(told).collect::<Value>(), "the events of {id}");
        if let Some(event) = events.first() {
            for content in ["text", "bookingId"] {
                assert_eq!(event["data"][content], sent.command["data"][content], "{content} of {event}");
            }
        }
        if let Some(verdict) = &sent.verdict {
            assert_eq!(status, verdict, "the answer to {id} changed");
        }
    }
    assert!(by_command.is_empty(), "events of commands without a status: {by_command:?}");
}

/// How many comments there are by their streams.
fn comments(client: &Client, ledger: &Ledger) -> u64 {
    let there = |stream: &&str| {
        let events = client.history(stream);
        !events.is_empty() && events.iter().all(|event| event["type"] != "CommentDeleted")
    };
    ledger.streams().into_iter().filter(|stream| stream.starts_with("comment/")).filter(there).count() as u64
}

/// After an orderly end nothing is queued, nothing was given up, and no command is recorded twice.
pub(crate) fn at_rest(data: &Path) {
    let db = open(data);
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM queue"), 0, "queued at the end");
    assert_eq!(count("SELECT count(*) FROM inbox"), 0, "given up");
    let twice = "SELECT count(*) FROM (SELECT 1 FROM commands GROUP BY tenant, id HAVING count(*) > 1)";
    assert_eq!(count(twice), 0, "recorded twice");
}

/// The store of a data folder that no engine has.
pub(crate) fn open(data: &Path) -> Connection {
    Connection::open(data.join("factmill.db")).unwrap()
}
