//! Validate, authorize and settle: who is told what of a delivery that is no valid, authentic, permitted command.

use jiff::Timestamp;
use kernel::Code;
use pipeline::{
    ports::status::{About, Known, StatusStore},
    steps::{
        StepError,
        batch::{Batch, Item, Stage},
        validate::{LARGEST_COMMAND, read},
    },
};
use serde_json::{Value, json, value::RawValue};

use crate::support::{Pipeline, add, batch, catalog, command, id, known, minutes, noon, push, verdicts, with};

#[test]
fn what_is_no_valid_command_gets_its_code() {
    let catalog = catalog();
    let text = |value: Value| value.to_string();
    let no_object = "[".repeat(200) + &"]".repeat(200);
    for (what, body, code) in [
        ("not json", "{".into(), Code::Malformed),
        ("a key twice", r#"{"id":"a","id":"b"}"#.into(), Code::Malformed),
        ("deep", no_object, Code::Malformed),
        ("an array", "[]".into(), Code::Malformed),
        ("a number that is none", r#"{"id":NaN}"#.into(), Code::Malformed),
        ("an id of another type", text(with(add("c", 1), "id", 7)), Code::Malformed),
        ("huge", text(with(add("c", 1), "x", "x".repeat(LARGEST_COMMAND))), Code::TooLarge),
        ("another aggregate", text(with(add("c", 1), "stream", "toys/a")), Code::UnknownType),
        ("another type", text(with(add("c", 1), "type", "add")), Code::UnknownType),
        ("an unknown field", text(with(add("c", 1), "tenant", "acme")), Code::Invalid),
        ("data out of range", text(add("c", 0)), Code::Invalid),
        ("no data", text(with(add("c", 1), "data", json!({}))), Code::Invalid),
        ("too old", text(with(add("c", 1), "issuedAt", (noon() - minutes(30 * 24 * 60 + 1)).to_string())), Code::Stale),
        ("too new", text(with(add("c", 1), "issuedAt", (noon() + minutes(6)).to_string())), Code::Stale),
    ] {
        assert_eq!(read(&catalog, body.as_bytes(), noon()).unwrap_err().refusal.code, code, "{what}");
    }
    assert_eq!(read(&catalog, b"\xff", noon()).unwrap_err().refusal.code, Code::Malformed);
    for after in [5, -30 * 24 * 60] {
        let issued = with(add("c", 1), "issuedAt", (noon() + minutes(after)).to_string());
        assert!(read(&catalog, issued.to_string().as_bytes(), noon()).is_ok(), "just in time");
    }
    let wrong = with(with(add("c", 0), "more", 1), "expectedVersion", -1);
    let refusal = read(&catalog, wrong.to_string().as_bytes(), noon()).unwrap_err().refusal;
    let pointers: Vec<_> = refusal.violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(pointers, ["/more", "/expectedVersion", "/data/count"], "all violations at once");
}

/// Runs one command under a token, and tells the verdict and what the status store knows afterwards.
async fn under(token: &str, group: &str, command: &Value) -> (String, Option<String>) {
    let pipeline = Pipeline::new();
    let mut batch = Batch::default();
    push(&mut batch, token, command);
    batch.messages[0].group = group.into();
    batch.messages[0].task_token = Some("t".into());
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(pipeline.answers.told().len(), 1, "whoever waits is answered, whatever the verdict");
    (verdicts(&batch).remove(0), pipeline.status("c1").await)
}

#[tokio::test]
async fn a_token_decides_what_is_asked_and_who_is_told() {
    let good = add("c1", 1);
    let digest = read(&catalog(), good.to_string().as_bytes(), noon()).unwrap().digest;
    let staff = "acme/alice/staff";
    let close = command("c1", "toy/a", "Close", json!({}));
    let bad = add("c1", 0);
    let own = "acme/toy/a";
    for (what, token, group, command, verdict, recorded) in [
        ("good", staff, own, &good, "committed 1", true),
        ("bound to it", &*format!("bound:c1:{digest}:{staff}"), own, &good, "committed 1", true),
        ("bound to another id", &*format!("bound:c2:{digest}:{staff}"), own, &good, "refused forbidden", true),
        ("bound to other content", &*format!("bound:c1:other:{staff}"), own, &good, "refused forbidden", true),
        ("in another tenant's group", staff, "zeta/toy/a", &good, "refused forbidden", true),
        ("in another stream's group", staff, "acme/toy/b", &good, "refused forbidden", true),
        ("in no group", staff, "acme", &good, "refused forbidden", true),
        ("not permitted", "acme/bob/guest", own, &close, "refused forbidden", true),
        ("of no role", "acme/bob/nobody", own, &good, "refused forbidden", true),
        ("not valid", staff, own, &bad, "refused invalid", true),
        ("expired", &*format!("expired:{staff}"), own, &good, "refused unauthenticated", true),
        ("expired and not valid", &*format!("expired:{staff}"), own, &bad, "refused invalid", true),
        ("no token of ours", "forged", own, &good, "untold unauthenticated", false),
        ("no token of ours, not valid", "forged", own, &bad, "untold invalid", false),
        ("no token", "", own, &good, "untold unauthenticated", false),
    ] {
        let (told, status) = under(token, group, command).await;
        assert_eq!(told, verdict, "{what}");
        assert_eq!(status, recorded.then(|| verdict.to_owned()), "{what}");
    }
}

#[tokio::test]
async fn a_refusal_is_recorded_under_the_tokens_tenant_only() {
    let pipeline = Pipeline::new();
    let mut batch = Batch::default();
    push(&mut batch, "expired:zeta/eve/staff", &add("c1", 1));
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(pipeline.status("c1").await, None, "the group names acme, the signature does not");
    let theirs = pipeline.store().read_for("zeta", "c1").await.unwrap();
    assert_eq!((theirs.actor.as_str(), theirs.status.received_at), ("eve", noon()));
    assert!(theirs.digest.is_some());
}

trait ReadFor {
    async fn read_for(&self, whose: &str, text: &str) -> Option<Known>;
}

impl<S: StatusStore> ReadFor for S {
    async fn read_for(&self, whose: &str, text: &str) -> Option<Known> {
        StatusStore::read(self, &whose.parse().unwrap(), &[id(text)]).await.unwrap().remove(0)
    }
}

#[tokio::test]
async fn a_command_without_an_id_is_told_to_nobody_but_who_waits() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[with(add("c1", 1), "id", "not an id")]);
    batch.messages[0].task_token = Some("t".into());
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch), ["untold invalid"]);
    assert_eq!(pipeline.answers.told(), [("t".to_owned(), "invalid".to_owned())]);
}

