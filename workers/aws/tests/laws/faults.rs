//! Answers that are lost on their way, and a service that refuses.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use aws_sdk_dynamodb::{Client, config::retry::RetryConfig};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use kernel::StreamKey;
use pipeline::{
    laws::sample::{append, claiming, stream},
    ports::{
        commits::{Append, AppendError, ClaimKey, ClaimWrite, CommitStore, Position},
        snapshots::{Snapshot, SnapshotStore},
    },
};

use crate::support::{Engine, client};

/// Reaches the engine, and loses the answers of so many writes.
#[derive(Debug, Clone)]
struct Lossy {
    inner: SharedHttpConnector,
    losses: Arc<AtomicU32>,
    writes: Arc<AtomicU32>,
}

impl Lossy {
    fn new(losses: u32) -> Self {
        let losses = Arc::new(AtomicU32::new(losses));
        Self { inner: SharedHttpConnector::new(Connector::builder().build_http()), losses, writes: Arc::default() }
    }

    fn client(&self, tries: u32) -> Client {
        let retries = RetryConfig::standard().with_max_attempts(tries);
        client(aws_sdk_dynamodb::config::Builder::new().http_client(self.clone()).retry_config(retries))
    }
}

impl HttpConnector for Lossy {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let is_write = target.ends_with(".PutItem") || target.ends_with(".TransactWriteItems");
        let (answer, losses) = (self.inner.call(request), self.losses.clone());
        if is_write {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            let lose = |left: u32| left.checked_sub(1);
            if is_write && losses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lose).is_ok() {
                return Err(ConnectorError::io("the connection was cut off".into()));
            }
            Ok(answer)
        })
    }
}

impl HttpClient for Lossy {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn first(key: &StreamKey) -> Append {
    append(&Position::start(key.clone()), "c1")
}

fn taking(key: &StreamKey) -> Append {
    let claim = ClaimKey { tenant: key.tenant.clone(), scope: "name".into(), value: "x".into() };
    claiming(&Position::start(key.clone()), "c1", vec![ClaimWrite::Take { key: claim, over: None }])
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_no_conflict_with_itself() {
    for make in [first, taking] {
        let engine = Engine::fresh().await;
        let key = stream("count/a");
        let lossy = Lossy::new(2);
        let stored = engine.store_by(lossy.client(3)).append(vec![make(&key)]).await.remove(0).unwrap();
        assert_eq!(lossy.writes.load(Ordering::Relaxed), 3);
        let there = engine.store().at(&key, 1).await.unwrap().unwrap();
        assert_eq!(there.hash, stored.hash);
    }
}

#[tokio::test]
async fn nothing_is_said_of_a_write_whose_answers_were_all_lost_and_the_same_again_finds_it() {
    for make in [first, taking] {
        let engine = Engine::fresh().await;
        let key = stream("count/a");
        let store = engine.store_by(Lossy::new(1).client(1));
        let lost = store.append(vec![make(&key)]).await.remove(0);
        assert!(matches!(lost, Err(AppendError::Unavailable(_))), "{lost:?}");
        store.append(vec![make(&key)]).await.remove(0).unwrap();
        let other = store.append(vec![append(&Position::start(key.clone()), "c2")]).await.remove(0);
        assert!(matches!(other, Err(AppendError::Conflict)), "another commit is no success: {other:?}");
    }
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_outage() {
    let engine = Engine::fresh().await;
    let store = aws::dynamodb::DynamoStore::new(engine.client.clone(), "nowhere", "nowhere");
    let key = stream("count/a");
    assert!(store.newest(&[(key.clone(), 0)]).await.is_err());
    assert!(store.at(&key, 1).await.is_err());
    assert!(store.find(&key, &[]).await.unwrap().is_empty(), "nothing is looked for");
    for make in [first, taking] {
        let result = store.append(vec![make(&key)]).await.remove(0);
        assert!(matches!(result, Err(AppendError::Unavailable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_replaced_snapshot_leaves_no_parts_behind() {
    let engine = Engine::fresh().await;
    let (store, key) = (engine.store(), stream("count/a"));
    let state: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(600 << 10).collect();
    let snapshot = |seq, state: &[u8]| Snapshot {
        revision: 1,
        seq,
        hash: kernel::Hash::of(b"commit"),
        version: seq,
        time: jiff::Timestamp::UNIX_EPOCH,
        state: state.to_vec(),
    };
    let items = async || engine.client.scan().table_name(&engine.state).send().await.unwrap().count();
    assert!(store.put(&key, &snapshot(5, &state), None).await.unwrap());
    let whole = items().await;
    assert_eq!(whole, 3, "a head and its two parts");
    assert!(!store.put(&key, &snapshot(4, &state), None).await.unwrap());
    assert_eq!(items().await, whole, "who comes too late takes its parts away");
    assert!(store.put(&key, &snapshot(6, &state), None).await.unwrap());
    assert_eq!(items().await, whole);
    assert!(store.put(&key, &snapshot(7, b"small"), None).await.unwrap());
    assert_eq!(items().await, 1);
}
