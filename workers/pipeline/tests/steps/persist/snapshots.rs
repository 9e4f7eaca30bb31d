//! Snapshots: an optimisation that may be lost at any time.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Hash, StreamKey};
use pipeline::ports::{
    Unavailable,
    snapshots::{Snapshot, SnapshotStore},
};
use serde_json::{Value, json};

use crate::support::{Pipeline, add, batch, command, doubles::down, key, verdicts};

fn fill(number: usize, bytes: usize) -> Value {
    command(&format!("f{number}"), "toy/a", "Fill", json!({ "bytes": bytes }))
}

async fn kept(pipeline: &Pipeline) -> Option<Snapshot> {
    SnapshotStore::get(pipeline.store(), &key("toy/a"), 1).await.unwrap()
}

#[tokio::test]
async fn a_snapshot_is_written_when_the_events_since_the_last_one_outweigh_it() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1), fill(1, 40_000)]).await;
    assert_eq!(kept(&pipeline).await, None);
    pipeline.ask(&[fill(2, 40_000)]).await;
    let first = kept(&pipeline).await.unwrap();
    let stored = pipeline.commits("toy/a").await[1].clone();
    assert_eq!((first.seq, first.hash, first.version, first.time), (2, stored.hash, 3, stored.commit.time));
    // a state of 300 KB: the next waits for as much
    pipeline.ask(&[command("g", "toy/a", "Grow", json!({ "bytes": 300_000 })), fill(3, 100_000)]).await;
    let second = kept(&pipeline).await.unwrap();
    assert_eq!((second.seq, second.state.len() > 300_000), (3, true));
    for number in 4..7 {
        pipeline.ask(&[fill(number, 90_000)]).await;
        assert_eq!(kept(&pipeline).await.unwrap().seq, 3);
    }
    pipeline.ask(&[fill(7, 90_000)]).await;
    assert_eq!(kept(&pipeline).await.unwrap().seq, 7);
}

#[tokio::test]
async fn the_newest_commit_names_the_last_snapshot() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[fill(1, 90_000)]).await;
    pipeline.ask(&[add("c1", 1)]).await;
    pipeline.restarted().ask(&[add("c2", 1)]).await;
    let named: Vec<_> = pipeline.commits("toy/a").await.iter().map(|stored| stored.commit.snapshot).collect();
    assert_eq!(named, [None, Some(1), Some(1)]);
}

/// A stream that takes a cold load more than one read: its value is 1 before, and its newest commit names a snapshot.
async fn long() -> Pipeline {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1)]).await;
    for number in 1..15 {
        pipeline.ask(&[fill(number, 20_000)]).await;
    }
    pipeline
}

#[tokio::test]
async fn a_cold_load_begins_at_the_snapshot() {
    let pipeline = long().await.restarted();
    let snapshot = kept(&pipeline).await.unwrap();
    // a state that only the snapshot can tell
    let other = Snapshot { state: br#"{"value":41,"owner":null,"blob":"","names":{}}"#.to_vec(), ..snapshot.clone() };
    assert!(pipeline.store().put(&key("toy/a"), &other, Some(snapshot.hash)).await.unwrap());
    let set = command("c2", "toy/a", "Set", json!({ "value": 41 }));
    assert_eq!(pipeline.ask_one(set).await, "committed 15", "already so");
}

#[tokio::test]
async fn a_snapshot_of_another_history_or_that_cannot_be_read_is_not_used() {
    let good = kept(&long().await).await.unwrap();
    let wrong = br#"{"value":41,"owner":null,"blob":"","names":{}}"#.to_vec();
    for (what, bad) in [
        ("another history", Snapshot { hash: Hash::of(b"another"), state: wrong.clone(), ..good.clone() }),
        ("beyond the stream", Snapshot { seq: 99, state: wrong.clone(), ..good.clone() }),
        ("garbage", Snapshot { state: b"garbage".to_vec(), ..good.clone() }),
        ("another revision", Snapshot { revision: 0, state: wrong, ..good }),
    ] {
        let pipeline = long().await.restarted();
        let now = kept(&pipeline).await.unwrap();
        assert!(pipeline.store().put(&key("toy/a"), &bad, Some(now.hash)).await.unwrap());
        let set = command("c2", "toy/a", "Set", json!({ "value": 1 }));
        assert_eq!(pipeline.ask_one(set).await, "committed 15", "{what}: the value is 1, and it is already so");
    }
}

#[tokio::test]
async fn a_snapshot_off_the_chain_is_replaced() {
    let pipeline = long().await;
    let now = kept(&pipeline).await.unwrap();
    let lost = Snapshot { seq: 500, hash: Hash::of(b"lost"), ..now.clone() };
    assert!(pipeline.store().put(&key("toy/a"), &lost, Some(now.hash)).await.unwrap());
    pipeline.ask(&[fill(20, 100_000)]).await;
    assert_eq!(kept(&pipeline).await.unwrap().seq, 16);
}

/// A snapshot store that can't.
struct Broken;

#[async_trait]
impl SnapshotStore for Broken {
    async fn get(&self, _: &StreamKey, _: u32) -> Result<Option<Snapshot>, Unavailable> {
        Err(down())
    }
    async fn put(&self, _: &StreamKey, _: &Snapshot, _: Option<Hash>) -> Result<bool, Unavailable> {
        Err(down())
    }
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_written_is_counted_and_fails_no_command() {
    let pipeline = Pipeline::with_snapshots(Arc::default(), Arc::new(Broken));
    for number in 1..15 {
        assert_eq!(pipeline.ask_one(fill(number, 20_000)).await, format!("committed {number}"));
    }
    assert_eq!(pipeline.persist.warm.lost_snapshots(), 3);
    assert_eq!(pipeline.commits("toy/a").await[13].commit.snapshot, None, "no commit names what is not kept");
}

#[tokio::test]
async fn a_snapshot_store_that_cannot_be_reached_is_an_outage_not_a_long_read() {
    let long = long().await;
    let pipeline = Pipeline::with_snapshots(long.tap.clone(), Arc::new(Broken));
    let mut batch = batch(&[add("c2", 1)]);
    let error = pipeline.run(&mut batch).await.unwrap_err();
    assert_eq!((error.name(), verdicts(&batch)), ("Unavailable", vec!["authorized".to_owned()]));
    long.restarted().run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch), ["committed 16"]);
}

#[tokio::test]
async fn a_state_of_five_megabytes_is_kept_and_found_again() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[command("g", "toy/a", "Grow", json!({ "bytes": 5 << 20 })), add("c1", 1)]).await;
    for number in 1..13 {
        pipeline.ask(&[fill(number, 20_000)]).await;
    }
    assert!(kept(&pipeline).await.unwrap().state.len() > 5 << 20);
    let cold = pipeline.restarted();
    let set = command("c2", "toy/a", "Set", json!({ "value": 1 }));
    assert_eq!(cold.ask_one(set).await, "committed 14");
    assert_eq!(pipeline.persist.warm.lost_snapshots(), 0);
}
