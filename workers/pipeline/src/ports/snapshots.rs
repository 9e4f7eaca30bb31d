//! Snapshots of states: an optimisation that may be lost at any time.

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Hash, StreamKey};

use super::Unavailable;

/// A state at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The decider's revision: another revision's state is not used.
    pub revision: u32,
    /// The commit after which it was taken.
    pub seq: u64,
    /// That commit's hash: a snapshot of another history is not used.
    pub hash: Hash,
    /// The stream's version there.
    pub version: u64,
    /// That commit's time.
    pub time: Timestamp,
    /// The state, as the aggregate dumps it.
    pub state: Vec<u8>,
}

/// One snapshot for each stream and revision.
#[async_trait]
pub trait SnapshotStore: Send + Sync {
    /// The last snapshot of a stream under a revision.
    async fn get(&self, key: &StreamKey, revision: u32) -> Result<Option<Snapshot>, Unavailable>;

    /// Keeps a snapshot, unless one of the same or a higher commit is kept; `over` names a kept one that is not on
    /// the stream's chain, which is then replaced whatever its number. True if it was kept.
    async fn put(&self, key: &StreamKey, snapshot: &Snapshot, over: Option<Hash>) -> Result<bool, Unavailable>;
}
