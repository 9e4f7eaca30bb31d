//! Claims: what the store says is held, against what the commits took.

use std::sync::Arc;

use kernel::{Hash, StreamId};
use pipeline::{
    laws::sample,
    ports::{
        commits::{Append, ClaimKey, ClaimWrite, CommitStore, Holder, Position, Stored},
        verify::Verifier,
    },
    steps::verify::Verify,
};
use serde_json::{Value, json};

use crate::support::{Pipeline, command, doubles::Fault, key, noon, projection::Index, tenant};

fn hold(id: &str, stream: &str, take: &[&str], give: &[&str]) -> Value {
    command(id, stream, "Hold", json!({ "take": take, "give": give }))
}

fn name(value: &str) -> ClaimKey {
    ClaimKey { tenant: tenant(), scope: "name".into(), value: value.into() }
}

async fn holder(pipeline: &Pipeline, value: &str) -> Option<Holder> {
    pipeline.store().holders(&[name(value)]).await.unwrap().remove(0)
}

/// A pipeline whose views are folded; what is told differs in its claims alone.
async fn given(commands: &[Value]) -> Pipeline {
    let pipeline = Pipeline::new();
    for command in commands {
        assert!(pipeline.ask_one(command.clone()).await.starts_with("committed"));
    }
    pipeline
}

/// Writes claims that no stream of the domain decided, with a commit of nothing else.
async fn forge(pipeline: &Pipeline, claims: Vec<ClaimWrite>) {
    let start = Position::start(key("forged/b"));
    let append = Append::new(start, noon(), None, vec![sample::command("f1", 0, false)], vec![], claims).unwrap();
    pipeline.store().append(vec![append]).await.remove(0).unwrap();
}

fn verify(pipeline: &Pipeline) -> Verify {
    // an aggregate without views needs none that is up to date
    let catalog = Arc::new(kernel::Catalog::new().aggregate::<crate::support::toy::Toy>());
    Verify { catalog, commits: pipeline.tap.clone(), index: Arc::<Index>::default() }
}

async fn told(pipeline: &Pipeline, stream: Option<&StreamId>) -> Vec<String> {
    let page = verify(pipeline).page(&tenant(), stream, None).await.unwrap();
    assert_eq!(page.next, None);
    assert!(page.differences.iter().all(|difference| difference.kind == "claim"), "{:?}", page.differences);
    page.differences.into_iter().map(|found| format!("{} {}", found.stream, found.message)).collect()
}

#[tokio::test]
async fn claims_that_are_as_the_commits_say_have_no_difference() {
    let pipeline = given(&[
        hold("c1", "toy/a", &["x", "y"], &[]),
        hold("c2", "toy/a", &["z", "x"], &["y"]),
        hold("c3", "toy/b", &["y"], &["never held"]),
        hold("c4", "toy/a", &[], &["x"]),
        hold("c5", "toy/a", &["x"], &[]),
    ])
    .await;
    assert_eq!(told(&pipeline, None).await, Vec::<String>::new());
    assert_eq!(told(&pipeline, Some(&key("toy/a").stream)).await, Vec::<String>::new());
    let page = verify(&pipeline).page(&tenant(), None, None).await.unwrap();
    assert_eq!(page.checked, 5 + (3 + 1) + 3, "commits, what they took or gave back, and what is held");
}

#[tokio::test]
async fn a_claim_that_the_store_lost_or_gave_to_another_is_named() {
    let lost = given(&[hold("c1", "toy/a", &["x"], &[])]).await;
    let held = holder(&lost, "x").await.unwrap();
    forge(&lost, vec![ClaimWrite::Release { key: name("x"), held }]).await;
    let difference = "toy/a the claim on `x` in `name` was taken by commit 1, and nobody holds it";
    assert_eq!(told(&lost, None).await, [difference]);
    assert_eq!(told(&lost, Some(&key("toy/a").stream)).await, [difference]);

    let given_away = given(&[hold("c1", "toy/a", &["x"], &[])]).await;
    let over = holder(&given_away, "x").await;
    forge(&given_away, vec![ClaimWrite::Take { key: name("x"), over }]).await;
    let difference =
        "toy/a the claim on `x` in `name` was taken by commit 1, and is held by another one, of number 1 in `forged/b`";
    assert_eq!(told(&given_away, None).await, [difference]);
}

