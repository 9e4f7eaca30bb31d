//! What every status store must do. The commits that it tells of are appended to a commit store.

#![expect(clippy::unwrap_used, reason = "a store that doesn't answer has failed")]
#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use std::time::Duration;

use futures_util::{FutureExt, future::join};
use kernel::{Code, Refusal, StreamKey};

use super::sample::{append, command, event, id, second, stream};
use crate::ports::{
    commits::{Append, CommitStore, Position},
    status::{About, EventRef, Failure, Known, Outcome, StatusStore},
};

/// A commit store, and the status store that hears of its commits.
#[derive(Clone, Copy)]
pub struct Ledger<'a> {
    /// Where the commits are appended.
    pub commits: &'a dyn CommitStore,
    /// Where their commands' statuses are read.
    pub statuses: &'a dyn StatusStore,
}

/// One test for each law; `$fresh` is an async function that makes an empty commit store, the status
/// store that hears of its commits, and what must outlive them.
#[macro_export]
macro_rules! status_store_laws {
    ($fresh:path) => {
        $crate::status_store_laws! { [$crate::status_laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { $fresh:
            a_status_is_what_the_commit_says,
            an_unknown_command_has_no_status,
            what_is_final_outranks_a_refusal,
            the_latest_delivery_of_a_refused_command_stands,
            a_status_is_told_by_stream,
            of_two_streams_the_one_settled_first_is_told,
            a_status_is_its_tenants_own,
            a_watcher_hears_of_a_commit,
            a_watcher_hears_of_a_refusal,
            a_watcher_hears_what_came_before_it_was_polled,
        }
    };
}

/// Expands to one named test for each law.
#[doc(hidden)]
#[macro_export]
macro_rules! status_laws_of {
    ($fresh:path: $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $law() {
                let (commits, statuses, _rest) = $fresh().await;
                let ledger = $crate::laws::status::Ledger { commits: &commits, statuses: &statuses };
                $crate::laws::status::$law(ledger).await;
            }
        )+
    };
}

fn refused(key: &StreamKey, text: &str, received: i64, message: &str) -> Known {
    let id = id(text);
    let about = About {
        id: &id,
        stream: &key.stream,
        kind: "Count",
        digest: Some("digest"),
        actor: "alice",
        received_at: second(received),
    };
    Known::refused(about, Refusal::new(Code::Forbidden, message), second(received + 1))
}

async fn commit(store: Ledger<'_>, key: &StreamKey, text: &str) {
    let append = append(&Position::start(key.clone()), text);
    store.commits.append(vec![append]).await.remove(0).unwrap();
}

async fn told(store: Ledger<'_>, key: &StreamKey, text: &str) -> Option<Known> {
    store.statuses.read(&key.tenant, &[id(text)]).await.unwrap().remove(0)
}

fn outcome(known: Option<&Known>) -> Option<Outcome> {
    known.map(|known| known.status.status)
}

/// A commit tells the outcome of each of its commands, with its events.
pub async fn a_status_is_what_the_commit_says(store: Ledger<'_>) {
    let key = stream("count/a");
    let commands = vec![command("c1", 2, false), command("c2", 2, true)];
    let append =
        Append::new(Position::start(key.clone()), second(7), None, commands, vec![event("1"), event("2")], vec![]);
    store.commits.append(vec![append.unwrap()]).await.remove(0).unwrap();
    let ids = ["c2", "c1", "c3"].map(id);
    let told = store.statuses.read(&key.tenant, &ids).await.unwrap();
    let (rejected, committed) = (told[0].as_ref().unwrap(), told[1].as_ref().unwrap());
    assert_eq!(committed.status.status, Outcome::Committed);
    let events = [1, 2].map(|version| EventRef { kind: "Counted".into(), version });
    assert_eq!((&committed.status.events[..], committed.status.version), (&events[..], Some(2)));
    assert_eq!((committed.status.received_at, committed.status.settled_at), (second(1), Some(second(7))));
    assert_eq!((committed.digest.as_deref(), &*committed.actor), (Some("digest of c1"), "alice"));
    assert_eq!(rejected.status.status, Outcome::Rejected);
    assert_eq!(rejected.status.rejection.as_ref().unwrap().code, "no");
    assert_eq!(told[2], None);
}

/// Nothing is told of what nobody knows.
pub async fn an_unknown_command_has_no_status(store: Ledger<'_>) {
    let key = stream("count/a");
    assert_eq!(told(store, &key, "c1").await, None);
    assert_eq!(store.statuses.read_on(&key.tenant, &id("c1"), &key.stream).await.unwrap(), None);
    assert_eq!(store.statuses.read(&key.tenant, &[]).await.unwrap(), []);
}

/// `committed` and `rejected` are never overwritten, however late the refusal.
pub async fn what_is_final_outranks_a_refusal(store: Ledger<'_>) {
    let key = stream("count/a");
    store.statuses.record(&key.tenant, vec![refused(&key, "c1", 0, "before")]).await.unwrap();
    assert_eq!(outcome(told(store, &key, "c1").await.as_ref()), Some(Outcome::Refused));
    commit(store, &key, "c1").await;
    store.statuses.record(&key.tenant, vec![refused(&key, "c1", 100, "after")]).await.unwrap();
    assert_eq!(outcome(told(store, &key, "c1").await.as_ref()), Some(Outcome::Committed));
    let on = store.statuses.read_on(&key.tenant, &id("c1"), &key.stream).await.unwrap();
    assert_eq!(outcome(on.as_ref()), Some(Outcome::Committed));
}

/// Of refusals and failures, the one of the latest delivery stands, in whatever order they are recorded.
pub async fn the_latest_delivery_of_a_refused_command_stands(store: Ledger<'_>) {
    let key = stream("count/a");
    let mut failed = refused(&key, "c1", 20, "");
    (failed.status.status, failed.status.refusal) = (Outcome::Failed, None);
    failed.status.failure = Some(Failure { code: "crashed".into(), message: "it crashed".into() });
    for known in [refused(&key, "c1", 10, "first"), failed.clone(), refused(&key, "c1", 15, "late")] {
        store.statuses.record(&key.tenant, vec![known]).await.unwrap();
    }
    assert_eq!(told(store, &key, "c1").await, Some(failed));
    let last = refused(&key, "c1", 30, "last");
    store.statuses.record(&key.tenant, vec![last.clone()]).await.unwrap();
    assert_eq!(told(store, &key, "c1").await, Some(last));
}

/// One id on two streams is two commands.
pub async fn a_status_is_told_by_stream(store: Ledger<'_>) {
    let (a, b, c) = (stream("count/a"), stream("count/b"), stream("count/c"));
    commit(store, &a, "c1").await;
    let refusal = refused(&b, "c1", 5, "no");
    store.statuses.record(&b.tenant, vec![refusal.clone()]).await.unwrap();
    let (id, tenant) = (id("c1"), &a.tenant);
    assert_eq!(
        outcome(store.statuses.read_on(tenant, &id, &a.stream).await.unwrap().as_ref()),
        Some(Outcome::Committed)
    );
    assert_eq!(store.statuses.read_on(tenant, &id, &b.stream).await.unwrap(), Some(refusal));
    assert_eq!(store.statuses.read_on(tenant, &id, &c.stream).await.unwrap(), None);
}

/// Where two streams settled one id, the first is told.
pub async fn of_two_streams_the_one_settled_first_is_told(store: Ledger<'_>) {
    let (z, a) = (stream("count/z"), stream("count/a"));
    commit(store, &z, "c1").await;
    commit(store, &a, "c1").await;
    assert_eq!(told(store, &a, "c1").await.unwrap().status.stream, z.stream);
}

/// Another tenant's command of the same id is unknown.
pub async fn a_status_is_its_tenants_own(store: Ledger<'_>) {
    let (ours, theirs) = (stream("count/a"), "acme.b/count/a".parse::<StreamKey>().unwrap());
    commit(store, &ours, "c1").await;
    store.statuses.record(&ours.tenant, vec![refused(&ours, "c2", 5, "no")]).await.unwrap();
    assert_eq!(store.statuses.read(&theirs.tenant, &[id("c1"), id("c2")]).await.unwrap(), [None, None]);
}

/// Waits for a change that must come.
async fn soon(change: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(30), change).await.unwrap();
}

