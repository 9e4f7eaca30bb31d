//! Relay: what the bus is told of commits.

use pipeline::{
    laws::sample,
    ports::{
        commits::{Append, CommitStore, Position},
        feed::BusEntry,
    },
    steps::relay::{FEED, entries, reannounce, relay},
};
use serde_json::{Value, json, value::to_raw_value};

use crate::support::{Pipeline, add, command, doubles::Notes, key, noon};

fn fill(id: &str, bytes: usize) -> Value {
    command(id, "toy/a", "Fill", json!({ "bytes": bytes }))
}

fn detail(entry: &BusEntry) -> Value {
    serde_json::from_str(entry.detail.get()).unwrap()
}

/// What the bus is told of a stream's commits.
async fn told(pipeline: &Pipeline, stream: &str) -> Vec<BusEntry> {
    let told = entries(&pipeline.catalog, &pipeline.commits(stream).await).unwrap();
    told.into_iter().map(|told| told.entry).collect()
}

#[tokio::test]
async fn commits_are_packed_into_entries_of_at_most_200_kb_in_order() {
    let pipeline = Pipeline::new();
    for number in 0..6 {
        pipeline.ask(&[fill(&format!("c{number}"), 60_000)]).await;
    }
    let commits = pipeline.commits("toy/a").await;
    let entries = told(&pipeline, "toy/a").await;
    let seqs = |entry: &Value| -> Vec<u64> {
        entry["commits"].as_array().unwrap().iter().map(|commit| commit["seq"].as_u64().unwrap()).collect()
    };
    let packed: Vec<_> = entries.iter().map(|entry| seqs(&detail(entry))).collect();
    assert_eq!(packed, [vec![1, 2, 3], vec![4, 5, 6]]);
    for entry in &entries {
        assert!(entry.detail.get().len() <= 200 * 1024);
        assert_eq!((entry.source.as_str(), entry.detail_type.as_str()), (FEED, "Commits"));
        assert_eq!(detail(entry)["aggregates"], json!(["toy"]));
    }
    let read: kernel::Commit = serde_json::from_value(detail(&entries[0])["commits"][0].clone()).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap().len(), commits[0].bytes, "whole commits, as they are stored");
}

#[tokio::test]
async fn public_events_are_published_one_by_one_and_no_others() {
    let pipeline = Pipeline::new();
    pipeline
        .ask(&[fill("c1", 1), add("c2", 7), command("c3", "toy/a", "Deny", json!({ "bytes": 1 })), add("c4", 8)])
        .await;
    let entries = told(&pipeline, "toy/a").await;
    let public: Vec<_> = entries.iter().filter(|entry| entry.source != FEED).collect();
    assert_eq!(public.len(), 2);
    for (entry, (version, command, count)) in public.iter().zip([(2, "c2", 7), (3, "c4", 8)]) {
        assert_eq!((entry.source.as_str(), entry.detail_type.as_str()), ("factmill.toy", "Added"));
        let event = detail(entry);
        assert_eq!(event["id"], json!(format!("acme/toy/a@{version}")));
        assert_eq!((&event["version"], &event["commandId"]), (&json!(version), &json!(command)));
        assert_eq!(
            (&event["actor"], &event["tenant"], &event["stream"]),
            (&json!("alice"), &json!("acme"), &json!("toy/a"))
        );
        assert_eq!(
            (&event["type"], &event["schema"], &event["data"]["count"]),
            (&json!("Added"), &json!(1), &json!(count))
        );
    }
}

#[tokio::test]
async fn one_entry_that_is_not_accepted_is_told_and_nothing_else_is_lost() {
    let pipeline = Pipeline::new();
    for number in 0..3 {
        pipeline.ask(&[fill(&format!("f{number}"), 120_000), add(&format!("c{number}"), 1)]).await;
    }
    let commits = pipeline.commits("toy/a").await;
    let firsts: Vec<_> = entries(&pipeline.catalog, &commits).unwrap().iter().map(|told| told.first).collect();
    assert!(firsts[1] > 0, "{firsts:?}");
    let bus = Notes::default();
    *bus.refused.lock().unwrap() = vec![1];
    let unsent = relay(&pipeline.catalog, &bus, &commits).await.unwrap_err();
    assert_eq!(unsent.first, firsts[1], "the first commit that was not told of");
    relay(&pipeline.catalog, &bus, &commits).await.unwrap();
    let told = bus.entries.lock().unwrap().len();
    assert_eq!(told % 2, 0, "all again: subscribers expect it");
}

#[tokio::test]
async fn a_commit_with_an_event_that_nobody_can_read_keeps_no_other_back() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1)]).await;
    let strange =
        kernel::EventRecord { kind: "Unheard".into(), schema: 9, command: 5, data: to_raw_value(&1).unwrap() };
    let added = kernel::EventRecord { kind: "Added".into(), schema: 1, command: 5, data: to_raw_value(&1).unwrap() };
    let append = Append::new(
        Position::start(key("toy/b")),
        noon(),
        None,
        vec![sample::command("x", 2, false)],
        vec![strange, added],
        vec![],
    );
    pipeline.store().append(vec![append.unwrap()]).await.remove(0).unwrap();
    let bus = Notes::default();
    relay(&pipeline.catalog, &bus, &pipeline.log().await).await.unwrap();
    let told = bus.entries.lock().unwrap();
    assert_eq!(told.len(), 2, "the packed commits, and the one public event that its commit can account for");
    assert_eq!(detail(&told[0])["commits"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_announced_again_is_the_feed_alone() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1)]).await;
    let commits = pipeline.commits("toy/a").await;
    let bus = Notes::default();
    reannounce(&bus, &commits).await.unwrap();
    let sources: Vec<_> = bus.entries.lock().unwrap().iter().map(|entry| entry.source.clone()).collect();
    assert_eq!(sources, [FEED]);
    assert_eq!(entries(&pipeline.catalog, &commits).unwrap().len(), 2, "there is a public event too");
}
