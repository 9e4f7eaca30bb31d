//! The state machine, and who waits for it.

use aws::{
    clients::step_functions,
    stepfunctions::{StepFunctionsTokens, StepFunctionsWorkflow},
};
use aws_sdk_sfn::types::StateMachineType;
use jiff::Timestamp;
use kernel::{Code, Refusal};
use pipeline::{
    ports::workflow::{TaskTokens, Workflow},
    steps::batch::{Batch, Envelope, Item, Stage},
};
use serde_json::{Value, json, value::RawValue};

use crate::{fresh, sdk};

const SENT: &str = r#"{"id":"c1", "big": 9007199254740993, "price": 1.50, "twice": 1, "twice": 2, "text": "\ud800 é"}"#;

fn batch() -> Batch {
    let message = Envelope {
        group: "acme/count/a".into(),
        authorization: "token".into(),
        received_at: Timestamp::UNIX_EPOCH,
        traceparent: None,
        task_token: None,
    };
    let stage = Stage::Received(RawValue::from_string(SENT.into()).unwrap());
    Batch { messages: vec![message], commands: vec![Item { message: 0, stage }], ..Batch::default() }
}

/// An Express state machine of these states.
async fn machine(states: &Value) -> StepFunctionsWorkflow {
    let client = step_functions(&sdk());
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "Only", "States": states });
    let create = client.create_state_machine().name(fresh("command")).r#type(StateMachineType::Express);
    let create = create.definition(definition.to_string()).role_arn("arn:aws:iam::000000000000:role/any");
    let arn = create.send().await.unwrap().state_machine_arn;
    StepFunctionsWorkflow::new(client, arn)
}

#[tokio::test]
async fn a_batch_goes_through_json_of_another_kind_and_its_commands_are_as_they_were_sent() {
    let states = json!({ "Only": { "Type": "Pass", "Output": "{% $merge([$states.input, { 'settle': true }]) %}", "End": true } });
    let back = machine(&states).await.execute(batch()).await.unwrap();
    assert!(back.settle);
    let Stage::Received(body) = &back.commands[0].stage else { panic!("{back:?}") };
    assert_eq!(body.get(), SENT);
}

#[tokio::test]
async fn an_execution_that_fails_tells_its_error() {
    let states = json!({ "Only": { "Type": "Fail", "Error": "Conflict", "Cause": "as told" } });
    let failed = machine(&states).await.execute(batch()).await.unwrap_err();
    assert_eq!((failed.error.as_str(), failed.cause.as_str()), ("Conflict", "as told"));
}

#[tokio::test]
async fn a_machine_that_is_not_there_is_an_outage() {
    let nowhere = "arn:aws:states:us-east-1:000000000000:stateMachine:nowhere";
    let workflow = StepFunctionsWorkflow::new(step_functions(&sdk()), nowhere);
    assert_eq!(workflow.execute(batch()).await.unwrap_err().error, "Unavailable");
}

#[tokio::test]
async fn a_token_that_is_unknown_or_garbage_counts_as_answered() {
    let tokens = StepFunctionsTokens::new(step_functions(&sdk()));
    for token in ["garbage", "AAAAKgAAAAIAAAAA", &"x".repeat(3_000)] {
        tokens.refuse(token, &Refusal::new(Code::Malformed, "no")).await.unwrap();
    }
}
