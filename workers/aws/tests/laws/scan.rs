//! The whole table: streams listed, and commits told again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws::reannounce::{Done, Request, run};
use aws_sdk_dynamodb::types::AttributeValue;
use pipeline::{
    laws::sample::{append, command, event, second, stream},
    ports::{
        Unavailable,
        commits::{Append, CommitStore, Position},
        feed::{Bus, BusEntry},
    },
};
use serde_json::Value;

use crate::support::Engine;

#[derive(Default)]
struct Notes(Mutex<Vec<BusEntry>>);

#[async_trait]
impl Bus for Notes {
    async fn publish(&self, entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>> {
        let accepted = entries.iter().map(|_| Ok(())).collect();
        self.0.lock().unwrap().extend(entries);
        accepted
    }
}

/// Commits of 30 KB, one each second, to three streams: more than a page of the table.
async fn fill(engine: &Engine, seconds: i64) {
    let store = engine.store();
    for name in ["count/a", "count/b", "count/c"] {
        let mut position = Position::start(stream(name));
        for number in 0..seconds {
            let data = format!("{{\"filler\":\"{}\"}}", "x".repeat(30_000));
            let command = command(&format!("c{number}"), position.version() + 1, false);
            let commit = Append::new(position, second(number), None, vec![command], vec![event(&data)], vec![]);
            position = Position::after(&store.append(vec![commit.unwrap()]).await.remove(0).unwrap());
        }
    }
}

fn told(bus: &Notes) -> BTreeMap<String, Vec<u64>> {
    let mut told: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in bus.0.lock().unwrap().iter() {
        let detail: Value = serde_json::from_str(entry.detail.get()).unwrap();
        for commit in detail["commits"].as_array().unwrap() {
            let stream = commit["stream"].as_str().unwrap().to_owned();
            told.entry(stream).or_default().push(commit["seq"].as_u64().unwrap());
        }
    }
    told
}

#[tokio::test]
async fn what_was_committed_in_a_time_is_told_again_each_streams_in_order() {
    let engine = Engine::fresh().await;
    fill(&engine, 20).await;
    let broken = engine.client.put_item().table_name(&engine.commits);
    let broken = broken.item("k", AttributeValue::S("acme/count/d".into())).item("s", AttributeValue::N("1".into()));
    broken.item("b", AttributeValue::B(b"no commit".to_vec().into())).send().await.unwrap();

    let notes = Arc::new(Notes::default());
    let bus: Arc<dyn Bus> = notes.clone();
    let request = |next| Request { from: second(5), to: second(14), next };
    let whole = run(&engine.store(), &bus, request(None), Instant::now() + Duration::from_hours(1)).await.unwrap();
    assert_eq!(whole, Done { announced: 30, unreadable: 1, next: None });
    assert_eq!(told(&notes), of_the_time());

    // with no time at all: a page each
    let notes = Arc::new(Notes::default());
    let bus: Arc<dyn Bus> = notes.clone();
    let (mut next, mut calls) = (None, 0);
    loop {
        let done = run(&engine.store(), &bus, request(next), Instant::now()).await.unwrap();
        calls += 1;
        next = done.next;
        if next.is_none() {
            break;
        }
    }
    assert!(calls > 1);
    assert_eq!(told(&notes), of_the_time());
}

fn of_the_time() -> BTreeMap<String, Vec<u64>> {
    ["count/a", "count/b", "count/c"].map(|name| (name.to_owned(), (6..=15).collect())).into()
}

#[tokio::test]
async fn long_streams_are_listed_once_and_no_cursor_names_another_tenants() {
    let engine = Engine::fresh().await;
    fill(&engine, 20).await;
    let store = engine.store();
    for number in 0..20 {
        let theirs = format!("other/count/{number}").parse().unwrap();
        store.append(vec![append(&Position::start(theirs), "c")]).await.remove(0).unwrap();
    }
    let tenant = stream("count/a").tenant;
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let (names, next) = store.streams(&tenant, cursor.as_deref(), 2).await.unwrap();
        listed.extend(names.iter().map(ToString::to_string));
        cursor = next;
        let Some(cursor) = &cursor else { break };
        assert_eq!(Some(cursor), listed.last());
    }
    listed.sort();
    assert_eq!(listed, ["count/a", "count/b", "count/c"]);
}
