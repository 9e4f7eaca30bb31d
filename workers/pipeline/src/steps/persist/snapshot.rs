//! Keeping snapshots: what makes loading a long stream cheap, and is never a command's trouble.

use kernel::StreamKey;

use super::{Persist, warm::Loaded, work::Work};
use crate::ports::{Unavailable, commits::Stored, snapshots::Snapshot};

/// Snapshots smaller than this are not worth their write.
const SMALLEST_SNAPSHOT: usize = 64 * 1024;

impl Loaded {
    /// Whether the events since the last snapshot outweigh it.
    pub(super) fn is_worth_a_snapshot(&self) -> bool {
        self.since_snapshot >= self.snapshot_bytes.max(SMALLEST_SNAPSHOT)
    }
}

impl Work {
    /// Keeps a snapshot. One that can't be kept costs time at the next cold load, never a command.
    pub(super) async fn snapshot(&mut self, env: &Persist, stored: &Stored) {
        let Some(loaded) = &mut self.loaded else { return };
        let state = match self.aggregate.dump(&loaded.state) {
            Ok(state) => state,
            Err(corrupt) => {
                env.warm.count_lost_snapshot();
                tracing::warn!(stream = %self.key, "a state can't be kept: {corrupt}");
                loaded.since_snapshot = 0;
                return;
            }
        };
        loaded.since_snapshot = 0;
        loaded.snapshot_bytes = state.len();
        let snapshot = Snapshot {
            revision: self.aggregate.revision(),
            seq: stored.commit.seq,
            hash: stored.hash,
            version: stored.commit.last,
            time: stored.commit.time,
            state,
        };
        match keep(env, &self.key, &snapshot).await {
            Ok(()) => loaded.snapshot = Some(snapshot.seq),
            Err(outage) => {
                env.warm.count_lost_snapshot();
                tracing::warn!(stream = %self.key, "a snapshot was not kept: {outage}");
            }
        }
    }
}

async fn keep(env: &Persist, key: &StreamKey, snapshot: &Snapshot) -> Result<(), Unavailable> {
    if env.snapshots.put(key, snapshot, None).await? {
        return Ok(());
    }
    // what is kept has the same or a higher number: ours may replace it only if it is not on the chain
    if let Some(kept) = env.snapshots.get(key, snapshot.revision).await? {
        let commit = env.commits.at(key, kept.seq).await?;
        if commit.is_none_or(|commit| commit.hash != kept.hash) {
            env.snapshots.put(key, snapshot, Some(kept.hash)).await?;
        }
    }
    Ok(())
}
