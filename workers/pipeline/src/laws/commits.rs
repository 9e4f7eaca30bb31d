//! What every commit store must do.

#![expect(clippy::unwrap_used, reason = "a store that doesn't answer has failed")]
#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use std::sync::Arc;

use futures_util::future::join_all;
use kernel::{ClaimRecord, StreamKey, Tenant};

use super::sample::{append, claiming, command, event, id, second, stream};
use crate::ports::commits::{Append, AppendError, ClaimKey, ClaimWrite, CommitStore, Holder, Position, Seen, Stored};

/// One test for each law; `$fresh` is an async function that makes an empty store, and what must outlive it.
#[macro_export]
macro_rules! commit_store_laws {
    ($fresh:path) => {
        $crate::commit_store_laws! { [$crate::laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { commits, $fresh:
            commits_are_numbered_without_gaps,
            a_taken_position_is_a_conflict,
            of_many_writers_at_one_position_one_wins,
            appends_of_one_call_succeed_one_by_one,
            a_commit_is_read_as_it_was_appended,
            the_newest_are_told_newest_first_and_contiguous,
            pages_are_read_oldest_first_and_contiguous,
            a_read_sees_what_was_appended_before,
            a_command_is_found_where_it_was_last_seen,
            another_tenant_is_never_seen,
            streams_are_listed_page_by_page,
            claims_are_listed_page_by_page,
            a_commit_tells_the_claims_that_it_changed,
            a_claim_is_taken_with_its_commit_or_not_at_all,
            of_many_claimants_one_wins,
            a_failed_position_outranks_a_failed_claim,
            a_claim_is_released_by_its_holder_only,
            a_claim_is_taken_over_from_the_holder_that_was_read,
            a_claim_of_a_missing_commit_is_void,
        }
    };
}

/// Expands to one named test for each law of a module.
#[doc(hidden)]
#[macro_export]
macro_rules! laws_of {
    ($module:ident, $fresh:path: $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $law() {
                let (store, _rest) = $fresh().await;
                $crate::laws::$module::$law(&store).await;
            }
        )+
    };
}

async fn one(store: &dyn CommitStore, append: Append) -> Result<Arc<Stored>, AppendError> {
    let mut results = store.append(vec![append]).await;
    assert_eq!(results.len(), 1);
    results.remove(0)
}

/// Appends so many commits, each with one event; the last one.
async fn fill(store: &dyn CommitStore, key: &StreamKey, count: u64) -> Arc<Stored> {
    let mut position = Position::start(key.clone());
    let mut last = None;
    for number in 1..=count {
        let stored = one(store, append(&position, &format!("c{number}"))).await.unwrap();
        position = Position::after(&stored);
        last = Some(stored);
    }
    last.unwrap()
}

fn name(value: &str) -> ClaimKey {
    ClaimKey { tenant: "acme".parse().unwrap(), scope: "name".into(), value: value.into() }
}

fn take(key: &ClaimKey, over: Option<Holder>) -> ClaimWrite {
    ClaimWrite::Take { key: key.clone(), over }
}

fn holder(stored: &Stored) -> Holder {
    Holder { stream: stored.commit.stream.clone(), seq: stored.commit.seq, hash: stored.hash }
}

async fn held(store: &dyn CommitStore, key: &ClaimKey) -> Option<Holder> {
    store.holders(std::slice::from_ref(key)).await.unwrap().remove(0)
}

fn conflict(result: &Result<Arc<Stored>, AppendError>) -> bool {
    matches!(result, Err(AppendError::Conflict))
}

fn claimed(result: &Result<Arc<Stored>, AppendError>, index: usize) -> bool {
    matches!(result, Err(AppendError::Claimed(at)) if *at == index)
}

/// A stream's commits are numbered 1, 2, 3 … and chained by their hashes.
pub async fn commits_are_numbered_without_gaps(store: &dyn CommitStore) {
    let key = stream("count/a");
    fill(store, &key, 3).await;
    let commits = store.read(&key, 1, 10).await.unwrap().commits;
    let numbers: Vec<_> = commits.iter().map(|stored| stored.commit.seq).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for pair in commits.windows(2) {
        assert_eq!(pair[1].commit.previous, Some(pair[0].hash));
    }
}

/// Whoever comes second at a position reloads.
pub async fn a_taken_position_is_a_conflict(store: &dyn CommitStore) {
    let start = Position::start(stream("count/a"));
    let first = one(store, append(&start, "c1")).await.unwrap();
    assert!(conflict(&one(store, append(&start, "c2")).await));
    let after = Position::after(&first);
    one(store, append(&after, "c3")).await.unwrap();
    assert!(conflict(&one(store, append(&after, "c4")).await));
    assert!(conflict(&one(store, append(&start, "c5")).await));
    let seen = store.find(start.key(), &[(id("c4"), second(0)), (id("c5"), second(0))]).await.unwrap();
    assert_eq!(seen, [None, None], "a refused append leaves nothing");
}

/// However many append at one position: exactly one does.
pub async fn of_many_writers_at_one_position_one_wins(store: &dyn CommitStore) {
    let key = stream("count/a");
    let mut position = Position::start(key.clone());
    for round in 1..=5 {
        let appends = (0..16).map(|writer| append(&position, &format!("r{round}-w{writer}")));
        let results = join_all(appends.map(|append| one(store, append))).await;
        let lost = results.iter().filter(|result| conflict(result)).count();
        let mut won = results.into_iter().filter_map(Result::ok);
        let winner = won.next().unwrap();
        assert_eq!((lost, won.count()), (15, 0));
        let newest = store.newest(&[(key.clone(), 0)]).await.unwrap().remove(0);
        assert_eq!((newest.commits[0].hash, newest.commits[0].commit.seq), (winner.hash, round));
        position = Position::after(&winner);
    }
}

/// One stream's conflict doesn't keep another stream's commit out.
pub async fn appends_of_one_call_succeed_one_by_one(store: &dyn CommitStore) {
    let (a, b, c) = (stream("count/a"), stream("count/b"), stream("count/c"));
    fill(store, &b, 1).await;
    let appends = [&a, &b, &c].map(|key| append(&Position::start(key.clone()), "x"));
    let results = store.append(appends.into()).await;
    assert!(results[0].is_ok() && conflict(&results[1]) && results[2].is_ok(), "{results:?}");
    assert_eq!(store.at(&a, 1).await.unwrap().unwrap().commit.commands[0].id, id("x"));
    assert_eq!(store.at(&b, 1).await.unwrap().unwrap().commit.commands[0].id, id("c1"));
}

/// Not a byte is changed.
pub async fn a_commit_is_read_as_it_was_appended(store: &dyn CommitStore) {
    let start = Position::start(stream("count/a"));
    let commands = vec![command("c1", 2, false), command("c2", 2, true)];
    let events = vec![event(r#"{"price": 1.50,  "né\u0021": [null]}"#), event("{}")];
    let append = Append::new(start.clone(), second(7), None, commands, events, Vec::new()).unwrap();
    let appended = one(store, append).await.unwrap();
    let read = store.at(start.key(), 1).await.unwrap().unwrap();
    assert_eq!((read.hash, read.bytes), (appended.hash, appended.bytes));
    assert_eq!(serde_json::to_string(&read.commit).unwrap(), serde_json::to_string(&appended.commit).unwrap());
    assert_eq!((read.commit.first, read.commit.last, read.commit.time), (1, 2, second(7)));
}

/// The newest commits above a number, newest first; nothing below it, nothing left out.
pub async fn the_newest_are_told_newest_first_and_contiguous(store: &dyn CommitStore) {
    let (key, empty) = (stream("count/a"), stream("count/none"));
    fill(store, &key, 12).await;
    let pages = store.newest(&[(key.clone(), 0), (empty, 0), (key.clone(), 9), (key, 12)]).await.unwrap();
    let numbers = |page: usize| pages[page].commits.iter().map(|stored| stored.commit.seq).collect::<Vec<_>>();
    let whole = numbers(0);
    assert_eq!(whole, (1..=12).rev().take(whole.len()).collect::<Vec<_>>());
    assert!(!whole.is_empty() && pages[0].more == (whole.len() < 12));
    assert_eq!((numbers(1), pages[1].more), (vec![], false));
    assert_eq!((numbers(2), pages[2].more), (vec![12, 11, 10], false));
    assert_eq!((numbers(3), pages[3].more), (vec![], false));
}

/// From a number on, oldest first; nothing left out.
pub async fn pages_are_read_oldest_first_and_contiguous(store: &dyn CommitStore) {
    let key = stream("count/a");
    fill(store, &key, 12).await;
    let (mut numbers, mut from) = (Vec::new(), 3);
    loop {
        let page = store.read(&key, from, 4).await.unwrap();
        assert!((1..=4).contains(&page.commits.len()));
        numbers.extend(page.commits.iter().map(|stored| stored.commit.seq));
        from = numbers.last().unwrap() + 1;
        if !page.more {
            break;
        }
    }
    assert_eq!(numbers, (3..=12).collect::<Vec<_>>());
    let past = store.read(&key, 13, 4).await.unwrap();
    assert!(past.commits.is_empty() && !past.more);
    assert!(store.at(&key, 13).await.unwrap().is_none());
}

/// What was appended is seen by every read that begins afterwards.
pub async fn a_read_sees_what_was_appended_before(store: &dyn CommitStore) {
    let key = stream("count/a");
    let mut position = Position::start(key.clone());
    for number in 1..=20 {
        let text = format!("c{number}");
        position = Position::after(&one(store, append(&position, &text)).await.unwrap());
        let (newest, at, found) = (
            store.newest(&[(key.clone(), number - 1)]).await.unwrap(),
            store.at(&key, number).await.unwrap(),
            store.find(&key, &[(id(&text), second(0))]).await.unwrap(),
        );
        assert_eq!(newest[0].commits.len(), 1);
        assert_eq!(at.unwrap().commit.seq, number);
        assert_eq!(found, [Some(Seen { seq: number, command: 0 })]);
    }
}

/// A command is found by its id: the last time, where there are several.
pub async fn a_command_is_found_where_it_was_last_seen(store: &dyn CommitStore) {
    let key = stream("count/a");
    let both = vec![command("c1", 0, true), command("c2", 0, true)];
    let first = Append::new(Position::start(key.clone()), second(2), None, both, vec![], vec![]).unwrap();
    let first = one(store, first).await.unwrap();
    one(store, append(&Position::after(&first), "c1")).await.unwrap();
    let wanted = ["c1", "c2", "c3"].map(|text| (id(text), second(0)));
    let seen = store.find(&key, &wanted).await.unwrap();
    assert_eq!(seen, [Some(Seen { seq: 2, command: 0 }), Some(Seen { seq: 1, command: 1 }), None]);
    assert_eq!(store.find(&stream("count/b"), &wanted).await.unwrap(), [None, None, None]);
}

/// The same names under another tenant are other streams, commands and claims.
pub async fn another_tenant_is_never_seen(store: &dyn CommitStore) {
    let ours = stream("count/a");
    let other: Tenant = "acme.b".parse().unwrap();
    let theirs = StreamKey::new(other.clone(), ours.stream.clone());
    let claim = claiming(&Position::start(ours.clone()), "c1", vec![take(&name("x"), None)]);
    one(store, claim).await.unwrap();
    assert!(store.newest(&[(theirs.clone(), 0)]).await.unwrap()[0].commits.is_empty());
    assert!(store.at(&theirs, 1).await.unwrap().is_none());
    assert_eq!(store.find(&theirs, &[(id("c1"), second(0))]).await.unwrap(), [None]);
    assert_eq!(held(store, &ClaimKey { tenant: other.clone(), ..name("x") }).await, None);
    assert_eq!(store.streams(&other, None, 10).await.unwrap(), (vec![], None));
    assert_eq!(store.claims(&other, None, 10).await.unwrap(), (vec![], None));
    one(store, append(&Position::start(theirs), "c1")).await.unwrap();
    assert_eq!(store.streams(&ours.tenant, None, 10).await.unwrap().0, [ours.stream]);
}

/// Each stream once, however many commits it has.
pub async fn streams_are_listed_page_by_page(store: &dyn CommitStore) {
    let mut names = Vec::new();
    for number in 0..7 {
        let key = stream(&format!("count/{number}"));
        fill(store, &key, 1 + number % 3).await;
        names.push(key.stream);
    }
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = store.streams(&stream("a/b").tenant, cursor.as_deref(), 3).await.unwrap();
        assert!(page.len() <= 3);
        listed.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    listed.sort();
    assert_eq!(listed, names);
}

/// Each claim that is held, once, with its holder; nothing that was given back.
pub async fn claims_are_listed_page_by_page(store: &dyn CommitStore) {
    let mut held = Vec::new();
    for number in 0..7 {
        let start = Position::start(stream(&format!("count/{number}")));
        let names = [name(&format!("{number}")), name(&format!("{number}+"))];
        let takes = names.iter().map(|key| take(key, None)).collect();
        let stored = one(store, claiming(&start, "c1", takes)).await.unwrap();
        let [kept, given_back] = names;
        let release = ClaimWrite::Release { key: given_back, held: holder(&stored) };
        one(store, claiming(&Position::after(&stored), "c2", vec![release])).await.unwrap();
        held.push((kept, holder(&stored)));
    }
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = store.claims(&stream("a/b").tenant, cursor.as_deref(), 3).await.unwrap();
        assert!(page.len() <= 3);
        listed.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    listed.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(listed, held);
}

/// So that who holds what can be checked against the streams.
pub async fn a_commit_tells_the_claims_that_it_changed(store: &dyn CommitStore) {
    let start = Position::start(stream("count/a"));
    let first = one(store, claiming(&start, "c1", vec![take(&name("x"), None)])).await.unwrap();
    let release = ClaimWrite::Release { key: name("x"), held: holder(&first) };
    let both = claiming(&Position::after(&first), "c2", vec![release, take(&name("y"), None)]);
    one(store, both).await.unwrap();
    let record = |value: &str, released| ClaimRecord { scope: "name".into(), value: value.into(), released };
    let told: Vec<_> = store.read(start.key(), 1, 10).await.unwrap().commits;
    let told: Vec<_> = told.iter().map(|stored| stored.commit.claims.clone()).collect();
    assert_eq!(told, [vec![record("x", false)], vec![record("x", true), record("y", false)]]);
}

/// An append is all or nothing.
pub async fn a_claim_is_taken_with_its_commit_or_not_at_all(store: &dyn CommitStore) {
    let (a, b) = (Position::start(stream("count/a")), Position::start(stream("count/b")));
    let first = one(store, claiming(&a, "c1", vec![take(&name("x"), None)])).await.unwrap();
    assert_eq!(held(store, &name("x")).await, Some(holder(&first)));
    let second = one(store, claiming(&b, "c2", vec![take(&name("y"), None), take(&name("x"), None)])).await;
    assert!(claimed(&second, 1), "{second:?}");
    assert_eq!(held(store, &name("y")).await, None);
    assert!(store.at(b.key(), 1).await.unwrap().is_none());
    one(store, append(&b, "c2")).await.unwrap();
}

/// However many streams take one claim: exactly one does.
pub async fn of_many_claimants_one_wins(store: &dyn CommitStore) {
    let appends = (0..16).map(|number| {
        let start = Position::start(stream(&format!("count/{number}")));
        claiming(&start, "c1", vec![take(&name("x"), None)])
    });
    let results = join_all(appends.map(|append| one(store, append))).await;
    assert_eq!(results.iter().filter(|result| claimed(result, 0)).count(), 15);
    let winner = results.iter().flatten().next().unwrap();
    assert_eq!(held(store, &name("x")).await, Some(holder(winner)));
}

/// Where both fail, the caller is told to reload: what it would claim may be another thing then.
pub async fn a_failed_position_outranks_a_failed_claim(store: &dyn CommitStore) {
    let (a, b) = (Position::start(stream("count/a")), Position::start(stream("count/b")));
    one(store, claiming(&a, "c1", vec![take(&name("x"), None)])).await.unwrap();
    one(store, append(&b, "c2")).await.unwrap();
    assert!(conflict(&one(store, claiming(&b, "c3", vec![take(&name("x"), None)])).await));
}

/// Nobody gives back what another holds.
pub async fn a_claim_is_released_by_its_holder_only(store: &dyn CommitStore) {
    let (a, b) = (Position::start(stream("count/a")), Position::start(stream("count/b")));
    let first = one(store, claiming(&a, "c1", vec![take(&name("x"), None)])).await.unwrap();
    let release = |held: Holder| vec![ClaimWrite::Release { key: name("x"), held }];
    let wrong = Holder { stream: b.key().stream.clone(), ..holder(&first) };
    assert!(claimed(&one(store, claiming(&b, "c2", release(wrong))).await, 0));
    assert_eq!(held(store, &name("x")).await, Some(holder(&first)));
    one(store, claiming(&Position::after(&first), "c3", release(holder(&first)))).await.unwrap();
    assert_eq!(held(store, &name("x")).await, None);
    one(store, claiming(&b, "c4", vec![take(&name("x"), None)])).await.unwrap();
}

/// A claim changes hands only from the holder that was read.
pub async fn a_claim_is_taken_over_from_the_holder_that_was_read(store: &dyn CommitStore) {
    let starts = ["count/a", "count/b", "count/c"].map(|name| Position::start(stream(name)));
    let first = one(store, claiming(&starts[0], "c1", vec![take(&name("x"), None)])).await.unwrap();
    let over = || vec![take(&name("x"), Some(holder(&first)))];
    let second = one(store, claiming(&starts[1], "c2", over())).await.unwrap();
    assert_eq!(held(store, &name("x")).await, Some(holder(&second)));
    assert!(claimed(&one(store, claiming(&starts[2], "c3", over())).await, 0));
}

/// A claim names its commit, and is void where that commit isn't: as after a restore.
pub async fn a_claim_of_a_missing_commit_is_void(store: &dyn CommitStore) {
    let start = Position::start(stream("count/a"));
    let first = one(store, claiming(&start, "c1", vec![take(&name("x"), None)])).await.unwrap();
    let tenant = &start.key().tenant;
    assert!(!store.is_void(tenant, &holder(&first)).await.unwrap());
    let later = Holder { seq: 2, ..holder(&first) };
    assert!(store.is_void(tenant, &later).await.unwrap());
    let elsewhere = Holder { stream: stream("count/b").stream, ..holder(&first) };
    assert!(store.is_void(tenant, &elsewhere).await.unwrap());
    let rewritten = Holder { hash: kernel::Hash::of(b"another history"), ..holder(&first) };
    assert!(store.is_void(tenant, &rewritten).await.unwrap());
}