/// Whoever waits for a command hears of its commit.
pub async fn a_watcher_hears_of_a_commit(store: Ledger<'_>) {
    let key = stream("count/a");
    let id = id("c1");
    let (first, second) = (store.statuses.watch(&key.tenant, &id), store.statuses.watch(&key.tenant, &id));
    join(join(soon(first), soon(second)), commit(store, &key, "c1")).await;
    assert_eq!(outcome(told(store, &key, "c1").await.as_ref()), Some(Outcome::Committed));
}

/// Whoever waits for a command hears of its refusal.
pub async fn a_watcher_hears_of_a_refusal(store: Ledger<'_>) {
    let key = stream("count/a");
    let change = store.statuses.watch(&key.tenant, &id("c1"));
    let record = store.statuses.record(&key.tenant, vec![refused(&key, "c1", 5, "no")]);
    join(soon(change), record).await.1.unwrap();
    assert_eq!(outcome(told(store, &key, "c1").await.as_ref()), Some(Outcome::Refused));
}

/// A change between the call and the first poll is not missed.
pub async fn a_watcher_hears_what_came_before_it_was_polled(store: Ledger<'_>) {
    let key = stream("count/a");
    let change = store.statuses.watch(&key.tenant, &id("c1"));
    let mut idle = store.statuses.watch(&key.tenant, &id("c2"));
    assert!((&mut idle).now_or_never().is_none());
    commit(store, &key, "c1").await;
    soon(change).await;
}
