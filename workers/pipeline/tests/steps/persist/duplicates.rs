//! The same command again: one effect, the same answer.

use serde_json::json;

use crate::support::{Pipeline, add, batch, command, id, key, known, minutes, noon, push, verdicts, with};

#[tokio::test]
async fn the_same_command_within_a_batch_has_one_effect() {
    let pipeline = Pipeline::new();
    let told = pipeline.ask(&[add("c1", 1), add("c1", 1), add("c2", 2), add("c1", 1)]).await;
    assert_eq!(told, ["committed 1", "committed 1", "committed 2", "committed 1"]);
    assert_eq!(pipeline.value("toy/a").await, 3);
    assert_eq!(pipeline.commits("toy/a").await.len(), 1, "a batch's commands for one stream make one commit");
}

#[tokio::test]
async fn the_same_command_in_a_later_batch_has_its_first_answer() {
    let pipeline = Pipeline::new();
    let mut first = batch(&[add("c1", 1)]);
    pipeline.run(&mut first).await.unwrap();
    pipeline.ask(&[add("c2", 2)]).await;
    pipeline.clock.set(noon() + minutes(20));
    let mut again = batch(&[add("c1", 1)]);
    again.messages[0].received_at = noon() + minutes(20);
    pipeline.run(&mut again).await.unwrap();
    assert_eq!(known(&again, 0), known(&first, 0));
    assert_eq!((pipeline.value("toy/a").await, pipeline.commits("toy/a").await.len()), (3, 2));
}

#[tokio::test]
async fn the_same_command_is_known_to_another_process() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1), add("c2", 2)]).await;
    assert_eq!(pipeline.restarted().ask(&[add("c1", 1), add("c3", 3)]).await, ["committed 1", "committed 3"]);
    assert_eq!(pipeline.value("toy/a").await, 6);
}

/// A stream of more commits than a load reads, with a snapshot: what is loaded does not reach back to the command.
async fn long() -> Pipeline {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1)]).await;
    pipeline.clock.set(noon() + minutes(10));
    for number in 0..16 {
        pipeline.ask(&[command(&format!("f{number}"), "toy/a", "Fill", json!({ "bytes": 20_000 }))]).await;
    }
    pipeline.restarted()
}

#[tokio::test]
async fn a_command_older_than_what_is_loaded_is_looked_for() {
    let pipeline = long().await;
    pipeline.tap.counted();
    assert_eq!(pipeline.ask(&[add("c1", 1), add("c2", 5)]).await, ["committed 1", "committed 18"]);
    assert_eq!(pipeline.tap.counted().get("find"), Some(&1), "all that are unsure, at once");
    assert_eq!(pipeline.value("toy/a").await, 6);
}

#[tokio::test]
async fn a_command_issued_weeks_ago_is_looked_for_just_as_far() {
    let pipeline = long().await;
    let old = with(add("old", 1), "issuedAt", (noon() - minutes(29 * 24 * 60)).to_string());
    assert_eq!(pipeline.ask_one(old.clone()).await, "committed 18");
    pipeline.ask(&[command("f99", "toy/a", "Fill", json!({ "bytes": 100_000 }))]).await;
    assert_eq!(pipeline.restarted().ask(&[old]).await, ["committed 18"]);
    assert_eq!(pipeline.value("toy/a").await, 2);
}

#[tokio::test]
async fn a_command_that_was_looked_for_is_not_forgotten_when_its_successor_spoils_the_state() {
    let pipeline = long().await;
    let told = pipeline.ask(&[command("s", "toy/a", "Spoil", json!({})), add("c1", 1)]).await;
    assert_eq!(told, ["failed corrupt", "committed 1"]);
    assert_eq!(pipeline.value("toy/a").await, 1);
}

#[tokio::test]
async fn a_command_issued_just_now_is_not_looked_for() {
    let pipeline = long().await;
    pipeline.clock.set(noon() + minutes(30));
    let fresh = with(add("fresh", 1), "issuedAt", (noon() + minutes(5)).to_string());
    pipeline.ask(&[with(add("warm", 1), "issuedAt", (noon() + minutes(5)).to_string())]).await;
    pipeline.tap.counted();
    pipeline.clock.set(noon() + minutes(40));
    pipeline.ask(&[fresh]).await;
    // issued 5 minutes after noon, and so not before noon: what was loaded reaches back to ten past
    assert_eq!(pipeline.tap.counted().get("find"), Some(&1));
    let later = with(command("later", "toy/b", "Add", json!({ "count": 1 })), "issuedAt", noon().to_string());
    pipeline.ask_one(later.clone()).await;
    pipeline.tap.counted();
    pipeline.ask(&[later]).await;
    assert_eq!(pipeline.tap.counted().get("find"), None, "a stream that was loaded whole knows all its commands");
}

