//! Snapshots in memory.

use std::collections::hash_map::Entry;

use async_trait::async_trait;
use kernel::{Hash, StreamKey};

use super::commits::MemoryStore;
use crate::ports::{
    Unavailable,
    snapshots::{Snapshot, SnapshotStore},
};

#[async_trait]
impl SnapshotStore for MemoryStore {
    async fn get(&self, key: &StreamKey, revision: u32) -> Result<Option<Snapshot>, Unavailable> {
        Ok(self.state().snapshots.get(&(key.clone(), revision)).cloned())
    }

    async fn put(&self, key: &StreamKey, snapshot: &Snapshot, over: Option<Hash>) -> Result<bool, Unavailable> {
        match self.state().snapshots.entry((key.clone(), snapshot.revision)) {
            Entry::Vacant(free) => {
                free.insert(snapshot.clone());
            }
            Entry::Occupied(mut kept) => {
                if kept.get().seq >= snapshot.seq && Some(kept.get().hash) != over {
                    return Ok(false);
                }
                kept.insert(snapshot.clone());
            }
        }
        Ok(true)
    }
}
