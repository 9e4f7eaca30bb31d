//! There is no way around the shipped state machine's steps.

#![expect(clippy::unwrap_used, reason = "a test says by a panic what it did not expect")]

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use local::{
    engine::{LocalWorkflow, NoTokens, Steps},
    issuer::EVERY_ROLE,
};
use pipeline::{
    identity::cedar::CedarEngine,
    memory::commits::MemoryStore,
    ports::{
        clock::SystemClock,
        identity::{Claims, PolicyEngine, TokenError, TokenVerifier},
        workflow::Workflow,
    },
    steps::{
        batch::{Batch, Envelope, Item, Stage},
        persist::{Persist, Warm},
    },
};
use serde_json::{Value, json, value::to_raw_value};

const SHIPPED: &str = include_str!("../../../statemachines/command.asl.json");

/// Takes every token for the same member's.
struct Everybody;

#[async_trait]
impl TokenVerifier for Everybody {
    async fn verify(&self, _: &str, _: Timestamp) -> Result<Arc<Claims>, TokenError> {
        let actor = kernel::Actor { sub: "alice".into(), roles: EVERY_ROLE.map(str::to_owned).into() };
        Ok(Arc::new(Claims {
            tenant: "demo".parse().unwrap(),
            actor: Arc::new(actor),
            bound: None,
            expires: Timestamp::MAX,
        }))
    }
}

fn workflow(definition: &str) -> LocalWorkflow {
    let catalog = Arc::new(domain::catalog());
    let store = Arc::new(MemoryStore::default());
    let policies: Arc<dyn PolicyEngine> = Arc::new(CedarEngine::new(catalog.policy_sources()).unwrap());
    let persist = Persist {
        catalog: catalog.clone(),
        commits: store.clone(),
        snapshots: store.clone(),
        policies: policies.clone(),
        clock: Arc::new(SystemClock),
        warm: Warm::new(1 << 20),
    };
    let steps = Steps {
        catalog,
        verifier: Arc::new(Everybody),
        policies,
        persist: Arc::new(persist),
        statuses: store,
        tokens: Arc::new(NoTokens),
        clock: Arc::new(SystemClock),
    };
    LocalWorkflow::with_definition(definition, steps).unwrap()
}

fn batch() -> Batch {
    let now = Timestamp::now();
    let command = json!({ "id": "c-1", "stream": "comment/1", "type": "CreateComment", "issuedAt": now.to_string(),
        "data": { "subject": "picture/42", "text": "hello" } });
    let envelope = Envelope {
        group: "demo/comment/1".into(),
        authorization: "token".into(),
        received_at: now,
        traceparent: None,
        task_token: None,
    };
    let item = Item { message: 0, stage: Stage::Received(to_raw_value(&command).unwrap()) };
    Batch { messages: vec![envelope], commands: vec![item], ..Batch::default() }
}

/// The shipped definition without one of its tasks.
fn without(task: &str) -> String {
    let mut definition: Value = serde_json::from_str(SHIPPED).unwrap();
    let removed = definition["States"].as_object_mut().unwrap().remove(task).unwrap();
    for state in definition["States"].as_object_mut().unwrap().values_mut() {
        if state["Next"] == json!(task) {
            state["Next"] = removed["Next"].clone();
        }
    }
    definition.to_string()
}

/// Nobody waits by a token here, so that every token is garbage.
#[tokio::test]
async fn every_task_token_counts_as_answered() {
    pipeline::laws::tokens::garbage_counts_as_answered(&NoTokens).await;
}

#[tokio::test]
async fn the_shipped_machine_settles_a_command() {
    let batch = workflow(SHIPPED).execute(batch()).await.unwrap();
    assert!(matches!(batch.commands[0].stage, Stage::Settled(_)), "{:?}", batch.commands[0].stage);
}

#[tokio::test]
async fn a_machine_without_authorize_persists_nothing() {
    let error = workflow(&without("Authorize")).execute(batch()).await.unwrap_err();
    assert_eq!(error.error, "Corrupt");
    assert!(error.cause.contains("without being authorized"), "{}", error.cause);
}

#[tokio::test]
async fn a_machine_without_persist_leaves_its_commands_open() {
    let ended = workflow(&without("Persist")).execute(batch()).await;
    let open = |batch: Batch| !matches!(batch.commands[0].stage, Stage::Settled(_));
    assert!(ended.is_err() || ended.is_ok_and(open));
}
