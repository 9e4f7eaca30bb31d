//! Verify: what is stored wrongly is named.

mod claims;

use std::sync::{Arc, Mutex};

use pipeline::{
    ports::{
        commits::{Append, CommitStore, Position, Stored},
        search::{Content, Entry, Put, SearchIndex},
        verify::{Verifier, VerifyError},
    },
    steps::{project::project, verify::Verify},
};
use serde_json::json;

use crate::support::{Pipeline, add, command, key, projection::Index, tenant};

async fn checked(pipeline: &Pipeline, index: Arc<Index>) -> Vec<String> {
    let verify = Verify { catalog: pipeline.catalog.clone(), commits: pipeline.tap.clone(), index };
    let page = verify.page(&tenant(), Some(&key("toy/a").stream), None).await.unwrap();
    let whole = verify.page(&tenant(), None, None).await.unwrap();
    assert_eq!((&whole.differences, whole.next), (&page.differences, None));
    page.differences.into_iter().map(|difference| format!("{} {}", difference.kind, difference.message)).collect()
}

async fn given(commands: &[serde_json::Value]) -> (Pipeline, Arc<Index>) {
    let pipeline = Pipeline::new();
    for command in commands {
        pipeline.ask(std::slice::from_ref(command)).await;
    }
    (pipeline, Arc::default())
}

async fn project_all(pipeline: &Pipeline, index: &Index) {
    for view in pipeline.catalog.views() {
        project(view, &*pipeline.tap, index, &pipeline.log().await).await.unwrap();
    }
}

fn list(id: &str, item: &str, amount: impl Into<serde_json::Value>) -> serde_json::Value {
    command(id, "toy/a", "List", json!({ "item": item, "amount": amount.into() }))
}

#[tokio::test]
async fn what_is_as_it_must_be_has_no_difference() {
    let (pipeline, index) =
        given(&[list("c1", "x", 1), add("c2", 1), command("c3", "toy/a", "Delist", json!({"item": "x"}))]).await;
    project_all(&pipeline, &index).await;
    assert_eq!(checked(&pipeline, index).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_view_that_stays_behind_is_named() {
    let (pipeline, index) = given(&[add("c1", 1)]).await;
    let told = checked(&pipeline, index).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|told| told.starts_with("behind") && told.ends_with("is at version 0, the stream at 1")),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_or_refused_is_named() {
    for (wherever, kind) in [
        ("evolve", "parked `items/x` is parked at version 2"),
        ("touches", "parked view `items` can't fold the stream at version 2"),
    ] {
        let curse = command("c2", "toy/a", "Curse", json!({ "wherever": wherever, "item": "x" }));
        let (pipeline, index) = given(&[list("c1", "x", 1), curse]).await;
        project_all(&pipeline, &index).await;
        let told = checked(&pipeline, index).await;
        assert!(told.iter().any(|told| told.starts_with(kind)), "{told:?}");
    }
    let (pipeline, index) = given(&[list("c1", "x", "many")]).await;
    project_all(&pipeline, &index).await;
    let told = checked(&pipeline, index).await;
    assert!(told.iter().any(|told| told.starts_with("refused `items/x`")), "{told:?}");
}

type Damage = fn(&mut Entry);

#[tokio::test]
async fn a_document_that_differs_from_the_fold_is_named() {
    let damages: [(&str, Damage); 3] = [
        ("should be", |entry| {
            if let Content::Shown(body) = &mut entry.content {
                Arc::make_mut(body).insert("amount".into(), json!(9));
            }
        }),
        ("at version 1, and is", |entry| entry.version = 7),
        ("should be", |entry| entry.content = Content::Removed),
    ];
    for (told, damage) in damages {
        let (pipeline, index) = given(&[list("c1", "x", 1)]).await;
        let items = pipeline.catalog.find_view("items").unwrap().clone();
        // the projector's writes are damaged on their way
        let caught = Arc::new(Mutex::new(Vec::new()));
        let catch = caught.clone();
        index.meddle(move |entry| {
            (entry.id == "x").then(|| {
                catch.lock().unwrap().push(entry.clone());
                Put::Accepted
            })
        });
        project_all(&pipeline, &index).await;
        let mut entry = caught.lock().unwrap().remove(0);
        damage(&mut entry);
        index.inner.put(&items, vec![entry]).await.unwrap();
        let differences = checked(&pipeline, index).await;
        assert!(differences.len() == 1 && differences[0].contains(told), "{differences:?}");
    }
}

#[tokio::test]
async fn a_document_that_is_missing_or_of_no_event_is_named() {
    let (pipeline, index) = given(&[list("c1", "x", 1)]).await;
    index.meddle(|entry| (entry.id == "x").then_some(Put::Accepted));
    project_all(&pipeline, &index).await;
    assert_eq!(checked(&pipeline, index.clone()).await, ["document `items/x` is missing in the index"]);
    let (other, elsewhere) = given(&[list("c1", "x", 1), list("c2", "y", 1)]).await;
    project_all(&other, &elsewhere).await;
    let view = other.catalog.find_view("items").unwrap();
    let all = elsewhere.entries(view, &tenant(), &key("toy/a").stream).await.unwrap();
    let extra = all.into_iter().filter(|entry| !entry.id.is_empty()).collect();
    index.inner.put(view, extra).await.unwrap();
    assert_eq!(checked(&pipeline, index).await, ["document `items/y` is in the index, and no event makes it"]);
}

/// A store of two commits, the second damaged.
async fn damaged(damage: fn(&mut Stored)) -> Vec<String> {
    let (pipeline, index) = given(&[add("c1", 1)]).await;
    let first = pipeline.commits("toy/a").await.remove(0);
    let second = Append::new(
        Position::after(&first),
        first.commit.time,
        None,
        vec![pipeline::laws::sample::command("c2", 2, false)],
        vec![first.commit.events[0].clone()],
        vec![],
    );
    pipeline.store().append(vec![second.unwrap()]).await.remove(0).unwrap();
    project_all(&pipeline, &index).await;
    pipeline.tap.tell_otherwise(damage);
    let verify = Verify { catalog: pipeline.catalog.clone(), commits: pipeline.tap.clone(), index };
    let page = verify.page(&tenant(), Some(&key("toy/a").stream), None).await.unwrap();
    page.differences.into_iter().map(|difference| difference.kind).collect()
}

#[tokio::test(start_paused = true)]
async fn damage_to_the_chain_is_named() {
    for (kind, damage) in [
        ("gap", (|stored| stored.commit.seq = 3) as fn(&mut Stored)),
        ("chain", |stored| stored.commit.previous = None),
        ("versions", |stored| stored.commit.last = 7),
        ("time", |stored| stored.commit.time = jiff::Timestamp::MIN),
        ("command", |stored| stored.commit.events[0].command = 4),
    ] {
        let told = damaged(damage).await;
        assert!(told.contains(&kind.to_owned()), "{kind}: {told:?}");
    }
    assert_eq!(damaged(|_| {}).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_cursor_of_no_page_is_refused() {
    let (pipeline, index) = given(&[]).await;
    let verify = Verify { catalog: pipeline.catalog.clone(), commits: pipeline.tap.clone(), index };
    for cursor in ["", "x", "x:y", "-1:"] {
        let told = verify.page(&tenant(), None, Some(cursor)).await;
        assert!(matches!(told, Err(VerifyError::BadCursor)), "{cursor}");
    }
}
