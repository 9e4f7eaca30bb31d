//! Deliveries come twice, late, in any order, with gaps.

use pipeline::steps::project::project;
use serde_json::json;

use super::{eventful, given, view};
use crate::support::{
    add, command,
    doubles::Fault,
    projection::{Index, from_scratch},
};

const VIEWS: [&str; 2] = ["items", "totals"];

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(count - 1);
    let insert = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, count - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..count).map(move |at| insert(order, at))).collect()
}

#[tokio::test]
async fn any_order_and_any_repetition_come_to_the_same() {
    let (pipeline, commits) = given(&eventful()).await;
    for name in VIEWS {
        let view = view(&pipeline, name);
        let expected = from_scratch(&view, &pipeline.tap, "toy/a").await;
        for order in permutations(commits.len()).into_iter().step_by(crate::host::EVERY) {
            let index = Index::default();
            for number in &order {
                project(&view, &*pipeline.tap, &index, &commits[*number..=*number]).await.unwrap();
                project(&view, &*pipeline.tap, &index, &commits[*number..=*number]).await.unwrap();
            }
            assert_eq!(index.all(&view, "toy/a").await, expected, "{name} {order:?}");
        }
        let index = Index::default();
        let shuffled: Vec<_> = [3, 0, 4, 4, 1, 0].map(|number| commits[number].clone()).into();
        project(&view, &*pipeline.tap, &index, &shuffled).await.unwrap();
        assert_eq!(index.all(&view, "toy/a").await, expected, "{name} at once");
    }
}

#[tokio::test]
async fn a_rebuild_from_scratch_equals_what_grew() {
    let (pipeline, commits) = given(&eventful()).await;
    for name in VIEWS {
        let view = view(&pipeline, name);
        let rebuilt = Index::default();
        project(&view, &*pipeline.tap, &rebuilt, &commits).await.unwrap();
        assert_eq!(rebuilt.all(&view, "toy/a").await, from_scratch(&view, &pipeline.tap, "toy/a").await, "{name}");
    }
}

#[tokio::test]
async fn a_gap_is_read_from_the_store() {
    let (pipeline, commits) = given(&eventful()).await;
    for name in VIEWS {
        let view = view(&pipeline, name);
        let index = Index::default();
        project(&view, &*pipeline.tap, &index, &commits[..1]).await.unwrap();
        pipeline.tap.counted();
        let projected = project(&view, &*pipeline.tap, &index, &commits[4..]).await.unwrap();
        assert_eq!(pipeline.tap.counted().get("read"), Some(&1), "{name}");
        assert!(projected.gaps >= 3, "{name}: {projected:?}");
        assert_eq!(index.all(&view, "toy/a").await, from_scratch(&view, &pipeline.tap, "toy/a").await, "{name}");
    }
}

#[tokio::test]
async fn a_gap_that_cannot_be_filled_writes_nothing() {
    let (pipeline, commits) = given(&eventful()).await;
    for name in VIEWS {
        let view = view(&pipeline, name);
        let index = Index::default();
        pipeline.tap.fail("read", [Fault::Down]);
        project(&view, &*pipeline.tap, &index, &commits[3..]).await.unwrap_err();
        let empty = crate::support::Pipeline::new();
        project(&view, &*empty.tap, &index, &commits[3..]).await.unwrap_err();
        assert!(index.all(&view, "toy/a").await.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_is_folded_already_costs_one_read_and_no_write() {
    let (pipeline, commits) = given(&eventful()).await;
    for name in VIEWS {
        let view = view(&pipeline, name);
        let index = Index::default();
        project(&view, &*pipeline.tap, &index, &commits).await.unwrap();
        index.log.lock().unwrap().clear();
        let projected = project(&view, &*pipeline.tap, &index, &commits).await.unwrap();
        assert_eq!(projected, pipeline::steps::project::Projected::default());
        assert_eq!(*index.log.lock().unwrap(), ["get 1", "get 0"], "{name}");
    }
}

#[tokio::test]
async fn the_cursor_is_read_before_the_documents_and_written_after_them() {
    let (pipeline, commits) = given(&eventful()).await;
    let index = Index::default();
    project(&view(&pipeline, "items"), &*pipeline.tap, &index, &commits).await.unwrap();
    assert_eq!(*index.log.lock().unwrap(), ["get 1", "get 2", "put 2", "put 1"]);
}

#[tokio::test]
async fn an_old_event_does_not_bring_a_removed_document_back() {
    let (pipeline, commits) = given(&eventful()[..3]).await;
    let view = view(&pipeline, "items");
    let index = Index::default();
    project(&view, &*pipeline.tap, &index, &commits).await.unwrap();
    let removed = index.all(&view, "toy/a").await;
    assert_eq!(removed["x"], "4 removed", "a tombstone keeps its version");
    for number in 0..3 {
        project(&view, &*pipeline.tap, &index, &commits[number..=number]).await.unwrap();
        assert_eq!(index.all(&view, "toy/a").await, removed);
    }
    // even if the cursor was lost, and all is folded again from the beginning
    let lost = Index::default();
    lost.meddle(|entry| entry.id.is_empty().then_some(pipeline::ports::search::Put::Accepted));
    for _ in 0..2 {
        project(&view, &*pipeline.tap, &lost, &commits).await.unwrap();
    }
    project(&view, &*pipeline.tap, &lost, &commits[..1]).await.unwrap();
    assert_eq!(lost.all(&view, "toy/a").await["x"], "4 removed");
}

#[tokio::test]
async fn many_streams_and_other_aggregates_are_folded_side_by_side() {
    let (pipeline, mut commits) = given(&eventful()).await;
    pipeline.ask(&[command("d1", "toy/b", "Add", json!({ "count": 3 })), add("d2", 1)]).await;
    commits.extend(pipeline.commits("toy/b").await);
    let mut foreign = pipeline::ports::commits::Stored::clone(&commits[0]);
    foreign.commit.stream = "another/a".parse().unwrap();
    commits.push(std::sync::Arc::new(foreign));
    let view = view(&pipeline, "totals");
    let index = Index::default();
    project(&view, &*pipeline.tap, &index, &commits).await.unwrap();
    assert_eq!(index.all(&view, "toy/b").await["b"], r#"1 shown {"events":1,"total":3}"#);
    assert!(index.all(&view, "another/a").await.is_empty());
}
