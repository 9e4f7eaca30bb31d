//! Views that panic, and events that can't be read: what they touch is parked, all else goes on.

use std::sync::Arc;

use kernel::EventRecord;
use pipeline::{ports::commits::Stored, steps::project::project};
use serde_json::{Value, value::to_raw_value};

use super::{curse, given, list, view};
use crate::support::{Pipeline, add, projection::Index};

fn batches(wherever: &str) -> Vec<Vec<Value>> {
    vec![
        vec![list("c1", "x", 1), list("c2", "y", 1)],
        vec![add("c3", 5), curse("c4", wherever, "x"), add("c5", 1)],
        vec![add("c6", 2)],
    ]
}

async fn projected(pipeline: &Pipeline, name: &str, commits: &[Arc<Stored>]) -> (Index, usize) {
    let view = view(pipeline, name);
    let index = Index::default();
    let mut parked = 0;
    for stored in commits {
        parked += project(&view, &*pipeline.tap, &index, std::slice::from_ref(stored)).await.unwrap().parked;
    }
    (index, parked)
}

#[tokio::test]
async fn a_panic_in_evolve_parks_the_document_and_no_other() {
    let (pipeline, commits) = given(&batches("evolve")).await;
    let (index, parked) = projected(&pipeline, "items", &commits).await;
    let all = index.all(&view(&pipeline, "items"), "toy/a").await;
    let why = "4: the domain panicked: cursed in evolve";
    assert_eq!(all["x"], format!(r#"4 parked {{"amount":1,"log":["v1","v3"],"total":5}} at {why}"#));
    assert_eq!(all["y"], r#"6 shown {"amount":1,"log":["v2","v3","v5","v6"],"total":8}"#);
    assert!(all[""].starts_with("3 cursor at 6"), "{}", all[""]);
    assert_eq!(parked, 1);
}

#[tokio::test]
async fn a_panic_in_touches_or_remember_parks_the_stream_on_its_cursor() {
    for wherever in ["touches", "remember"] {
        let (pipeline, commits) = given(&batches(wherever)).await;
        let (index, parked) = projected(&pipeline, "items", &commits).await;
        let all = index.all(&view(&pipeline, "items"), "toy/a").await;
        assert_eq!(all["x"], r#"3 shown {"amount":1,"log":["v1","v3"],"total":5}"#, "what was before it is there");
        let cursor = &all[""];
        assert!(cursor.starts_with("2 cursor at 3"), "{cursor}");
        assert!(cursor.ends_with(&format!("4: the domain panicked: cursed in {wherever}")), "{cursor}");
        assert_eq!(parked, 1);
    }
}

#[tokio::test]
async fn without_a_cursor_the_streams_document_is_parked() {
    for wherever in ["evolve", "touches", "remember"] {
        let (pipeline, commits) = given(&batches(wherever)).await;
        let (index, parked) = projected(&pipeline, "totals", &commits).await;
        let all = index.all(&view(&pipeline, "totals"), "toy/a").await;
        let why = format!("4: the domain panicked: cursed in {wherever}");
        assert_eq!(all["a"], format!(r#"4 parked {{"amount":1,"events":3,"total":5}} at {why}"#));
        assert_eq!((all.len(), parked), (1, 1));
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_decoded_parks_the_stream_and_no_other() {
    let (pipeline, mut commits) = given(&batches("nowhere")).await;
    pipeline.ask(&[crate::support::command("b1", "toy/b", "Add", serde_json::json!({ "count": 3 }))]).await;
    let mut spoilt = Stored::clone(&commits[1]);
    spoilt.commit.events[1] =
        EventRecord { kind: "Unheard".into(), schema: 1, command: 1, data: to_raw_value(&1).unwrap() };
    commits[1] = Arc::new(spoilt);
    commits.extend(pipeline.commits("toy/b").await);
    let (index, _) = projected(&pipeline, "items", &commits).await;
    let items = view(&pipeline, "items");
    let all = index.all(&items, "toy/a").await;
    assert!(all[""].ends_with("4: the event type `Unheard` is not known"), "{}", all[""]);
    assert!(index.all(&items, "toy/b").await[""].starts_with("1 cursor at 1"));
}
