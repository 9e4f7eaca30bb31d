//! What comes of a command, and what it leaves in the stream.

use serde_json::json;

use crate::support::{Pipeline, add, batch, command, known, noon, push, verdicts, with};

#[tokio::test]
async fn a_batchs_commands_for_one_stream_are_decided_in_order_and_make_one_commit() {
    let pipeline = Pipeline::new();
    let set = |id: &str, stream: &str, value: i64| command(id, stream, "Set", json!({ "value": value }));
    let commands =
        [set("c1", "toy/a", 5), set("c2", "toy/b", 1), add("c3", 1), set("c4", "toy/b", 1), set("c5", "toy/a", 6)];
    let told = pipeline.ask(&commands).await;
    assert_eq!(told, ["committed 1", "committed 1", "committed 2", "committed 1", "committed 2"]);
    let stored = pipeline.commits("toy/a").await;
    assert_eq!(stored.len(), 1);
    let ids: Vec<_> = stored[0].commit.commands.iter().map(|command| command.id.as_str()).collect();
    assert_eq!(ids, ["c1", "c3", "c5"]);
    let owners: Vec<_> = stored[0].commit.events.iter().map(|event| event.command).collect();
    assert_eq!(owners, [0, 1], "each event names its command; what is already so has none");
    assert_eq!(pipeline.commits("toy/b").await.len(), 1);
}

#[tokio::test]
async fn each_command_keeps_its_own_actor_policies_times_and_causes() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[]);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let caused = with(with(with(add("c1", 1), "correlationId", "k1"), "causationId", "k2"), "traceparent", trace);
    push(&mut batch, "acme/alice/staff", &caused);
    push(&mut batch, "acme/bob/guest", &add("c2", 1));
    push(&mut batch, "acme/carol/owner", &add("c3", 1));
    pipeline.run(&mut batch).await.unwrap();
    let commit = &pipeline.commits("toy/a").await[0].commit;
    let told: Vec<_> = commit.commands.iter().map(|c| (c.actor.sub.as_str(), c.policies[0].as_str())).collect();
    assert_eq!(told, [("alice", "staff-all"), ("bob", "guests-most"), ("carol", "owners-own")]);
    let first = &commit.commands[0];
    assert_eq!(first.correlation_id.as_ref().unwrap().as_str(), "k1");
    assert_eq!(first.causation_id.as_ref().unwrap().as_str(), "k2");
    assert_eq!(first.traceparent.as_deref(), Some(trace));
    assert_eq!((first.issued_at, first.received_at, first.version), (noon(), noon(), 1));
    assert!(!first.digest.is_empty());
}

#[tokio::test]
async fn an_expected_version_is_compared_at_the_decision() {
    let pipeline = Pipeline::new();
    let told = pipeline
        .ask(&[
            with(add("c1", 1), "expectedVersion", 0),
            with(add("c2", 1), "expectedVersion", 1),
            with(add("c3", 1), "expectedVersion", 1),
            with(add("c4", 1), "expectedVersion", 2),
        ])
        .await;
    assert_eq!(told, ["committed 1", "committed 2", "rejected version-mismatch", "committed 3"]);
    let mut again = batch(&[with(add("c5", 1), "expectedVersion", 7)]);
    pipeline.run(&mut again).await.unwrap();
    let detail = known(&again, 0).status.rejection.clone().unwrap().detail.unwrap();
    assert_eq!(detail, json!({ "expected": 7, "actual": 3 }));
}

