//! What a stream holds alone.

use pipeline::{
    laws::sample,
    ports::commits::{ClaimKey, ClaimWrite, CommitStore, Holder, Position},
};
use serde_json::{Value, json};

use crate::support::{Pipeline, add, command, doubles::Fault, key, tenant};

fn hold(id: &str, stream: &str, take: &[&str], give: &[&str]) -> Value {
    command(id, stream, "Hold", json!({ "take": take, "give": give }))
}

fn name(value: &str) -> ClaimKey {
    ClaimKey { tenant: tenant(), scope: "name".into(), value: value.into() }
}

async fn holder(pipeline: &Pipeline, value: &str) -> Option<Holder> {
    pipeline.store().holders(&[name(value)]).await.unwrap().remove(0)
}

async fn held_by(pipeline: &Pipeline, value: &str) -> Option<String> {
    holder(pipeline, value).await.map(|holder| holder.stream.to_string())
}

#[tokio::test]
async fn a_command_with_claims_is_committed_alone() {
    let pipeline = Pipeline::new();
    let told = pipeline.ask(&[add("c1", 1), hold("c2", "toy/a", &["x"], &[]), add("c3", 1), add("c4", 1)]).await;
    assert_eq!(told, ["committed 1", "committed 2", "committed 3", "committed 4"]);
    let sizes: Vec<_> = pipeline.commits("toy/a").await.iter().map(|stored| stored.commit.commands.len()).collect();
    assert_eq!(sizes, [1, 1, 2]);
    let holder = holder(&pipeline, "x").await.unwrap();
    let stored = pipeline.store().at(&key("toy/a"), 2).await.unwrap().unwrap();
    assert_eq!(
        (holder.stream.as_str(), holder.seq, holder.hash),
        ("toy/a", 2, stored.hash),
        "a claim names its commit"
    );
}

#[tokio::test]
async fn who_finds_a_claim_held_is_rejected_and_pays_no_transaction() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[hold("c1", "toy/a", &["x"], &[])]).await;
    pipeline.tap.counted();
    // the rejection is an ordinary commit, which later commands may join
    let told =
        pipeline.ask(&[hold("c2", "toy/b", &["x"], &[]), command("c3", "toy/b", "Add", json!({"count": 1}))]).await;
    assert_eq!(told, ["rejected taken", "committed 1"]);
    assert_eq!(pipeline.tap.counted().get("append"), Some(&1));
    assert_eq!(pipeline.commits("toy/b").await.len(), 1);
    assert_eq!(held_by(&pipeline, "x").await.unwrap(), "toy/a");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_claim_at_once_one_wins_and_the_other_is_rejected() {
    let pipeline = Pipeline::new();
    let start = Position::start(key("toy/b"));
    let rival = sample::claiming(&start, "r1", vec![ClaimWrite::Take { key: name("x"), over: None }]);
    pipeline.tap.fail("append", [Fault::Rival(rival)]);
    assert_eq!(pipeline.ask_one(hold("c1", "toy/a", &["x"], &[])).await, "rejected taken");
    assert_eq!(held_by(&pipeline, "x").await.unwrap(), "toy/b");
    let mut batch = crate::support::batch(&[hold("d1", "toy/c", &["y"], &[]), hold("d2", "toy/d", &["y"], &[])]);
    pipeline.run(&mut batch).await.unwrap();
    let mut told = crate::support::verdicts(&batch);
    told.sort();
    assert_eq!(told, ["committed 1", "rejected taken"], "two streams of one batch race too");
}

#[tokio::test]
async fn what_the_stream_holds_itself_is_held() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[hold("c1", "toy/a", &["x"], &[])]).await;
    let before = holder(&pipeline, "x").await;
    assert_eq!(pipeline.ask_one(hold("c2", "toy/a", &["x", "y"], &[])).await, "committed 2");
    assert_eq!(holder(&pipeline, "x").await, before);
    assert_eq!(held_by(&pipeline, "y").await.unwrap(), "toy/a");
}

#[tokio::test]
async fn a_claim_is_moved_in_one_commit_and_free_once_released() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[hold("c1", "toy/a", &["x"], &[]), hold("c2", "toy/a", &["y"], &["x"])]).await;
    assert_eq!((held_by(&pipeline, "x").await, held_by(&pipeline, "y").await), (None, Some("toy/a".into())));
    assert_eq!(pipeline.ask_one(hold("c3", "toy/b", &["x"], &[])).await, "committed 1");
    assert_eq!(pipeline.ask_one(hold("c4", "toy/b", &["y"], &["x"])).await, "rejected taken");
    assert_eq!(held_by(&pipeline, "x").await.unwrap(), "toy/b", "a rejected command gives nothing back");
}

