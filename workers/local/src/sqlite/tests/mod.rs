//! Tests of the embedded store.

mod durable;
mod laws;
mod order;
mod prune;
mod speed;

use std::{path::Path, sync::Arc, time::Duration};

use pipeline::ports::{clock::SystemClock, queue::Delivery};

use super::{
    Store,
    queue::{Limits, Most},
};

const MOST: Most = Most { messages: 10, bytes: 1 << 20 };
const LEASE: Duration = Duration::from_secs(30);

fn open(folder: &Path) -> Store {
    Store::open(folder, Arc::new(SystemClock), Limits::default()).unwrap()
}

fn fresh() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(folder.path()), folder)
}

async fn receive(store: &Store) -> Vec<Delivery> {
    let received = store.queue().receive(MOST, LEASE);
    tokio::time::timeout(Duration::from_secs(30), received).await.unwrap()
}

/// The ids of the deliveries' commands.
fn ids(deliveries: &[Delivery]) -> Vec<String> {
    let id = |delivery: &Delivery| {
        let body: serde_json::Value = serde_json::from_str(&delivery.message.body).unwrap();
        body["id"].as_str().unwrap().to_owned()
    };
    deliveries.iter().map(id).collect()
}
