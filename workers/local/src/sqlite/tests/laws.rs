//! The laws of the ports.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use async_trait::async_trait;
use pipeline::{
    laws::inbox::ReadInbox,
    ports::{Unavailable, clock::SystemClock, queue::Failed},
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::super::{
    Store,
    queue::{Limits, Queue},
};

fn store() -> Ready<(Store, TempDir)> {
    ready(super::fresh())
}

fn ledger() -> Ready<(Store, Store, TempDir)> {
    let (store, folder) = super::fresh();
    ready((store.clone(), store, folder))
}

fn queue() -> Ready<(Queue, TempDir)> {
    let (store, folder) = super::fresh();
    ready((store.queue().clone(), folder))
}

fn small() -> Ready<(Queue, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { messages: 3, bytes: 1 << 20 };
    let store = Store::open(folder.path(), Arc::new(SystemClock), limits).unwrap();
    ready((store.queue().clone(), folder))
}

#[async_trait]
impl ReadInbox for Store {
    async fn kept(&self) -> Result<Vec<Failed>, Unavailable> {
        let read = |db: &Connection| {
            let mut select = db.prepare("SELECT failed FROM inbox")?;
            let rows = select.query_map([], |row| row.get::<_, String>(0))?;
            Ok(rows.map(|row| serde_json::from_str(&row.unwrap()).unwrap()).collect())
        };
        self.inner.readers.read("read the inbox", read).await
    }
}

pipeline::commit_store_laws!(store);
pipeline::failure_inbox_laws!(store);
pipeline::snapshot_store_laws!(store);
pipeline::status_store_laws!(ledger);
pipeline::command_queue_laws!(queue);
pipeline::bounded_queue_laws!(small);
