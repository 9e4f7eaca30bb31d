//! Retry's delays and counts; Catch.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;

fn retrier(errors: &[&str], more: &Value) -> Value {
    let mut retrier = json!({"ErrorEquals": errors});
    retrier.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    retrier
}

/// The delays before each retry while a task fails with an error for ever, and the time that passed.
fn delays(retrier: &Value, jitter: f64) -> Vec<Duration> {
    let machine = load(&json!({"Only": task(&json!({"Retry": [retrier]}))})).with_random(move || jitter);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (trace, started) = (Trace::default(), Instant::now());
        let functions = Scripted::new((0..100).map(|_| Reply::Fail("A")));
        let error = machine.execute("run", Data::from("x"), &functions, &trace).await.unwrap_err();
        assert_eq!((error.error.as_str(), error.state.as_str()), ("A", "Only"));
        let delays: Vec<_> = trace.retries().into_iter().map(|(_, _, delay)| delay).collect();
        let waited: Duration = delays.iter().sum();
        let slack = Duration::from_millis(delays.len() as u64); // timers have whole milliseconds
        assert!(started.elapsed() >= waited && started.elapsed() <= waited + slack, "it waits what it says");
        assert_eq!(trace.path(), ["Only"], "a retry enters no state");
        delays
    })
}

fn seconds(delays: &[Duration]) -> Vec<f64> {
    delays.iter().map(Duration::as_secs_f64).collect()
}

#[test]
fn delays_double_three_times_unless_told_otherwise() {
    assert_eq!(seconds(&delays(&retrier(&["A"], &json!({})), 0.5)), [1.0, 2.0, 4.0]);
}

#[test]
fn delays_grow_by_the_rate_up_to_the_highest() {
    let more = json!({"IntervalSeconds": 2, "BackoffRate": 1.5, "MaxDelaySeconds": 5, "MaxAttempts": 5});
    assert_eq!(seconds(&delays(&retrier(&["A"], &more), 0.5)), [2.0, 3.0, 4.5, 5.0, 5.0]);
}

#[test]
fn full_jitter_takes_a_part_of_the_delay() {
    let more = json!({"IntervalSeconds": 2, "MaxAttempts": 3, "MaxDelaySeconds": 6, "JitterStrategy": "FULL"});
    assert_eq!(seconds(&delays(&retrier(&["A"], &more), 0.25)), [0.5, 1.0, 1.5]);
    assert_eq!(seconds(&delays(&retrier(&["A"], &more), 0.0)), [0.0, 0.0, 0.0]);
}

