//! Persist: decide each stream's commands in order, on the state they find, and append what came of it.
//!
//! For each command: was it seen before? → is it permitted, by the policies that read the resource too? → the expected
//! version → decide. The conditional append closes every race: who loses it reloads and decides again.

mod claims;
mod decide;
mod draft;
mod load;
mod snapshot;
mod warm;
mod work;

use std::{sync::Arc, time::Duration};

use kernel::{Catalog, StreamKey, catalog::Corrupt};

pub use self::warm::Warm;
use self::{load::load, work::Work};
use super::{
    StepError,
    batch::{Batch, Envelope, Stage},
};
use crate::ports::{
    clock::Clock,
    commits::{AppendError, CommitStore},
    identity::PolicyEngine,
    snapshots::SnapshotStore,
};

/// How often a stream is reloaded within one batch before the batch is given back.
const MOST_CONFLICTS: u32 = 8;

/// All that persisting needs. One for each process: it keeps streams warm.
pub struct Persist {
    /// The domains.
    pub catalog: Arc<Catalog>,
    /// The streams.
    pub commits: Arc<dyn CommitStore>,
    /// States of long streams.
    pub snapshots: Arc<dyn SnapshotStore>,
    /// The policies that read the resource.
    pub policies: Arc<dyn PolicyEngine>,
    /// The time that commits bear.
    pub clock: Arc<dyn Clock>,
    /// The streams that this process has loaded.
    pub warm: Warm,
}

impl Persist {
    /// Decides and appends every authorized command of the batch. A batch that fails keeps what is settled, and may be
    /// persisted again.
    pub async fn persist(&self, batch: &mut Batch) -> Result<(), StepError> {
        let mut works = self.group(batch)?;
        let result = self.work(&mut works, batch.probe).await;
        for work in works {
            work.finish(batch, &self.warm);
        }
        batch.note_what_to_settle();
        result
    }

    async fn work(&self, works: &mut [Work], probe: bool) -> Result<(), StepError> {
        load(self, works).await?;
        if probe {
            return Ok(());
        }
        loop {
            let mut appends = Vec::new();
            let mut writers = Vec::new();
            for (index, work) in works.iter_mut().enumerate() {
                work.look_up(self).await?;
                if let Some(append) = work.next_commit(self).await? {
                    appends.push(append);
                    writers.push(index);
                }
            }
            if appends.is_empty() {
                return Ok(());
            }
            let mut conflicts = 0;
            let results = self.commits.append(appends).await;
            for (index, result) in writers.into_iter().zip(results) {
                let Some(work) = works.get_mut(index) else { continue };
                match result {
                    Ok(stored) => work.committed(self, stored).await,
                    Err(AppendError::Conflict | AppendError::Claimed(_)) => {
                        work.conflicts += 1;
                        self.warm.count_conflict();
                        if work.conflicts > MOST_CONFLICTS {
                            return Err(StepError::Conflict(work.key.to_string()));
                        }
                        conflicts = conflicts.max(work.conflicts);
                        work.forget();
                    }
                    // nothing is known of the write: whoever tries again reads what came of it
                    Err(AppendError::Unavailable(outage)) => return Err(outage.into()),
                }
            }
            if conflicts > 0 {
                tokio::time::sleep(jitter(conflicts)).await;
                load(self, works).await?;
            }
        }
    }

    /// The batch's authorized commands by stream, those of a stream in order.
    fn group(&self, batch: &mut Batch) -> Result<Vec<Work>, StepError> {
        let mut works: Vec<Work> = Vec::new();
        let mut by_key = std::collections::HashMap::<StreamKey, usize>::new();
        // all are looked at before the first is taken in hand: a batch that is not as it must be is left as it is
        for item in &batch.commands {
            if batch.message_of(item).is_none() {
                return Err(Corrupt("a command names no message of its batch".into()).into());
            }
            if !matches!(item.stage, Stage::Authorized(_) | Stage::Settled(_)) {
                return Err(Corrupt("a command came to be persisted without being authorized".into()).into());
            }
        }
        for (index, item) in batch.commands.iter_mut().enumerate() {
            let Some(Envelope { received_at, traceparent, .. }) = batch.messages.get(item.message) else { continue };
            let mut authorized = match item.stage.take() {
                Stage::Authorized(authorized) => authorized,
                other => {
                    item.stage = other;
                    continue;
                }
            };
            if authorized.command.traceparent.is_none() {
                authorized.command.traceparent.clone_from(traceparent);
            }
            let key = StreamKey::new(authorized.tenant.clone(), authorized.command.stream.clone());
            let position = if let Some(position) = by_key.get(&key) {
                *position
            } else {
                let name = key.stream.aggregate();
                let aggregate = self.catalog.find(name);
                let aggregate = aggregate.ok_or_else(|| Corrupt(format!("there is no aggregate `{name}`")))?;
                works.push(Work::new(key.clone(), aggregate.clone()));
                by_key.insert(key, works.len() - 1);
                works.len() - 1
            };
            if let Some(work) = works.get_mut(position) {
                work.add(index, *received_at, authorized);
            }
        }
        Ok(works)
    }
}

/// Full jitter below an exponentially growing bound. The randomness is that of a hash map's keys: enough to spread
/// writers apart.
fn jitter(attempt: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let bound = 5_u64.saturating_mul(1 << attempt.min(8));
    Duration::from_millis(RandomState::new().hash_one(attempt) % bound)
}