#[tokio::test]
async fn a_claim_of_a_commit_that_is_not_there_is_named() {
    let pipeline = given(&[hold("c1", "toy/a", &["x"], &[]), hold("c2", "toy/b", &["y"], &[])]).await;
    pipeline.lose("toy/a").await;
    let difference = "toy/a the claim on `x` in `name` is held by commit 1, which is not there";
    assert_eq!(told(&pipeline, None).await, [difference]);
    let second = verify(&pipeline).page(&tenant(), None, Some("claims:")).await.unwrap();
    assert_eq!(
        (second.differences.len(), second.checked, second.next),
        (1, 2, None),
        "the streams are not checked again"
    );
}

#[tokio::test]
async fn a_claim_that_its_commit_did_not_take_is_named() {
    type Damage = fn(&mut Stored);
    let damages: [(Damage, &[&str]); 3] = [
        (|stored| stored.commit.claims.clear(), &["is held by commit 1, which did not take it"]),
        (
            |stored| stored.commit.claims[0].released = true,
            &["was given back, and is still held by commit 1", "is held by commit 1, which did not take it"],
        ),
        (
            |stored| stored.hash = Hash::of(b"another history"),
            &[
                "was taken by commit 1, and is held by another one, of number 1 in `toy/a`",
                "is held by commit 1, of another hash",
            ],
        ),
    ];
    for (damage, wanted) in damages {
        let pipeline = given(&[hold("c1", "toy/a", &["x"], &[])]).await;
        pipeline.tap.tell_otherwise(damage);
        let wanted: Vec<_> = wanted.iter().map(|wanted| format!("toy/a the claim on `x` in `name` {wanted}")).collect();
        assert_eq!(told(&pipeline, None).await, wanted);
    }
}

#[tokio::test]
async fn claims_that_change_while_they_are_compared_are_compared_again() {
    let pipeline = given(&[hold("c1", "toy/a", &["x"], &[])]).await;
    let first = pipeline.commits("toy/a").await.remove(0);
    let held = holder(&pipeline, "x").await.unwrap();
    let release = vec![ClaimWrite::Release { key: name("x"), held }];
    let next =
        Append::new(Position::after(&first), noon(), None, vec![sample::command("c2", 1, false)], vec![], release);
    pipeline.tap.counted();
    pipeline.tap.fail("holders", [Fault::Rival(next.unwrap())]);
    assert_eq!(told(&pipeline, None).await, Vec::<String>::new());
    assert_eq!(pipeline.tap.counted().get("holders"), Some(&2));
}

#[tokio::test]
async fn what_is_held_is_checked_on_a_page_behind_the_streams() {
    let pipeline = given(&[hold("c0", "toy/a", &["x"], &[])]).await;
    let mut position = Position::after(&pipeline.commits("toy/a").await[0]);
    for number in 1..5_000 {
        let nothing = vec![sample::command(&format!("c{number}"), 1, true)];
        let append = Append::new(position, noon(), None, nothing, vec![], vec![]).unwrap();
        position = Position::after(&pipeline.store().append(vec![append]).await.remove(0).unwrap());
    }
    let verify = verify(&pipeline);
    let first = verify.page(&tenant(), None, None).await.unwrap();
    let next = first.next.unwrap();
    let second = verify.page(&tenant(), None, Some(&next)).await.unwrap();
    assert_eq!((first.checked, second.checked, second.next), (5_001, 1, None));
    assert_eq!((first.differences, second.differences), (vec![], vec![]));
}
