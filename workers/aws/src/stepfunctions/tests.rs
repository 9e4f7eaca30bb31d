use jiff::Timestamp;
use kernel::{Code, Refusal, Verdict};
use pipeline::{
    ports::{
        status::{Outcome, Status},
        workflow::{TaskTokens, Workflow},
    },
    steps::batch::{Batch, Envelope, Item, Stage},
};
use serde_json::{Value, json, value::RawValue};

use super::{StepFunctionsTokens, StepFunctionsWorkflow};
use crate::fake::Fake;

fn batch(body: &str) -> Batch {
    let message = Envelope {
        group: "acme/count/a".into(),
        authorization: "token".into(),
        received_at: Timestamp::UNIX_EPOCH,
        traceparent: None,
        task_token: None,
    };
    let stage = Stage::Received(RawValue::from_string(body.into()).unwrap());
    Batch { messages: vec![message], commands: vec![Item { message: 0, stage }], ..Batch::default() }
}

fn workflow(service: &Fake) -> StepFunctionsWorkflow {
    StepFunctionsWorkflow::new(aws_sdk_sfn::Client::new(&service.config()), "arn:aws:states:::command")
}

/// The answer of an execution.
fn ended(fields: &Value) -> (u16, Value) {
    let mut answer = json!({ "executionArn": "arn:aws:states:::execution", "startDate": 0, "stopDate": 1 });
    for (name, value) in fields.as_object().unwrap() {
        answer[name] = value.clone();
    }
    (200, answer)
}

#[tokio::test]
async fn a_batch_goes_in_and_comes_back_and_its_commands_not_a_byte_changed() {
    let sent = r#"{"id":"c1", "n": 9007199254740993, "d": 1.50, "n": 1e400, "text": "\ud800 é"}"#;
    let service = Fake::new(|request| {
        // as the state machine does: read and written again as any JSON
        let input: Value = serde_json::from_str(request["input"].as_str().unwrap()).unwrap();
        ended(&json!({ "status": "SUCCEEDED", "output": input.to_string() }))
    });
    let back = workflow(&service).execute(batch(sent)).await.unwrap();
    let Stage::Received(body) = &back.commands[0].stage else { panic!("{back:?}") };
    assert_eq!(body.get(), sent);
    assert_eq!(service.asked()[0]["stateMachineArn"], json!("arn:aws:states:::command"));
    assert_eq!(service.urls().len(), 1);
    assert!(service.urls()[0].contains("//sync-states."), "{:?}", service.urls());
}

#[tokio::test]
async fn an_execution_that_did_not_end_well_says_why() {
    let cases = [
        (ended(&json!({ "status": "FAILED", "error": "Conflict", "cause": "again" })), "Conflict", "again"),
        (ended(&json!({ "status": "FAILED" })), "States.Runtime", "the state machine gave no cause"),
        (ended(&json!({ "status": "TIMED_OUT" })), "States.Timeout", "the execution ran out of time"),
    ];
    for (answer, error, cause) in cases {
        let service = Fake::new(move |_| answer.clone());
        let failed = workflow(&service).execute(batch("{}")).await.unwrap_err();
        assert_eq!((failed.error.as_str(), failed.cause.as_str()), (error, cause));
    }
}

#[tokio::test]
async fn a_service_that_does_not_run_it_is_an_outage_by_name() {
    for (status, kind) in [(500, "InternalFailure"), (400, "StateMachineDoesNotExist"), (400, "ThrottlingException")] {
        let service = Fake::new(move |_| (status, json!({ "__type": kind })));
        let failed = workflow(&service).execute(batch("{}")).await.unwrap_err();
        assert_eq!(failed.error, "Unavailable", "{failed}");
    }
}

#[tokio::test]
async fn an_output_that_is_no_batch_is_corrupt() {
    for output in ["", "{}", r#"{"messages":[],"commands":[{"message":0,"stage":"unheard"}],"settle":false}"#] {
        let service = Fake::new(move |_| ended(&json!({ "status": "SUCCEEDED", "output": output })));
        assert_eq!(workflow(&service).execute(batch("{}")).await.unwrap_err().error, "Corrupt");
    }
}