#[tokio::test]
async fn keys_that_cannot_be_reached_are_an_outage_and_refuse_nothing() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[add("c1", 1)]);
    push(&mut batch, "outage", &add("c2", 1));
    let error = pipeline.run(&mut batch).await.unwrap_err();
    assert!(matches!(error, StepError::Unavailable(_)), "{error}");
    assert_eq!(verdicts(&batch), ["valid", "valid"]);
    batch.messages[1].authorization = "acme/alice/staff".into();
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(verdicts(&batch), ["committed 1", "committed 2"]);
}

#[tokio::test]
async fn every_step_may_run_twice() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[add("c1", 1), add("c2", 0), command("c3", "toy/a", "Explode", json!({}))]);
    push(&mut batch, "forged", &add("c4", 1));
    pipeline.run(&mut batch).await.unwrap();
    let once = serde_json::to_value(&batch).unwrap();
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(serde_json::to_value(&batch).unwrap(), once);
    // as JSON, as it travels between functions
    let mut travelled: Batch = serde_json::from_value(once.clone()).unwrap();
    pipeline.run(&mut travelled).await.unwrap();
    assert_eq!(serde_json::to_value(&travelled).unwrap(), once);
}

#[tokio::test]
async fn a_command_travels_as_it_was_sent() {
    let sent = r#"{"id":"c1", "big": 9007199254740993, "price": 1.50, "huge": 1e400, "twice": 1, "twice": 2, "text": "\ud800"}"#;
    let mut batch = batch(&[]);
    let stage = Stage::Received(RawValue::from_string(sent.into()).unwrap());
    batch.commands.push(Item { message: 0, stage });
    // another reader of JSON, as a state machine is one, may change all but texts
    let between = serde_json::to_value(&batch).unwrap();
    let travelled: Batch = serde_json::from_str(&between.to_string()).unwrap();
    let Stage::Received(body) = &travelled.commands[0].stage else { panic!("{travelled:?}") };
    assert_eq!(body.get(), sent);
}

