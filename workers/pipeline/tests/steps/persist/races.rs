//! Other writers, lost replies, outages: whoever tries again finds what came of it.

use jiff::Timestamp;
use kernel::Verdict;
use pipeline::{
    laws::sample,
    ports::commits::{Append, CommitStore, Position},
    steps::StepError,
};
use serde_json::json;

use crate::support::{Pipeline, add, batch, command, doubles::Fault, key, noon, verdicts, with};

/// A commit that another writer appends behind a stream's first so many.
async fn rival(pipeline: &Pipeline, stream: &str, behind: u64, id: &str) -> Append {
    let position = match behind {
        0 => Position::start(key(stream)),
        behind => Position::after(&pipeline.store().at(&key(stream), behind).await.unwrap().unwrap()),
    };
    rival_at(position, id)
}

fn rival_at(position: Position, id: &str) -> Append {
    let verdict = Verdict { code: "rival".into(), message: "it was another's".into(), detail: None };
    let mut record = sample::command(id, position.version(), true);
    record.rejection = Some(verdict);
    Append::new(position, noon(), None, vec![record], vec![], vec![]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_loses_the_position_reloads_and_decides_again() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1)]).await;
    let other = pipeline.restarted();
    other.ask(&[add("c2", 10)]).await;
    // warm at version 1: the first append conflicts only if the load did not see the other's
    pipeline.tap.fail("append", [Fault::Rival(rival(&pipeline, "toy/a", 2, "r1").await)]);
    let told = pipeline.ask(&[with(add("c3", 1), "expectedVersion", 2), add("c4", 1)]).await;
    assert_eq!(told, ["committed 3", "committed 4"]);
    assert_eq!(pipeline.persist.warm.conflicts(), 1);
    assert_eq!(pipeline.value("toy/a").await, 13);
}

#[tokio::test(start_paused = true)]
async fn the_same_command_from_two_writers_at_once_has_one_effect() {
    let pipeline = Pipeline::new();
    pipeline.tap.fail("append", [Fault::Rival(rival(&pipeline, "toy/a", 0, "c1").await)]);
    // the rival's commit holds the same id with other content: it was there first
    assert_eq!(pipeline.ask(&[add("c1", 1), add("c2", 1)]).await, ["refused id-reused", "committed 1"]);
    assert_eq!(pipeline.value("toy/a").await, 1);
}

#[tokio::test(start_paused = true)]
async fn conflicts_are_bounded_and_what_is_left_can_be_persisted_again() {
    let pipeline = Pipeline::new();
    let mut position = Position::start(key("toy/a"));
    for number in 0..9 {
        let rival = rival_at(position.clone(), &format!("r{number}"));
        position = Position::after(rival.stored());
        pipeline.tap.fail("append", [Fault::Rival(rival)]);
    }
    let mut batch = batch(&[add("c1", 1), command("b1", "toy/b", "Add", json!({ "count": 1 }))]);
    let error = pipeline.run(&mut batch).await.unwrap_err();
    assert!(matches!(&error, StepError::Conflict(stream) if stream == "acme/toy/a"), "{error}");
    assert_eq!(verdicts(&batch), ["authorized", "committed 1"]);
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch), ["committed 1", "committed 1"]);
    assert_eq!((pipeline.value("toy/a").await, pipeline.value("toy/b").await), (1, 1));
}

#[tokio::test]
async fn a_lost_reply_of_an_append_has_one_effect() {
    for (fault, written) in [(Fault::LostReply, 1), (Fault::Down, 0)] {
        let pipeline = Pipeline::new();
        pipeline.tap.fail("append", [fault]);
        let mut batch = batch(&[add("c1", 1), add("c2", 2), command("b1", "toy/b", "Add", json!({ "count": 1 }))]);
        let error = pipeline.run(&mut batch).await.unwrap_err();
        assert!(matches!(error, StepError::Unavailable(_)), "{error}");
        assert_eq!(pipeline.commits("toy/a").await.len(), written);
        assert_eq!(verdicts(&batch), ["authorized", "authorized", "authorized"]);
        pipeline.run(&mut batch).await.unwrap();
        assert_eq!(verdicts(&batch), ["committed 1", "committed 2", "committed 1"]);
        assert_eq!((pipeline.value("toy/a").await, pipeline.commits("toy/a").await.len()), (3, 1));
    }
}

/// At each call of the store in turn, an outage: the batch fails as such, loses nothing, and goes through again.
#[tokio::test]
async fn an_outage_at_any_call_loses_nothing() {
    let commands = || {
        let hold = command("h1", "toy/a", "Hold", json!({ "take": ["y"], "give": ["x"] }));
        batch(&[add("c1", 1), add("c1", 1), add("n1", 4), hold, add("n2", 5), add("old", 1), add("n1", 4)])
    };
    let prepared = async || {
        let pipeline = Pipeline::new();
        pipeline.ask(&[add("old", 1), command("h0", "toy/a", "Hold", json!({ "take": ["x"], "give": [] }))]).await;
        pipeline.clock.set(Timestamp::from_second(noon().as_second() + 600).unwrap());
        for number in 0..14 {
            pipeline.ask(&[command(&format!("f{number}"), "toy/a", "Fill", json!({ "bytes": 20_000 }))]).await;
        }
        let restarted = pipeline.restarted();
        restarted.tap.counted();
        restarted
    };
    let quiet = prepared().await;
    let mut expected = commands();
    quiet.run(&mut expected).await.unwrap();
    let calls = quiet.tap.counted();
    assert!(["newest", "read", "find", "holders", "append"].iter().all(|call| calls.contains_key(call)), "{calls:?}");
    for (call, count) in calls {
        for number in 0..count {
            let pipeline = prepared().await;
            pipeline.tap.fail_at(call, number, Fault::Down);
            let mut batch = commands();
            let error = pipeline.run(&mut batch).await.unwrap_err();
            assert!(matches!(error, StepError::Unavailable(_)), "{call} {number}: {error}");
            pipeline.run(&mut batch).await.unwrap();
            assert_eq!(verdicts(&batch), verdicts(&expected), "{call} {number}");
            assert_eq!(pipeline.value("toy/a").await, quiet.value("toy/a").await, "{call} {number}");
        }
    }
}
