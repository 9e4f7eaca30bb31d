//! Project: whatever comes, however often, in whatever order, beside whomever: the views are what the fold says.

mod hidden;
mod orders;
mod parked;
pub(crate) mod side_by_side;

use std::sync::Arc;

use kernel::catalog::ViewSpec;
use pipeline::ports::commits::Stored;
use serde_json::{Value, json};

use crate::support::{Pipeline, add, command};

fn view(pipeline: &Pipeline, name: &str) -> Arc<ViewSpec> {
    pipeline.catalog.find_view(name).unwrap().clone()
}

fn list(id: &str, item: &str, amount: impl Into<Value>) -> Value {
    command(id, "toy/a", "List", json!({ "item": item, "amount": amount.into() }))
}

fn delist(id: &str, item: &str) -> Value {
    command(id, "toy/a", "Delist", json!({ "item": item }))
}

fn curse(id: &str, wherever: &str, item: &str) -> Value {
    command(id, "toy/a", "Curse", json!({ "wherever": wherever, "item": item }))
}

/// Each batch becomes a commit.
async fn given(batches: &[Vec<Value>]) -> (Pipeline, Vec<Arc<Stored>>) {
    let pipeline = Pipeline::new();
    for batch in batches {
        pipeline.ask(batch).await;
    }
    let commits = pipeline.commits("toy/a").await;
    assert_eq!(commits.len(), batches.len());
    (pipeline, commits)
}

/// Documents that come, change, go and come back; commits of several events, of one, and of none.
pub(crate) fn eventful() -> Vec<Vec<Value>> {
    vec![
        vec![list("c1", "x", 1), add("c2", 5)],
        vec![command("c3", "toy/a", "Deny", json!({ "bytes": 1 }))],
        vec![delist("c4", "x"), add("c5", 7), list("c6", "y", 2)],
        vec![list("c7", "x", 3), add("c8", 1)],
        vec![add("c9", 4)],
    ]
}
