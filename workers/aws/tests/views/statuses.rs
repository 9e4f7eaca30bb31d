//! The status store's laws, of statuses that follow a commit store.

use std::sync::Arc;

use async_trait::async_trait;
use aws::opensearch::OpenSearchStatuses;
use futures_util::future::join_all;
use jiff::Timestamp;
use kernel::{Code, Id, Refusal, StreamId, StreamKey, Tenant};
use pipeline::{
    laws::sample::{append, id, second, stream},
    memory::commits::MemoryStore,
    ports::{
        Unavailable,
        commits::{Append, AppendError, ClaimKey, CommitStore, Holder, Page, Position, Seen, Stored},
        status::{About, Known, Outcome, StatusStore},
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
        CommitStore::read(&self.commits, key, from, limit).await
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
    async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        self.commits.claims(tenant, cursor, limit).await
    }
}

#[expect(clippy::unused_async, reason = "the laws await it")]
async fn fresh() -> (Told, OpenSearchStatuses, Place) {
    let place = Place::new();
    let statuses = || OpenSearchStatuses::new(client(), &place.0);
    (Told { commits: MemoryStore::default(), statuses: statuses() }, statuses(), place)
}

pipeline::status_store_laws!(fresh);

fn refused(on: &StreamId, text: &str, received: i64) -> Known {
    let id = id(text);
    let about =
        About { id: &id, stream: on, kind: "Count", digest: None, actor: "alice", received_at: second(received) };
    Known::refused(about, Refusal::new(Code::Forbidden, format!("delivery {received}")), second(received + 1))
}

#[tokio::test]
async fn of_many_who_write_one_status_at_once_the_latest_delivery_stands() {
    let (_, _, place) = fresh().await;
    let key = stream("count/a");
    let write = async |received: i64| {
        OpenSearchStatuses::new(client(), &place.0)
            .record(&key.tenant, vec![refused(&key.stream, "c1", received)])
            .await
    };
    // an outage is one that comes again
    for attempt in 0.. {
        let written = join_all((0..12).map(|number| write(number * 7 % 12))).await;
        if written.iter().all(Result::is_ok) {
            break;
        }
        assert!(attempt < 5, "{written:?}");
    }
    let statuses = OpenSearchStatuses::new(client(), &place.0);
    assert_eq!(statuses.read(&key.tenant, &[id("c1")]).await.unwrap(), [Some(refused(&key.stream, "c1", 11))]);
}

#[tokio::test]
async fn a_commit_and_refusals_at_once_come_to_the_commit_and_each_stream_keeps_its_answer() {
    let (told, statuses, _place) = fresh().await;
    let (a, b) = (stream("count/a"), stream("count/b"));
    let refuse = async |on: &StreamKey, received: i64| {
        statuses.record(&a.tenant, vec![refused(&on.stream, "c1", received)]).await.unwrap();
    };
    let commit = async || {
        told.append(vec![append(&Position::start(a.clone()), "c1")]).await.remove(0).unwrap();
    };
    tokio::join!(refuse(&a, 3), commit(), refuse(&b, 9), refuse(&a, 20));
    let outcome = |known: &Option<Known>| known.as_ref().map(|known| known.status.status);
    assert_eq!(outcome(&statuses.read(&a.tenant, &[id("c1")]).await.unwrap()[0]), Some(Outcome::Committed));
    let on = |key: &StreamKey| key.stream.clone();
    assert_eq!(outcome(&statuses.read_on(&a.tenant, &id("c1"), &on(&a)).await.unwrap()), Some(Outcome::Committed));
    let other = statuses.read_on(&a.tenant, &id("c1"), &on(&b)).await.unwrap();
    assert_eq!(other, Some(refused(&b.stream, "c1", 9)));
}

#[tokio::test]
async fn many_statuses_are_recorded_and_read_whole() {
    let (_, statuses, _place) = fresh().await;
    let key = stream("count/a");
    let ids: Vec<String> = (0..1_200).map(|number| format!("c{number}")).collect();
    let all: Vec<Known> = ids.iter().map(|text| refused(&key.stream, text, 1)).collect();
    statuses.record(&key.tenant, all.clone()).await.unwrap();
    let ids: Vec<Id> = ids.iter().map(|text| id(text)).collect();
    let read: Vec<Known> = statuses.read(&key.tenant, &ids).await.unwrap().into_iter().flatten().collect();
    assert_eq!(read, all);
}
