//! Documents that the index refuses, or has no room for.

use pipeline::{ports::search::Put, steps::project::project};

use super::{given, list, view};
use crate::support::{add, projection::Index};

#[tokio::test(start_paused = true)]
async fn a_refused_document_becomes_a_hidden_stub_on_which_later_events_go_on() {
    let (pipeline, commits) = given(&[
        vec![list("c1", "x", 1), list("c2", "y", 1)],
        vec![list("c3", "x", "many")],
        vec![add("c4", 5)],
        vec![list("c5", "x", 2)],
    ])
    .await;
    let view = view(&pipeline, "items");
    let index = Index::default();
    let steps = [
        (0, r#"1 shown {"amount":1,"log":["v1"],"total":0}"#),
        (1, r#"3 refused {"amount":"many","log":["v1","v3"],"total":0}"#),
        (0, r#"4 refused {"amount":"many","log":["v1","v3","v4"],"total":5}"#),
        (0, r#"5 shown {"amount":2,"log":["v1","v3","v4","v5"],"total":5}"#),
    ];
    for (stored, (more, expected)) in commits.iter().zip(steps) {
        let projected = project(&view, &*pipeline.tap, &index, std::slice::from_ref(stored)).await.unwrap();
        assert_eq!(index.all(&view, "toy/a").await["x"], expected);
        assert!(projected.refused >= more, "{projected:?}");
    }
    assert_eq!(index.all(&view, "toy/a").await["y"], r#"4 shown {"amount":1,"log":["v2","v4"],"total":5}"#);
}

#[tokio::test(start_paused = true)]
async fn what_the_index_has_no_room_for_is_written_again_alone() {
    let (pipeline, commits) = given(&[vec![list("c1", "x", 1), list("c2", "y", 1), list("c3", "z", 1)]]).await;
    let view = view(&pipeline, "items");
    let index = Index::default();
    let mut tries = 0;
    index.meddle(move |entry| {
        (entry.id == "y" && tries < 3).then(|| {
            tries += 1;
            Put::Busy
        })
    });
    project(&view, &*pipeline.tap, &index, &commits).await.unwrap();
    assert_eq!(*index.log.lock().unwrap(), ["get 1", "get 3", "put 3", "put 1", "put 1", "put 1", "put 1"]);
    assert_eq!(index.all(&view, "toy/a").await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_index_without_room_gives_the_commits_back_and_the_cursor_stays() {
    let (pipeline, commits) = given(&[vec![list("c1", "x", 1), list("c2", "y", 1)]]).await;
    let view = view(&pipeline, "items");
    let index = Index::default();
    index.meddle(|entry| (entry.id == "y").then_some(Put::Busy));
    project(&view, &*pipeline.tap, &index, &commits).await.unwrap_err();
    let written: Vec<_> = index.all(&view, "toy/a").await.into_keys().collect();
    assert_eq!(written, ["x"], "no cursor while a document is missing");
    index.meddle(|_| None);
    project(&view, &*pipeline.tap, &index, &commits).await.unwrap();
    assert_eq!(
        index.all(&view, "toy/a").await["x"],
        r#"1 shown {"amount":1,"log":["v1"],"total":0}"#,
        "not folded twice"
    );
}

#[tokio::test(start_paused = true)]
async fn an_index_that_does_not_take_stubs_either_is_an_outage() {
    let (pipeline, commits) = given(&[vec![list("c1", "x", 1)]]).await;
    let index = Index::default();
    index.meddle(|_| Some(Put::Refused("never".into())));
    let error = project(&view(&pipeline, "items"), &*pipeline.tap, &index, &commits).await.unwrap_err();
    assert!(error.to_string().contains("hidden"), "{error}");
}