#[tokio::test]
async fn what_is_too_long_is_not_sent() {
    let service = Fake::new(|_| (500, json!({})));
    let long = format!("\"{}\"", "x".repeat(300_000));
    let failed = workflow(&service).execute(batch(&long)).await.unwrap_err();
    assert_eq!(failed.error, "States.DataLimitExceeded");
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn an_endpoint_of_ones_own_is_called_by_its_whole_name() {
    let service = Fake::new(|_| ended(&json!({ "status": "TIMED_OUT" })));
    let config = service.config().into_builder().endpoint_url("http://127.0.0.1:4566").build();
    let workflow = StepFunctionsWorkflow::new(crate::clients::step_functions(&config), "arn:aws:states:::command");
    workflow.execute(batch("{}")).await.unwrap_err();
    assert!(service.urls()[0].starts_with("http://127.0.0.1:4566"), "{:?}", service.urls());
}

fn status(outcome: Outcome) -> Status {
    Status {
        id: "c1".parse().unwrap(),
        stream: "count/a".parse().unwrap(),
        kind: "Count".into(),
        status: outcome,
        received_at: Timestamp::UNIX_EPOCH,
        settled_at: Some(Timestamp::UNIX_EPOCH),
        version: None,
        events: Vec::new(),
        rejection: None,
        refusal: None,
        failure: None,
    }
}

fn tokens(service: &Fake) -> StepFunctionsTokens {
    StepFunctionsTokens::new(aws_sdk_sfn::Client::new(&service.config()))
}

#[tokio::test]
async fn a_committed_command_is_a_success_and_any_other_outcome_a_named_error() {
    let service = Fake::new(|_| (200, json!({})));
    let tokens = tokens(&service);
    let verdict = Verdict { code: "sold-out".into(), message: "no room".into(), detail: None };
    let rejected = Status { rejection: Some(verdict), ..status(Outcome::Rejected) };
    let refusal = Refusal::new(Code::Forbidden, "no");
    let refused = Status { refusal: Some(refusal.clone()), ..status(Outcome::Refused) };
    for status in [&status(Outcome::Committed), &rejected, &refused, &status(Outcome::Failed)] {
        tokens.answer("token", status).await.unwrap();
    }
    tokens.refuse("token", &refusal).await.unwrap();
    let asked = service.asked();
    let errors: Vec<_> = asked.iter().map(|request| request["error"].as_str()).collect();
    let expected =
        [None, Some("rejected.sold-out"), Some("refused.forbidden"), Some("failed"), Some("refused.forbidden")];
    assert_eq!(errors, expected);
    assert!(asked.iter().all(|request| request["taskToken"] == json!("token")));
    let told: Status = serde_json::from_str(asked[0]["output"].as_str().unwrap()).unwrap();
    assert_eq!(told, status(Outcome::Committed));
    let told: Status = serde_json::from_str(asked[1]["cause"].as_str().unwrap()).unwrap();
    assert_eq!(told, rejected);
}

#[tokio::test]
async fn a_token_that_nobody_waits_by_counts_as_answered() {
    for kind in ["TaskDoesNotExist", "TaskTimedOut", "InvalidToken", "ValidationException"] {
        let service = Fake::new(move |_| (400, json!({ "__type": kind, "message": "as told" })));
        for outcome in [Outcome::Committed, Outcome::Failed] {
            tokens(&service).answer("token", &status(outcome)).await.unwrap();
        }
        assert_eq!(service.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_an_outage() {
    for (code, kind) in [(500, "InternalFailure"), (400, "ThrottlingException"), (400, "AccessDeniedException")] {
        let service = Fake::new(move |_| (code, json!({ "__type": kind })));
        tokens(&service).answer("token", &status(Outcome::Committed)).await.unwrap_err();
        tokens(&service).refuse("token", &Refusal::new(Code::Malformed, "no")).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_cause_is_never_too_long_and_stays_a_status_object() {
    let service = Fake::new(|_| (200, json!({})));
    let detail = Some(json!({ "long": "é".repeat(40_000) }));
    let verdict = Verdict { code: "no".into(), message: "no".into(), detail };
    tokens(&service).answer("t", &Status { rejection: Some(verdict), ..status(Outcome::Rejected) }).await.unwrap();
    let refusal = Refusal::new(Code::Malformed, "é".repeat(40_000));
    tokens(&service).refuse("t", &refusal).await.unwrap();
    let causes: Vec<_> = service.asked().iter().map(|request| request["cause"].as_str().unwrap().to_owned()).collect();
    assert!(causes.iter().all(|cause| cause.len() <= 32_768));
    let told: Status = serde_json::from_str(&causes[0]).unwrap();
    assert_eq!(told.rejection.unwrap().code, "no");
}
