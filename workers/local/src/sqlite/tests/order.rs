//! The queue's order, its leases, and what it tells of queued commands.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use pipeline::{
    laws::{
        queue::message,
        sample::{append, id, stream},
    },
    ports::{
        commits::{CommitStore, Position},
        queue::{CommandQueue, Message},
        status::{Outcome, StatusStore},
    },
};

use super::{super::queue::Most, LEASE, MOST, fresh, ids, receive};

async fn send(store: &super::Store, messages: &[(&str, &str)]) {
    let messages = messages.iter().map(|(stream, id)| message(stream, id)).collect();
    for sent in store.queue().send(messages).await {
        sent.unwrap();
    }
}

#[tokio::test]
async fn groups_are_handed_out_in_the_order_of_their_first_message() {
    let (store, _folder) = fresh();
    send(&store, &[("a/1", "c1"), ("a/2", "c2"), ("a/1", "c3"), ("a/3", "c4")]).await;
    let all = receive(&store).await;
    assert_eq!(ids(&all), ["c1", "c3", "c2", "c4"], "a group's messages together, in order");
}

#[tokio::test]
async fn a_group_is_never_handed_out_side_by_side() {
    let (store, _folder) = fresh();
    send(&store, &[("a/1", "c1"), ("a/1", "c2"), ("a/2", "c3")]).await;
    let one = Most { messages: 1, ..MOST };
    let first = store.queue().receive(one, LEASE).await;
    assert_eq!(ids(&first), ["c1"]);
    let other = receive(&store).await;
    assert_eq!(ids(&other), ["c3"]);
    send(&store, &[("a/1", "c4")]).await;
    assert!(store.queue().receive(MOST, LEASE).now_or_never().is_none());
    store.queue().acknowledge(&[first[0].receipt]);
    assert_eq!(ids(&receive(&store).await), ["c2", "c4"]);
}

#[tokio::test]
async fn several_messages_of_a_group_free_it_together() {
    let (store, _folder) = fresh();
    send(&store, &[("a/1", "c1"), ("a/1", "c2"), ("a/1", "c3")]).await;
    let two = store.queue().receive(Most { messages: 2, ..MOST }, LEASE).await;
    store.queue().acknowledge(&[two[0].receipt]);
    assert!(store.queue().receive(MOST, LEASE).now_or_never().is_none());
    store.queue().release(two[1].receipt, Duration::ZERO);
    let rest = receive(&store).await;
    assert_eq!(ids(&rest), ["c2", "c3"]);
    assert_eq!((rest[0].receives, rest[1].receives), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_released_message_comes_again_after_its_delay_before_its_successors() {
    let (store, _folder) = fresh();
    send(&store, &[("a/1", "c1"), ("a/1", "c2")]).await;
    let one = store.queue().receive(Most { messages: 1, ..MOST }, LEASE).await;
    store.queue().release(one[0].receipt, Duration::from_secs(20));
    tokio::time::advance(Duration::from_secs(19)).await;
    assert!(store.queue().receive(MOST, LEASE).now_or_never().is_none());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(ids(&receive(&store).await), ["c1", "c2"]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_gives_back_ends() {
    let (store, _folder) = fresh();
    send(&store, &[("a/1", "c1"), ("a/1", "c2")]).await;
    let lost = store.queue().receive(MOST, LEASE).await;
    tokio::time::advance(LEASE + Duration::from_secs(1)).await;
    let again = receive(&store).await;
    assert_eq!((ids(&again), again[0].receives), (ids(&lost), 2));
    store.queue().acknowledge(&[lost[0].receipt, lost[1].receipt]);
    store.queue().release(lost[0].receipt, Duration::ZERO);
    assert_eq!(store.queue().depth(), 2, "a receipt of an earlier delivery does nothing");
    store.queue().acknowledge(&[again[0].receipt, again[1].receipt]);
    assert_eq!((store.queue().depth(), store.queue().oldest()), (0, None));
}

#[tokio::test]
async fn as_much_is_handed_out_as_fits_and_a_long_message_alone() {
    let (store, _folder) = fresh();
    let long = Message { body: format!(r#"{{"id":"long","data":"{}"}}"#, "x".repeat(5000)), ..message("a/2", "") };
    let sent = store.queue().send(vec![message("a/1", "c1"), long, message("a/3", "c3")]).await;
    assert!(sent.iter().all(Result::is_ok));
    let most = Most { messages: 10, bytes: 1000 };
    for expected in ["c1", "long", "c3"] {
        assert_eq!(ids(&store.queue().receive(most, LEASE).await), [expected]);
    }
}

#[tokio::test]
async fn whoever_waits_for_messages_is_woken() {
    let (store, _folder) = fresh();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { receive(&store).await }
    });
    tokio::task::yield_now().await;
    send(&store, &[("a/1", "c1")]).await;
    assert_eq!(ids(&waiting.await.unwrap()), ["c1"]);
}

#[tokio::test]
async fn a_command_is_queued_until_it_is_settled() {
    let (store, _folder) = fresh();
    let key = stream("count/a");
    let waiting = store.watch(&key.tenant, &id("c1"));
    send(&store, &[("count/a", "c1"), ("count/b", "c2")]).await;
    waiting.await;
    let known = StatusStore::read(&store, &key.tenant, &[id("c1"), id("c3")]).await.unwrap();
    let queued = known[0].as_ref().unwrap();
    assert_eq!((queued.status.status, &*queued.status.kind, &*queued.actor), (Outcome::Queued, "Count", "alice"));
    assert_eq!(known[1], None);
    assert_eq!(store.read_on(&key.tenant, &id("c2"), &key.stream).await.unwrap(), None);
    store.append(vec![append(&Position::start(key.clone()), "c1")]).await.remove(0).unwrap();
    let settled = store.read_on(&key.tenant, &id("c1"), &key.stream).await.unwrap().unwrap();
    assert_eq!(settled.status.status, Outcome::Committed);
    let receipts: Vec<u64> = receive(&store).await.iter().map(|delivery| delivery.receipt).collect();
    store.queue().acknowledge(&receipts);
    assert_eq!(StatusStore::read(&store, &key.tenant, &[id("c2")]).await.unwrap(), [None]);
}

#[tokio::test]
async fn the_tail_tells_commits_in_order_from_memory_and_from_the_file() {
    let (store, folder) = fresh();
    let mut position = store.tail().position();
    for name in ["count/b", "count/a", "count/c"] {
        store.append(vec![append(&Position::start(stream(name)), "c1")]).await.remove(0).unwrap();
    }
    position.wait_for(|pos| *pos == 3).await.unwrap();
    let told = |page: Vec<super::super::tail::Logged>| -> Vec<_> {
        page.into_iter()
            .map(|logged| (logged.pos, Arc::unwrap_or_clone(logged.stored.unwrap()).commit.stream))
            .collect()
    };
    let warm = told(store.tail().read(1, 1 << 20).await.unwrap());
    assert_eq!(warm, [(2, stream("count/a").stream), (3, stream("count/c").stream)]);
    let hash = store.tail().hash_at(2).await.unwrap();
    assert!(hash.is_some());
    drop(store);

    let store = super::open(folder.path());
    assert_eq!(*store.tail().position().borrow(), 3);
    assert_eq!(told(store.tail().read(1, 1 << 20).await.unwrap()), warm);
    assert_eq!(told(store.tail().read(1, 1).await.unwrap()), warm[..1]);
    assert_eq!(told(store.tail().read(3, 1 << 20).await.unwrap()), []);
    assert_eq!((store.tail().hash_at(2).await.unwrap(), store.tail().hash_at(4).await.unwrap()), (hash, None));
}
