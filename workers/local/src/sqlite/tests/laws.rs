//! The laws of the ports.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use pipeline::ports::clock::SystemClock;
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

pipeline::commit_store_laws!(store);
pipeline::snapshot_store_laws!(store);
pipeline::status_store_laws!(ledger);
pipeline::command_queue_laws!(queue);
pipeline::bounded_queue_laws!(small);