#[tokio::test]
async fn an_id_used_for_other_content_is_refused_and_the_first_outcome_stays() {
    let pipeline = Pipeline::new();
    assert_eq!(pipeline.ask(&[add("c1", 1), add("c1", 2)]).await, ["committed 1", "refused id-reused"]);
    assert_eq!(pipeline.restarted().ask_one(add("c1", 3)).await, "refused id-reused");
    assert_eq!(pipeline.ask_one(add("c1", 1)).await, "committed 1");
    assert_eq!(pipeline.value("toy/a").await, 1);
    assert_eq!(pipeline.status("c1").await.unwrap(), "committed 1", "a refusal does not overwrite what is committed");
}

#[tokio::test]
async fn a_duplicate_is_found_before_permission_is_asked() {
    let close = |id: &str| command(id, "toy/a", "Close", json!({}));
    let (staff, guest, nobody) = ("acme/alice/staff", "acme/bob/guest", "acme/eve/nobody");
    let asked = [
        (guest, close("c0"), "refused forbidden"),
        (staff, close("c1"), "committed 1"),
        (guest, close("c1"), "committed 1"),
        (nobody, close("c1"), "committed 1"),
        (guest, with(close("c1"), "expectedVersion", 9), "refused id-reused"),
        (nobody, add("c2", 1), "refused forbidden"),
    ];
    let wanted: Vec<_> = asked.iter().map(|(.., told)| *told).collect();
    let (together, apart) = (Pipeline::new(), Pipeline::new());
    let mut at_once = batch(&[]);
    let mut one_by_one = Vec::new();
    for (token, command, _) in &asked {
        push(&mut at_once, token, command);
        let mut alone = batch(&[]);
        push(&mut alone, token, command);
        apart.restarted().run(&mut alone).await.unwrap();
        one_by_one.extend(verdicts(&alone));
    }
    together.run(&mut at_once).await.unwrap();
    assert_eq!(verdicts(&at_once), wanted);
    assert_eq!(one_by_one, wanted);
    for pipeline in [together, apart] {
        assert_eq!(pipeline.commits("toy/a").await.len(), 1, "what is denied leaves nothing in the stream");
        assert_eq!(pipeline.status("c0").await.unwrap(), "refused forbidden");
        assert_eq!(pipeline.status("c1").await.unwrap(), "committed 1");
    }
}

#[tokio::test]
async fn an_id_is_a_streams_own() {
    let pipeline = Pipeline::new();
    let elsewhere = command("c1", "toy/b", "Add", json!({ "count": 7 }));
    assert_eq!(pipeline.ask(&[add("c1", 1), elsewhere]).await, ["committed 1", "committed 1"]);
    assert_eq!((pipeline.value("toy/a").await, pipeline.value("toy/b").await), (1, 7));
}

#[tokio::test]
async fn rejections_and_what_is_already_so_are_commits_and_answered_the_same() {
    let pipeline = Pipeline::new();
    let denied = command("c1", "toy/a", "Deny", json!({ "bytes": 3 }));
    let so = command("c2", "toy/a", "Set", json!({ "value": 0 }));
    let first = pipeline.ask(&[denied.clone(), so.clone()]).await;
    assert_eq!(first, ["rejected denied", "committed 0"]);
    let stored = pipeline.commits("toy/a").await.remove(0);
    assert_eq!((stored.commit.first, stored.commit.last, stored.commit.commands.len()), (1, 0, 2));
    // now the value is another, and the answers are the same
    pipeline.ask(&[add("c3", 5)]).await;
    assert_eq!(pipeline.restarted().ask(&[denied, so]).await, first);
    assert_eq!(pipeline.commits("toy/a").await.len(), 2);
}

#[tokio::test]
async fn a_batch_and_the_same_commands_one_by_one_come_to_the_same_outcomes() {
    let commands = [
        add("c1", 1),
        command("c2", "toy/a", "Deny", json!({ "bytes": 1 })),
        with(add("c3", 1), "expectedVersion", 1),
        with(add("c4", 1), "expectedVersion", 1),
        command("c5", "toy/a", "Explode", json!({})),
        command("c6", "toy/a", "Set", json!({ "value": 2 })),
        command("c7", "toy/a", "Hold", json!({ "take": ["x"], "give": [] })),
        add("c1", 1),
        command("c8", "toy/a", "Spoil", json!({})),
        command("c9", "toy/a", "Fill", json!({ "bytes": 200_000 })),
        add("c10", 1),
        add("c1", 9),
    ];
    let together = Pipeline::new();
    let at_once = together.ask(&commands).await;
    let apart = Pipeline::new();
    let mut one_by_one = Vec::new();
    for command in &commands {
        one_by_one.extend(apart.ask(std::slice::from_ref(command)).await);
    }
    assert_eq!(at_once, one_by_one);
    assert_eq!(together.value("toy/a").await, apart.value("toy/a").await);
    let find = together.store();
    let seen = pipeline::ports::commits::CommitStore::find(find, &key("toy/a"), &[(id("c10"), noon())]).await.unwrap();
    assert!(seen[0].is_some());
}