#[tokio::test]
async fn there_is_something_to_settle_only_for_refusals_failures_and_who_waits() {
    let settle = async |batch: &mut Batch| {
        Pipeline::new().run(batch).await.unwrap();
        batch.settle
    };
    assert!(!settle(&mut batch(&[add("c1", 1), command("c2", "toy/a", "Deny", json!({ "bytes": 1 }))])).await);
    assert!(settle(&mut batch(&[add("c1", 1), add("c2", 0)])).await);
    assert!(settle(&mut batch(&[command("c1", "toy/a", "Explode", json!({}))])).await);
    let mut waited_for = batch(&[add("c1", 1)]);
    waited_for.messages[0].task_token = Some("t".into());
    assert!(settle(&mut waited_for).await);
}

#[tokio::test]
async fn duplicates_are_answered_too() {
    let pipeline = Pipeline::new();
    for token in ["t1", "t2"] {
        let mut batch = batch(&[add("c1", 1)]);
        batch.messages[0].task_token = Some(token.into());
        pipeline.run(&mut batch).await.unwrap();
    }
    let told = pipeline.answers.told();
    assert_eq!(told, ["t1", "t2"].map(|token| (token.to_owned(), "c1 committed".to_owned())));
}

#[tokio::test]
async fn a_command_without_a_verdict_cannot_be_settled() {
    let pipeline = Pipeline::new();
    let batch = batch(&[add("c1", 1)]);
    let error = pipeline::steps::settle::settle(pipeline.store(), &*pipeline.answers, &batch).await.unwrap_err();
    assert_eq!(error.name(), "Corrupt");
    let mut batch = batch;
    let early = pipeline::steps::authorize::authorize(
        &crate::support::doubles::PlainTokens,
        &crate::support::doubles::PlainPolicies,
        noon(),
        &mut batch,
    );
    assert_eq!(early.await.unwrap_err().name(), "Corrupt");
    assert!(matches!(batch.commands[0].stage, Stage::Received(_)));
}

/// What is known of one delivery after another: the order of statuses.
#[test]
fn what_is_committed_outranks_what_is_refused_and_the_later_delivery_the_earlier() {
    let (c, stream) = (id("c1"), "toy/a".parse().unwrap());
    let about = |received_at: Timestamp| About {
        id: &c,
        stream: &stream,
        kind: "Add",
        digest: None,
        actor: "alice",
        received_at,
    };
    let refused = |at: i64| {
        Known::refused(about(noon() + minutes(at)), kernel::Refusal::new(Code::Forbidden, "no"), noon() + minutes(at))
    };
    let mut committed = refused(-10);
    committed.status.status = pipeline::ports::status::Outcome::Committed;
    assert!(committed.outranks(&refused(5)) && !refused(5).outranks(&committed), "whenever it was received");
    assert!(!committed.outranks(&committed.clone()), "the first one stands");
    assert!(refused(2).outranks(&refused(1)) && !refused(1).outranks(&refused(2)));
}

#[tokio::test]
async fn a_refusal_of_another_delivery_does_not_hide_what_is_committed() {
    let pipeline = Pipeline::new();
    let mut refused = Batch::default();
    push(&mut refused, "expired:acme/alice/staff", &add("c1", 1));
    pipeline.run(&mut refused).await.unwrap();
    assert_eq!(pipeline.status("c1").await.unwrap(), "refused unauthenticated");
    pipeline.ask(&[add("c1", 1)]).await;
    assert_eq!(pipeline.status("c1").await.unwrap(), "committed 1");
    refused.commands[0].stage = batch(&[add("c1", 1)]).commands.remove(0).stage;
    pipeline.run(&mut refused).await.unwrap();
    assert_eq!(known(&refused, 0).status.status.as_str(), "refused", "that delivery is");
    assert_eq!(pipeline.status("c1").await.unwrap(), "committed 1");
}
