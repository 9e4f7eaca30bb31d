//! States, time limits, and the context.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_task_that_takes_too_long_fails_by_name_and_is_tried_again() {
    let retry = json!([{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}]);
    let machine = load(&json!({"Only": task(&json!({"TimeoutSeconds": 5, "Retry": retry}))}));
    let started = Instant::now();
    let error = run(&machine, Data::from("x"), &Scripted::new([Reply::Hang, Reply::Hang])).await.unwrap_err();
    assert_eq!(error.error, "States.Timeout");
    assert_eq!(error.cause, "no answer within 5 s");
    assert_eq!(started.elapsed().as_secs(), 5 + 1 + 5);
}

#[tokio::test(start_paused = true)]
async fn the_machines_time_limit_ends_everything_and_nothing_catches_it() {
    let all = json!(["States.ALL"]);
    let caught = json!([{"ErrorEquals": all, "Next": "End"}]);
    let retried = json!([{"ErrorEquals": all, "MaxAttempts": 99}]);
    for (reply, recover) in [(Reply::Hang, json!({"Catch": caught})), (Reply::Fail("A"), json!({"Retry": retried}))] {
        let mut only = task(&recover);
        only["Next"] = json!("End");
        only.as_object_mut().unwrap().remove("End");
        let definition = json!({
            "QueryLanguage": "JSONata", "StartAt": "Only", "TimeoutSeconds": 30,
            "States": {"Only": only, "End": {"Type": if recover["Catch"].is_array() { "Succeed" } else { "Fail" }}}
        });
        let machine = Machine::load("m", &definition.to_string(), &BTreeMap::new()).unwrap();
        let started = Instant::now();
        let hang = matches!(reply, Reply::Hang);
        let replies = std::iter::once(reply).chain((0..20).map(|_| if hang { Reply::Hang } else { Reply::Fail("A") }));
        let error = run(&machine, Data::from("x"), &Scripted::new(replies)).await.unwrap_err();
        assert_eq!((error.error.as_str(), error.state.as_str()), ("States.Timeout", "Only"));
        assert_eq!(error.cause, "the execution didn't end within 30 s");
        assert_eq!(started.elapsed(), Duration::from_secs(30));
    }
}

#[tokio::test]
async fn going_round_for_ever_ends_with_the_time_limit() {
    let definition = json!({
        "QueryLanguage": "JSONata", "StartAt": "A", "TimeoutSeconds": 1,
        "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    });
    let machine = Machine::load("m", &definition.to_string(), &BTreeMap::new()).unwrap();
    let error = run(&machine, Data::from("x"), &Scripted::default()).await.unwrap_err();
    assert_eq!(error.error, "States.Timeout");
}

#[tokio::test]
async fn a_choice_takes_the_first_that_holds() {
    let machine = load(&json!({
        "Which": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.n > 10 %}", "Output": "big", "Next": "End"},
                {"Condition": "{% $states.input.n > 5 %}", "Next": "End"},
                {"Condition": "{% $states.input.n = 0 %}", "Output": {"n": "{% $states.input.n %}"}, "Next": "End"}
            ]
        },
        "End": {"Type": "Succeed"}
    }));
    for (n, expected) in [(11, json!("big")), (7, json!({"n": 7})), (0, json!({"n": 0}))] {
        let output = run(&machine, Data::from(json!({"n": n})), &Scripted::default()).await.unwrap();
        assert_eq!(*output.to_json(), expected);
    }
    let error = run(&machine, Data::from(json!({"n": 1})), &Scripted::default()).await.unwrap_err();
    assert_eq!(error.error, "States.NoChoiceMatched");
    let error = run(&machine, Data::from(json!({"n": "1"})), &Scripted::default()).await.unwrap_err();
    assert_eq!(error.error, "States.QueryEvaluationError");
}

#[tokio::test]
async fn a_fail_state_ends_with_its_error() {
    let states = json!({"Only": {"Type": "Fail", "Error": "Lost", "Cause": "{% 'the ' & $states.input %}"}});
    let error = run(&load(&states), Data::from("key"), &Scripted::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "the state `Only` failed with `Lost`: the key");
    let states = json!({"Only": {"Type": "Fail", "Error": "{% 1 %}"}});
    let error = run(&load(&states), Data::from("key"), &Scripted::default()).await.unwrap_err();
    assert_eq!(error.error, "States.QueryEvaluationError");
}

#[tokio::test]
async fn a_task_without_output_gives_the_whole_result() {
    let machine = load(&json!({"Only": task(&json!({}))}));
    let output = run(&machine, Data::from("x"), &Scripted::new([Reply::Give(Data::from("y"))])).await.unwrap();
    assert_eq!(*output.to_json(), json!({"ExecutedVersion": "$LATEST", "Payload": "y", "StatusCode": 200}));
}

#[tokio::test(start_paused = true)]
async fn the_context_tells_where_it_is() {
    let mut only = task(&json!({"Retry": [{"ErrorEquals": ["A"]}]}));
    only["Arguments"]["Payload"] = json!("{% $states.context.State.RetryCount %}");
    only["Output"] = json!("{% $states.context %}");
    let machine = load(&json!({"Only": only}));
    let functions = Scripted::new([Reply::Fail("A"), Reply::Give(Data::from("y"))]);
    let output = run(&machine, Data::from("x"), &functions).await.unwrap().to_json();
    assert_eq!(*functions.payload(0).to_json(), json!(0));
    assert_eq!(*functions.payload(1).to_json(), json!(1));
    assert_eq!(output["Execution"]["Id"], "test:run");
    assert_eq!(output["Execution"]["Name"], "run");
    assert_eq!(output["Execution"]["Input"], "x");
    assert_eq!(output["State"]["Name"], "Only");
    assert_eq!(output["State"]["RetryCount"], 1);
    assert_eq!(output["StateMachine"], json!({"Id": "test", "Name": "test"}));
    let started = output["Execution"]["StartTime"].as_str().unwrap();
    assert!(started.len() == 24 && started.parse::<jiff::Timestamp>().is_ok(), "{started}");
}

#[tokio::test]
async fn an_execution_can_be_spawned() {
    let machine = Arc::new(load(&json!({"Only": task(&json!({"Output": "{% $states.result.Payload & '!' %}"}))})));
    let run = tokio::spawn(async move {
        let functions = Scripted::new([Reply::Give(Data::from("y"))]);
        machine.execute("run", Data::from("x"), &functions, &Trace::default() as &dyn Observer).await
    });
    assert_eq!(*run.await.unwrap().unwrap().to_json(), json!("y!"));
}
