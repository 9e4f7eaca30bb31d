//! What the steps are tested on: everything in memory. The embedded host has a module like this one beside its tests,
//! and runs the same tests.

use std::sync::Arc;

use kernel::StreamKey;
use pipeline::{
    memory::{commits::MemoryStore, search::MemoryIndex},
    ports::{commits::Stored, queue::Failed},
};

pub(crate) type Store = MemoryStore;
pub(crate) type Views = MemoryIndex;
/// What must outlive a store or an index.
pub(crate) type Rest = ();

/// Of a test's thousands of cases, every so manieth is tried: all of them, where they cost little.
pub(crate) const EVERY: usize = 1;

pub(crate) fn store() -> (Store, Rest) {
    (MemoryStore::default(), ())
}

pub(crate) fn views() -> (Views, Rest) {
    (MemoryIndex::default(), ())
}

/// Every commit, in the order in which they were appended.
pub(crate) async fn log(store: &Store, (): &Rest) -> Vec<Arc<Stored>> {
    std::future::ready(store.log()).await
}

/// Forgets a stream's commits but not their claims, as a restore of an older copy would.
pub(crate) async fn lose(store: &Store, (): &Rest, key: &StreamKey) {
    store.lose(key);
    std::future::ready(()).await;
}

/// The commands that were given up, oldest first.
pub(crate) async fn failures(store: &Store, (): &Rest) -> Vec<Failed> {
    std::future::ready(store.failures()).await
}
