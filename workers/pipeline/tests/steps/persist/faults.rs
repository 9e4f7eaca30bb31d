//! Domains that break: the one command is given up, all else goes on.

use kernel::EventRecord;
use pipeline::{
    laws::sample,
    ports::commits::{Append, CommitStore, Position},
    steps::{StepError, batch::Stage},
};
use serde_json::{Value, json, value::to_raw_value};

use crate::support::{Pipeline, add, batch, command, key, known, noon, push, verdicts};

fn break_by(id: &str, kind: &str) -> Value {
    command(id, "toy/a", kind, json!({}))
}

#[tokio::test]
async fn a_decider_that_panics_fails_that_command_and_its_successors_go_on() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[add("c1", 1), break_by("c2", "Explode"), add("c3", 1)]);
    batch.messages[1].task_token = Some("waiting".into());
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch), ["committed 1", "failed corrupt", "committed 2"]);
    let failure = known(&batch, 1).status.failure.clone().unwrap();
    assert_eq!(failure.message, "the domain panicked: it exploded");
    assert_eq!(pipeline.commits("toy/a").await.len(), 1);
    assert_eq!(pipeline.status("c2").await.unwrap(), "failed corrupt");
    assert_eq!(pipeline.answers.told(), [("waiting".to_owned(), "c2 failed".to_owned())]);
    // what failed is no commit: sent again, it is decided again
    assert_eq!(pipeline.ask_one(break_by("c2", "Explode")).await, "failed corrupt");
}

#[tokio::test]
async fn an_event_that_cannot_be_folded_fails_its_command_and_its_successors_go_on() {
    let pipeline = Pipeline::new();
    let told = pipeline.ask(&[add("c1", 1), break_by("c2", "Spoil"), add("c3", 1), break_by("c4", "Spoil")]).await;
    assert_eq!(told, ["committed 1", "failed corrupt", "committed 2", "failed corrupt"]);
    assert_eq!(pipeline.ask_one(add("c5", 1)).await, "committed 3");
    assert_eq!(pipeline.value("toy/a").await, 3);
}

#[tokio::test]
async fn a_stream_that_cannot_be_read_fails_its_commands_and_no_others() {
    let pipeline = Pipeline::new();
    let unknown = EventRecord { kind: "Unheard".into(), schema: 1, command: 0, data: to_raw_value(&1).unwrap() };
    let start = Position::start(key("toy/a"));
    let append = Append::new(start, noon(), None, vec![sample::command("x", 1, false)], vec![unknown], vec![]).unwrap();
    pipeline.store().append(vec![append]).await.remove(0).unwrap();
    let mut batch = batch(&[add("c1", 1), command("b1", "toy/b", "Add", json!({ "count": 1 })), add("c2", 1)]);
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch), ["failed corrupt", "committed 1", "failed corrupt"]);
    let failure = known(&batch, 0).status.failure.clone().unwrap();
    assert_eq!(failure.message, "the stream can't be read: the event type `Unheard` is not known");
    assert_eq!(pipeline.commits("toy/a").await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_was_not_authorized_is_corrupt_and_nothing_of_it_is_written() {
    let pipeline = Pipeline::new();
    let received = batch(&[add("c1", 1)]);
    let mut valid = received.clone();
    pipeline::steps::validate::validate(&pipeline.catalog, &mut valid);
    for mut batch in [received, valid] {
        let before = verdicts(&batch);
        // even one among others that are authorized
        let mut mixed = crate::support::batch(&[add("c2", 1)]);
        pipeline.run(&mut mixed).await.unwrap();
        let error = pipeline.persist.persist(&mut batch).await.unwrap_err();
        assert!(matches!(error, StepError::Corrupt(_)), "{error}");
        assert_eq!(error.name(), "Corrupt");
        assert_eq!(verdicts(&batch), before, "the batch is left as it was");
    }
    assert_eq!(pipeline.commits("toy/a").await.len(), 1);
}

#[tokio::test]
async fn a_command_of_no_message_is_corrupt() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[]);
    push(&mut batch, "acme/alice/staff", &add("c1", 1));
    pipeline::steps::validate::validate(&pipeline.catalog, &mut batch);
    batch.commands[0].message = 7;
    assert!(matches!(pipeline.persist.persist(&mut batch).await, Err(StepError::Corrupt(_))));
    assert!(matches!(batch.commands[0].stage, Stage::Valid(_)));
}

#[tokio::test]
async fn a_probe_loads_and_decides_nothing() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[add("c1", 1)]);
    batch.probe = true;
    batch.messages[0].task_token = Some("waiting".into());
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch), ["authorized"]);
    assert!(!batch.settle, "nobody is told of a probe");
    assert!(pipeline.commits("toy/a").await.is_empty() && pipeline.answers.told().is_empty());
    assert_eq!(pipeline.tap.counted().get("newest"), Some(&1));
}