#[tokio::test]
async fn releasing_and_taking_the_same_value_cancels_out() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[hold("c1", "toy/a", &["x"], &[])]).await;
    assert_eq!(pipeline.ask_one(hold("c2", "toy/b", &["x"], &["x"])).await, "committed 1");
    assert_eq!(held_by(&pipeline, "x").await.unwrap(), "toy/a");
    assert_eq!(pipeline.persist.warm.dropped_releases(), 0);
}

#[tokio::test]
async fn a_release_of_what_is_not_ours_is_counted_and_dropped_and_the_command_commits() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[hold("c1", "toy/a", &["x"], &[])]).await;
    assert_eq!(pipeline.ask_one(hold("c2", "toy/b", &["y"], &["x", "none"])).await, "committed 1");
    assert_eq!(held_by(&pipeline, "x").await.unwrap(), "toy/a");
    assert_eq!(held_by(&pipeline, "y").await.unwrap(), "toy/b");
    assert_eq!(pipeline.persist.warm.dropped_releases(), 2);
}

#[tokio::test]
async fn a_claim_whose_commit_is_gone_is_void() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[hold("c1", "toy/a", &["x"], &[]), hold("c2", "toy/b", &["y"], &[])]).await;
    pipeline.lose("toy/a").await;
    assert_eq!(pipeline.ask_one(hold("c3", "toy/b", &["x"], &[])).await, "committed 2");
    assert_eq!(held_by(&pipeline, "x").await.unwrap(), "toy/b");
    // a stream that was restored to nothing takes its own claim anew
    pipeline.lose("toy/b").await;
    assert_eq!(pipeline.restarted().ask_one(hold("c4", "toy/b", &["y"], &[])).await, "committed 1");
    let stored = pipeline.store().at(&key("toy/b"), 1).await.unwrap().unwrap();
    assert_eq!(holder(&pipeline, "y").await.unwrap().hash, stored.hash);
}

#[tokio::test(start_paused = true)]
async fn a_failed_position_outranks_a_failed_claim() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[hold("c0", "toy/b", &["z"], &[])]).await;
    // meanwhile the same command came through another worker, and holds the claim: it is found, not rejected
    let twin = Pipeline::over(pipeline.tap.clone());
    let mut batch = crate::support::batch(&[hold("c1", "toy/a", &["x"], &[])]);
    twin.run(&mut batch).await.unwrap();
    let start = Position::start(key("toy/a"));
    let early = sample::claiming(&start, "late", vec![ClaimWrite::Take { key: name("x"), over: None }]);
    let result = pipeline.store().append(vec![early]).await.remove(0);
    assert!(matches!(result, Err(pipeline::ports::commits::AppendError::Conflict)), "{result:?}");
    assert_eq!(pipeline.ask_one(hold("c1", "toy/a", &["x"], &[])).await, "committed 1");
}

#[tokio::test]
async fn a_lost_reply_of_a_claim_is_found_again() {
    let pipeline = Pipeline::new();
    pipeline.tap.fail("append", [Fault::LostReply]);
    let mut batch = crate::support::batch(&[hold("c1", "toy/a", &["x"], &[])]);
    pipeline.run(&mut batch).await.unwrap_err();
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(crate::support::verdicts(&batch), ["committed 1"]);
    assert_eq!(held_by(&pipeline, "x").await.unwrap(), "toy/a");
}

#[tokio::test]
async fn a_claim_that_two_streams_trade_is_never_held_by_both() {
    let pipeline = Pipeline::new();
    let mut owner = None;
    for round in 0..20 {
        let (stream, other) = if round % 3 == 0 { ("toy/a", "toy/b") } else { ("toy/b", "toy/a") };
        let (take, give) = if round % 2 == 0 { (vec!["x"], vec![]) } else { (vec![], vec!["x"]) };
        let told = pipeline.ask_one(hold(&format!("c{round}"), stream, &take, &give)).await;
        match (take.is_empty(), owner) {
            (false, Some(held)) if held == other => assert_eq!(told, "rejected taken"),
            (false, _) => owner = Some(stream),
            (true, Some(held)) if held == stream => owner = None,
            (true, _) => {}
        }
        assert_eq!(held_by(&pipeline, "x").await.as_deref(), owner, "round {round}");
    }
}
