//! The law: another projector runs to its end between any two of our reads and writes.

use pipeline::steps::project::project;

use super::{curse, eventful, given, list, view};
use crate::support::{
    add,
    projection::{Index, from_scratch},
};

/// Runs one projector on a range of the commits and another on another, at each point in turn; afterwards all commits
/// are delivered once more, as at-least-once delivery would.
async fn every_pair_at_every_point(batches: &[Vec<serde_json::Value>], name: &str) {
    let (pipeline, commits) = given(batches).await;
    let view = view(&pipeline, name);
    let expected = from_scratch(&view, &pipeline.tap, "toy/a").await;
    let ranges: Vec<_> =
        (0..commits.len()).flat_map(|from| (from + 1..=commits.len()).map(move |to| from..to)).collect();
    let mut met = 0;
    for known in [0, 1, 3] {
        for ours in ranges.iter().filter(|range| range.end > known) {
            for theirs in ranges.iter().filter(|range| range.end > known) {
                for point in 0..4 {
                    let index = Index::with_rival(point, &view, &pipeline.tap, &commits[theirs.clone()]);
                    project(&view, &*pipeline.tap, &index.inner, &commits[..known]).await.unwrap();
                    project(&view, &*pipeline.tap, &index, &commits[ours.clone()]).await.unwrap();
                    met += usize::from(index.met_its_rival());
                    project(&view, &*pipeline.tap, &index.inner, &commits).await.unwrap();
                    let end = index.all(&view, "toy/a").await;
                    assert_eq!(end, expected, "{name}: known {known}, ours {ours:?}, theirs {theirs:?} before {point}");
                }
            }
        }
    }
    assert!(met > 400, "the projectors met {met} times only");
}

#[tokio::test]
async fn two_projectors_never_fold_twice() {
    for name in ["items", "totals"] {
        every_pair_at_every_point(&eventful(), name).await;
    }
}

#[tokio::test]
async fn two_projectors_park_the_same() {
    for wherever in ["evolve", "touches", "remember"] {
        let batches = [
            vec![list("c1", "x", 1), list("c2", "y", 1)],
            vec![add("c3", 5)],
            vec![add("c4", 1), curse("c5", wherever, "x"), add("c6", 1)],
            vec![add("c7", 2)],
            vec![list("c8", "x", 2), add("c9", 1)],
        ];
        for name in ["items", "totals"] {
            every_pair_at_every_point(&batches, name).await;
        }
    }
}

#[tokio::test]
async fn two_projectors_hide_the_same() {
    let batches = [
        vec![list("c1", "x", 1)],
        vec![list("c2", "x", "many"), list("c3", "y", 1)],
        vec![add("c4", 5)],
        vec![list("c5", "x", 3), list("c6", "y", "none")],
    ];
    for name in ["items", "totals"] {
        every_pair_at_every_point(&batches, name).await;
    }
}