#[test]
fn no_attempts_means_none() {
    assert!(delays(&retrier(&["A"], &json!({"MaxAttempts": 0})), 0.5).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_delay_is_within_its_bounds(
        interval in 1u32..1_000, rate in 1.0..1e9f64, longest in 1u32..100_000, attempts in 0u32..40, jitter in 0.0..1.0f64,
    ) {
        let more = |strategy: &str| json!({
            "IntervalSeconds": interval, "BackoffRate": rate, "MaxDelaySeconds": longest, "MaxAttempts": attempts,
            "JitterStrategy": strategy,
        });
        let (none, full) = (delays(&retrier(&["A"], &more("NONE")), jitter), delays(&retrier(&["A"], &more("FULL")), jitter));
        prop_assert_eq!(none.len(), attempts as usize);
        prop_assert!(none.is_sorted());
        prop_assert!(none.iter().all(|delay| *delay <= Duration::from_secs(longest.into())));
        prop_assert!(none.first().is_none_or(|delay| *delay == Duration::from_secs(interval.min(longest).into())));
        prop_assert_eq!(full.len(), none.len());
        prop_assert!(full.iter().zip(&none).all(|(full, none)| full <= none));
    }
}

#[tokio::test(start_paused = true)]
async fn each_retrier_counts_its_own_and_anew_in_each_visit() {
    let retry = json!([retrier(&["A"], &json!({"MaxAttempts": 1})), retrier(&["B", "C"], &json!({"MaxAttempts": 2}))]);
    let machine =
        load(&json!({"One": task(&json!({"Retry": retry, "Next": "Two"})), "Two": task(&json!({"Retry": retry}))}));
    let fails = ["A", "B", "C"].map(Reply::Fail);
    let again = ["B", "A", "B"].map(Reply::Fail);
    let script = fails.into_iter().chain([Reply::Give(Data::from("x"))]).chain(again).chain([Reply::Fail("B")]);
    let trace = Trace::default();
    let error = machine.execute("run", Data::from("x"), &Scripted::new(script), &trace).await.unwrap_err();
    assert_eq!((error.error.as_str(), error.state.as_str()), ("B", "Two"));
    assert_eq!(error.to_string(), "the state `Two` failed with `B`: why B");
    assert_eq!(trace.retries().len(), 6);
    assert_eq!(trace.path(), ["One", "Two"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_retrier_that_names_an_error_decides() {
    let retry = json!([retrier(&["A"], &json!({"MaxAttempts": 0})), retrier(&["States.ALL"], &json!({}))]);
    let machine = load(&json!({"Only": task(&json!({"Retry": retry}))}));
    let error = run(&machine, Data::from("x"), &Scripted::new([Reply::Fail("A")])).await.unwrap_err();
    assert_eq!(error.error, "A");
}

/// Whether a task with a catcher for a name catches a failure.
async fn catches(name: &str, reply: Reply) -> bool {
    let catch = json!([{"ErrorEquals": [name], "Next": "Caught"}]);
    let machine = load(&json!({
        "Only": task(&json!({"Catch": catch, "TimeoutSeconds": 1})),
        "Caught": {"Type": "Succeed", "Output": "caught"}
    }));
    run(&machine, Data::from("x"), &Scripted::new([reply])).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn wildcards_match_what_the_language_says() {
    let table = [
        ("A", Reply::Fail("A"), true),
        ("A", Reply::Fail("B"), false),
        ("States.ALL", Reply::Fail("A"), true),
        ("States.ALL", Reply::Hang, true),
        ("States.ALL", Reply::Fail("States.Runtime"), false),
        ("States.ALL", Reply::Fail("States.DataLimitExceeded"), false),
        ("States.TaskFailed", Reply::Fail("A"), true),
        ("States.TaskFailed", Reply::Hang, false),
        ("States.TaskFailed", Reply::Fail("States.Runtime"), false),
        ("States.Timeout", Reply::Hang, true),
        ("States.Timeout", Reply::Fail("A"), false),
    ];
    for (index, (name, reply, caught)) in table.into_iter().enumerate() {
        assert_eq!(catches(name, reply).await, caught, "{index}: {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caught_failure_leads_on_with_its_output() {
    let retry = json!([retrier(&["A"], &json!({"MaxAttempts": 1}))]);
    let catch = json!([
        {"ErrorEquals": ["B"], "Next": "Plain"},
        {"ErrorEquals": ["A"], "Output": {"was": "{% $states.input %}", "why": "{% $states.errorOutput.Cause %}"}, "Next": "Plain"},
    ]);
    let machine = load(&json!({"Only": task(&json!({"Retry": retry, "Catch": catch})), "Plain": {"Type": "Succeed"}}));
    let input = batch();
    let output = run(&machine, input.clone(), &Scripted::new(["A", "A"].map(Reply::Fail))).await.unwrap();
    assert_eq!(*output.to_json(), json!({"was": {"inner": {"deep": "x"}, "settle": true}, "why": "why A"}));
    let output = run(&machine, input, &Scripted::new([Reply::Fail("B")])).await.unwrap();
    assert_eq!(*output.to_json(), json!({"Error": "B", "Cause": "why B"}));
}

#[tokio::test]
async fn a_failing_expression_is_caught_by_its_name() {
    let catch = json!([{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}]);
    for wrong in [json!({"Output": "{% $states.result.Payload.no %}"}), json!({"Output": "{% 1 + 'a' %}"})] {
        let mut only = task(&wrong);
        only["Catch"] = catch.clone();
        let machine =
            load(&json!({"Only": only, "Caught": {"Type": "Succeed", "Output": "{% $states.input.Error %}"}}));
        let output = run(&machine, batch(), &Scripted::new([Reply::Give(batch())])).await.unwrap();
        assert_eq!(*output.to_json(), json!("States.QueryEvaluationError"));
    }
}