#[tokio::test]
async fn policies_that_read_the_resource_see_the_very_state_that_is_decided_on() {
    let pipeline = Pipeline::new();
    let close = |id: &str| command(id, "toy/a", "Close", json!({}));
    let mut batch = batch(&[]);
    push(&mut batch, "acme/bob/owner", &add("c1", 1));
    push(&mut batch, "acme/carol/owner", &close("c2"));
    push(&mut batch, "acme/bob/owner", &add("c3", 1));
    push(&mut batch, "acme/carol/owner", &add("c4", 1));
    push(&mut batch, "acme/bob/owner", &add("c1", 1));
    pipeline.run(&mut batch).await.unwrap();
    // it becomes carol's within the batch: bob may no more; what he was told before, he is told again
    assert_eq!(verdicts(&batch), ["committed 1", "committed 2", "refused forbidden", "committed 3", "committed 1"]);
    assert_eq!(pipeline.value("toy/a").await, 2);
    assert_eq!(pipeline.status("c3").await.unwrap(), "refused forbidden");
}

#[tokio::test]
async fn a_policy_is_asked_before_the_expected_version_is_compared() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[]);
    push(&mut batch, "acme/carol/owner", &command("c1", "toy/a", "Close", json!({})));
    push(&mut batch, "acme/bob/owner", &with(add("c2", 1), "expectedVersion", 99));
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch)[1], "refused forbidden");
}

fn fill(id: &str, bytes: usize) -> serde_json::Value {
    command(id, "toy/a", "Fill", json!({ "bytes": bytes }))
}

#[tokio::test]
async fn a_commit_is_closed_at_128_kb_and_the_next_begins() {
    let pipeline = Pipeline::new();
    let commands: Vec<_> = (0..10).map(|number| fill(&format!("c{number}"), 40_000)).collect();
    let told = pipeline.ask(&commands).await;
    assert!(told.iter().zip(1..).all(|(told, version)| *told == format!("committed {version}")), "{told:?}");
    let stored = pipeline.commits("toy/a").await;
    assert_eq!(stored.iter().map(|stored| stored.commit.commands.len()).collect::<Vec<_>>(), [3, 3, 3, 1]);
    assert!(stored.iter().all(|stored| stored.bytes <= 128 * 1024));
}

#[tokio::test]
async fn records_and_rejections_count_into_the_128_kb_too() {
    let pipeline = Pipeline::new();
    let deny = |number: usize| command(&format!("c{number}"), "toy/a", "Deny", json!({ "bytes": 9_000 }));
    pipeline.ask(&(0..40).map(deny).collect::<Vec<_>>()).await;
    let mut batch = batch(&[]);
    let token = format!("acme/{}/staff", "\"".repeat(2_000));
    for number in 0..100 {
        push(&mut batch, &token, &add(&format!("a{number}"), 1));
    }
    pipeline.run(&mut batch).await.unwrap();
    let bytes: Vec<_> = pipeline.commits("toy/a").await.iter().map(|stored| stored.bytes).collect();
    assert!(bytes.iter().all(|bytes| *bytes <= 128 * 1024), "{bytes:?}");
}

#[tokio::test]
async fn a_decision_above_128_kb_is_rejected_as_too_large() {
    let pipeline = Pipeline::new();
    let deny = command("c3", "toy/a", "Deny", json!({ "bytes": 200_000 }));
    let told = pipeline.ask(&[add("c1", 1), fill("c2", 140_000), deny, add("c4", 1)]).await;
    assert_eq!(told, ["committed 1", "rejected too-large", "rejected too-large", "committed 2"]);
    assert_eq!(pipeline.restarted().ask_one(fill("c2", 140_000)).await, "rejected too-large");
    assert!(pipeline.commits("toy/a").await.iter().all(|stored| stored.bytes <= 128 * 1024));
}

#[tokio::test]
async fn commits_are_chained_and_versions_run_without_gaps() {
    let pipeline = Pipeline::new();
    for number in 0..4 {
        pipeline.ask(&[add(&format!("c{number}"), 1), fill(&format!("f{number}"), 10)]).await;
    }
    let stored = pipeline.commits("toy/a").await;
    for (pair, seq) in stored.windows(2).zip(1..) {
        assert_eq!((pair[0].commit.seq, pair[1].commit.first), (seq, pair[0].commit.last + 1));
        assert_eq!(pair[1].commit.previous, Some(pair[0].hash));
    }
}
