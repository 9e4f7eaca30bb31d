//! The law: another projector runs to its end between any two of our reads and writes.

use pipeline::steps::project::project;

use serde_json::Value;

use super::{curse, eventful, given, list, view};
use crate::{
    host,
    support::{
        add,
        projection::{Bug, Index, from_scratch},
    },
};

/// Runs one projector on a range of the commits and another on another, at each point in turn; afterwards all commits
/// are delivered once more, as at-least-once delivery would. Tells the first case that comes to something else than the
/// fold.
pub(crate) async fn every_pair_at_every_point(batches: &[Vec<Value>], name: &str, bug: Bug) -> Result<(), String> {
    let (pipeline, commits) = given(batches).await;
    let view = view(&pipeline, name);
    let expected = from_scratch(&view, &pipeline.tap, "toy/a").await;
    let all = commits.len();
    let (mut met, mut case) = (0, 0_usize);
    for known in [0, 3] {
        let ours: Vec<_> = (known..all).flat_map(|from| (from + 1..=all).map(move |to| from..to)).collect();
        // contiguous ones, and each commit alone: behind a gap
        let theirs: Vec<_> = (known + 1..=all).flat_map(|to| [known..to, to - 1..to]).collect();
        for ours in &ours {
            for theirs in &theirs {
                for point in 0..4 {
                    case += 1;
                    if !case.is_multiple_of(host::EVERY) {
                        continue;
                    }
                    let mut index = Index::with_rival(point, &view, &pipeline.tap, &commits[theirs.clone()]);
                    index.bug = bug;
                    project(&view, &*pipeline.tap, &index.inner, &commits[..known]).await.unwrap();
                    project(&view, &*pipeline.tap, &index, &commits[ours.clone()]).await.unwrap();
                    met += usize::from(index.met_its_rival());
                    project(&view, &*pipeline.tap, &index.inner, &commits).await.unwrap();
                    let end = index.all(&view, "toy/a").await;
                    if end != expected {
                        let case = format!("{name}: known {known}, ours {ours:?}, theirs {theirs:?} before {point}");
                        return Err(format!("{case}: {end:#?} instead of {expected:#?}"));
                    }
                }
            }
        }
    }
    assert!(met > 100 / host::EVERY, "the projectors met {met} times only");
    Ok(())
}

#[tokio::test]
async fn two_projectors_never_fold_twice() {
    for name in ["items", "totals"] {
        every_pair_at_every_point(&eventful(), name, Bug::None).await.unwrap();
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
            every_pair_at_every_point(&batches, name, Bug::None).await.unwrap();
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
        every_pair_at_every_point(&batches, name, Bug::None).await.unwrap();
    }
}
