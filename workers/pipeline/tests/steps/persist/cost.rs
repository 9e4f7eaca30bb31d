//! What a batch costs does not depend on how long its streams are.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Pipeline, add, command, minutes, noon, with};

/// The calls of one batch on a stream of so many commits of one KB, warm and cold.
async fn calls(length: usize) -> [BTreeMap<&'static str, usize>; 2] {
    let pipeline = Pipeline::new();
    for number in 0..length {
        pipeline.ask(&[command(&format!("f{number}"), "toy/a", "Fill", json!({ "bytes": 1_000 }))]).await;
    }
    pipeline.clock.set(noon() + minutes(60));
    let fresh = |id: &str| with(add(id, 1), "issuedAt", noon().to_string());
    pipeline.tap.counted();
    pipeline.ask(&[fresh("w1"), fresh("w2"), fresh("w1")]).await;
    let warm = pipeline.tap.counted();
    let cold = pipeline.restarted();
    cold.ask(&[fresh("k1"), fresh("k2"), fresh("f0")]).await;
    [warm, cold.tap.counted()]
}

#[tokio::test]
async fn the_calls_of_a_batch_do_not_grow_with_the_stream() {
    let short = calls(200).await;
    let long = calls(2_000).await;
    assert_eq!(short, long);
    let [warm, cold] = long;
    assert_eq!(warm, BTreeMap::from([("newest", 1), ("append", 1)]), "reading and writing, each once");
    let all: usize = cold.values().sum();
    assert!(all <= 6, "{cold:?}");
}

#[tokio::test]
async fn many_streams_are_loaded_and_written_in_one_call_each() {
    let pipeline = Pipeline::new();
    let commands: Vec<_> =
        (0..50).map(|n| command(&format!("c{n}"), &format!("toy/{n}"), "Add", json!({ "count": 1 }))).collect();
    pipeline.ask(&commands).await;
    assert_eq!(pipeline.tap.counted(), BTreeMap::from([("newest", 1), ("append", 1)]));
}

#[tokio::test]
async fn a_batch_that_comes_again_is_read_once_not_once_for_each_command() {
    let pipeline = Pipeline::new();
    let commands: Vec<_> = (0..50).map(|number| add(&format!("c{number}"), 1)).collect();
    let first = pipeline.ask(&commands).await;
    let again = pipeline.restarted();
    again.tap.counted();
    assert_eq!(again.ask(&commands).await, first);
    assert_eq!(again.tap.counted(), BTreeMap::from([("newest", 1), ("read", 1)]));
}
