//! The status store's laws, of statuses that follow a commit store.

use std::sync::Arc;

use async_trait::async_trait;
use aws::opensearch::OpenSearchStatuses;
use jiff::Timestamp;
use kernel::{Id, StreamId, StreamKey, Tenant};
use pipeline::{
    memory::commits::MemoryStore,
    ports::{
        Unavailable,
        commits::{Append, AppendError, ClaimKey, CommitStore, Holder, Page, Seen, Stored},
    },
};

use crate::node::{Place, client};

/// A commit store whose commits are told to the statuses, as the feed tells them.
struct Told {
    commits: MemoryStore,
    statuses: OpenSearchStatuses,
}

#[async_trait]
impl CommitStore for Told {
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        self.commits.newest(above).await
    }
    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable> {
        self.commits.read(key, from, limit).await
    }
    async fn find(&self, key: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        self.commits.find(key, commands).await
    }
    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        self.commits.holders(claims).await
    }
    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        let appended = self.commits.append(appends).await;
        let commits: Vec<_> = appended.iter().filter_map(|one| one.as_ref().ok().cloned()).collect();
        self.statuses.follow(&commits).await.unwrap();
        // the feed tells everything at least once
        self.statuses.follow(&commits).await.unwrap();
        appended
    }
    async fn streams(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        self.commits.streams(tenant, cursor, limit).await
    }
}

async fn fresh() -> (Told, OpenSearchStatuses, Place) {
    let place = Place::new();
    let statuses = || OpenSearchStatuses::new(client(), &place.0);
    (Told { commits: MemoryStore::default(), statuses: statuses() }, statuses(), place)
}

pipeline::status_store_laws!(fresh);
