//! Commits and claims in memory.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Id, StreamId, StreamKey, Tenant};
use tokio::sync::watch;

use crate::ports::{
    Unavailable,
    commits::{Append, AppendError, ClaimKey, ClaimWrite, CommitStore, Holder, Page, Seen, Stored},
    queue::Failed,
    snapshots::Snapshot,
    status::Known,
};

/// How many commits a page of the newest has.
const PAGE: usize = 10;

/// Commits, claims, snapshots, statuses and failures in memory. A clone is the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    /// Changes whenever a status may have changed.
    pub(super) news: watch::Sender<()>,
}

/// All that the store holds.
#[derive(Default)]
pub(super) struct State {
    pub(super) streams: BTreeMap<StreamKey, Vec<Arc<Stored>>>,
    /// Every commit, in the order in which they were appended.
    pub(super) log: Vec<Arc<Stored>>,
    pub(super) claims: BTreeMap<ClaimKey, Holder>,
    pub(super) snapshots: HashMap<(StreamKey, u32), Snapshot>,
    pub(super) refusals: HashMap<(Tenant, Id, StreamId), Known>,
    pub(super) failures: Vec<Failed>,
}

impl MemoryStore {
    /// Every commit, in the order in which they were appended.
    pub fn log(&self) -> Vec<Arc<Stored>> {
        self.state().log.clone()
    }

    /// Forgets everything about a stream's commits but their claims, as a restore of an older copy would.
    pub fn lose(&self, key: &StreamKey) {
        let mut state = self.state();
        state.streams.remove(key);
        state.log.retain(|stored| stored.commit.key() != *key);
    }

    /// The state; nobody leaves half a change behind.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CommitStore for MemoryStore {
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        let state = self.state();
        let page = |(key, above): &(StreamKey, u64)| {
            let newer = |stored: &&Arc<Stored>| stored.commit.seq > *above;
            let commits = state.streams.get(key).into_iter().flatten().rev().take_while(newer);
            page(commits, PAGE)
        };
        Ok(above.iter().map(page).collect())
    }

    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable> {
        let state = self.state();
        Ok(page(state.streams.get(key).into_iter().flatten().filter(|stored| stored.commit.seq >= from), limit))
    }

    async fn find(&self, key: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        let state = self.state();
        let commits = state.streams.get(key).map_or(&[][..], Vec::as_slice);
        let find = |(id, _): &(Id, Timestamp)| {
            commits.iter().rev().find_map(|stored| {
                let command = stored.commit.commands.iter().rposition(|command| command.id == *id)?;
                Some(Seen { seq: stored.commit.seq, command })
            })
        };
        Ok(commands.iter().map(find).collect())
    }

    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        let state = self.state();
        Ok(claims.iter().map(|key| state.claims.get(key).cloned()).collect())
    }

    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        let appended = {
            let mut state = self.state();
            appends.into_iter().map(|append| state.append(append)).collect()
        };
        self.news.send_replace(());
        appended
    }

    async fn streams(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        let state = self.state();
        let behind = |key: &&StreamKey| cursor.is_none_or(|cursor| key.stream.as_str() > cursor);
        let names = state.streams.keys().filter(|key| key.tenant == *tenant).filter(behind);
        let names: Vec<StreamId> = names.take(limit).map(|key| key.stream.clone()).collect();
        let cursor = names.last().filter(|_| names.len() == limit).map(ToString::to_string);
        Ok((names, cursor))
    }

    async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        let state = self.state();
        let cursor = cursor.unwrap_or_default();
        let (scope, value) = cursor.split_once('\n').unwrap_or((cursor, ""));
        let after = ClaimKey { tenant: tenant.clone(), scope: scope.to_owned(), value: value.to_owned() };
        let behind = state.claims.range((Bound::Excluded(after), Bound::Unbounded));
        let claims = behind.take_while(|(key, _)| key.tenant == *tenant).take(limit);
        let claims: Vec<_> = claims.map(|(key, holder)| (key.clone(), holder.clone())).collect();
        let last = claims.last().filter(|_| claims.len() == limit);
        let cursor = last.map(|(key, _)| format!("{}\n{}", key.scope, key.value));
        Ok((claims, cursor))
    }
}

impl State {
    fn append(&mut self, append: Append) -> Result<Arc<Stored>, AppendError> {
        let stream = self.streams.get(append.position().key()).map_or(0, Vec::len);
        if stream as u64 != append.position().seq() {
            return Err(AppendError::Conflict);
        }
        for (index, claim) in append.claims().iter().enumerate() {
            if self.claims.get(claim.key()) != claim.read() {
                return Err(AppendError::Claimed(index));
            }
        }
        let commit = &append.stored().commit;
        let holder = Holder { stream: commit.stream.clone(), seq: commit.seq, hash: append.stored().hash };
        for claim in append.claims() {
            match claim {
                ClaimWrite::Take { key, .. } => self.claims.insert(key.clone(), holder.clone()),
                ClaimWrite::Release { key, .. } => self.claims.remove(key),
            };
        }
        let key = append.position().key().clone();
        let stored = append.into_stored();
        self.streams.entry(key).or_default().push(stored.clone());
        self.log.push(stored.clone());
        Ok(stored)
    }
}

fn page<'a>(mut commits: impl Iterator<Item = &'a Arc<Stored>>, limit: usize) -> Page {
    let page = commits.by_ref().take(limit).cloned().collect();
    Page { commits: page, more: commits.next().is_some(), corrupt: None }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::MemoryStore;

    fn fresh() -> Ready<(MemoryStore, ())> {
        ready((MemoryStore::default(), ()))
    }

    fn ledger() -> Ready<(MemoryStore, MemoryStore, ())> {
        let store = MemoryStore::default();
        ready((store.clone(), store, ()))
    }

    crate::commit_store_laws!(fresh);
    crate::snapshot_store_laws!(fresh);
    crate::status_store_laws!(ledger);
    crate::failure_inbox_laws!(fresh);
}
