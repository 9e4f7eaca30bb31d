//! The state machines of this project: their cases with mocked tasks, and what must hold for each of them.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use local::asl::{Data, Functions, Machine, TaskError, Trace};
use serde::Deserialize;
use serde_json::{Value, json};

/// The names by which steps fail for the infrastructure's sake, and those by which Lambda does.
const ERROR_NAMES: [&str; 7] = [
    "Conflict",
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Unavailable",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../statemachines")
}

/// The files of a folder that end so, by their name without the ending.
fn files(folder: &Path, ending: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
        Some((name, std::fs::read_to_string(&path).unwrap()))
    });
    named.collect()
}

fn definitions() -> BTreeMap<String, Value> {
    let definitions = files(&folder(), ".asl.json");
    assert!(!definitions.is_empty());
    definitions.into_iter().map(|(name, text)| (name, serde_json::from_str(&text).unwrap())).collect()
}

/// A machine's tasks in the file's order: state, function, and the errors that it tries again.
fn tasks(definition: &Value) -> Vec<(String, String, Vec<String>)> {
    let states = definition["States"].as_object().unwrap().iter();
    let tasks = states.filter(|(_, state)| state["Type"] == "Task").map(|(name, state)| {
        let errors = retriers(state).iter().flat_map(|retrier| retrier["ErrorEquals"].as_array().unwrap());
        let errors = errors.map(|error| error.as_str().unwrap().to_owned()).collect();
        (name.clone(), function(state), errors)
    });
    tasks.collect()
}

fn retriers(state: &Value) -> &[Value] {
    state["Retry"].as_array().map_or(&[], Vec::as_slice)
}

/// The `Name` of a state's `${Name}`.
fn function(state: &Value) -> String {
    let name = state["Arguments"]["FunctionName"].as_str().unwrap();
    name.strip_prefix("${").and_then(|name| name.strip_suffix('}')).expect("a substitution").to_owned()
}

/// Loads a machine in which each function is called by the name of the state, so that mocks are found by it.
fn load(name: &str, definition: &Value) -> Machine {
    let names = tasks(definition).into_iter().map(|(state, function, _)| (function, state)).collect();
    Machine::load(name, &definition.to_string(), &names).unwrap_or_else(|error| panic!("{error}"))
}

/// One case: the same file runs on Step Functions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    machine: String,
    input: Value,
    /// What each attempt of a state comes to, in order.
    mocks: BTreeMap<String, VecDeque<Mock>>,
    /// The states entered, in order.
    path: Vec<String>,
    /// The end: one of them.
    output: Option<Value>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Mock {
    Return {
        #[serde(rename = "return")]
        value: Value,
    },
    Fail {
        error: String,
        cause: String,
    },
}

fn cases() -> Vec<(String, Case)> {
    let cases = files(&folder().join("cases"), ".json").into_iter().map(|(file, text)| {
        let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        (format!("{file}: {}", case.name), case)
    });
    cases.collect()
}

struct Mocked(Mutex<BTreeMap<String, VecDeque<Mock>>>);

#[async_trait]
impl Functions for Mocked {
    async fn invoke(&self, state: &str, _: Data) -> Result<Data, TaskError> {
        let mock = self.0.lock().unwrap().get_mut(state).and_then(VecDeque::pop_front);
        match mock.unwrap_or_else(|| panic!("no further attempt of `{state}` was expected")) {
            Mock::Return { value } => Ok(Data::from(value)),
            Mock::Fail { error, cause } => Err(TaskError { error, cause }),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_case_takes_its_path_to_its_end() {
    let (definitions, cases) = (definitions(), cases());
    assert!(!cases.is_empty());
    for (name, case) in cases {
        let machine = load(&case.machine, &definitions[&case.machine]);
        let (functions, trace) = (Mocked(Mutex::new(case.mocks)), Trace::default());
        let end = machine.execute("case", Data::from(case.input), &functions, &trace).await;
        let (output, error) = match end {
            Ok(output) => (Some(output.to_json().as_ref().clone()), None),
            Err(error) => (None, Some(error.error)),
        };
        assert_eq!((output, error), (case.output, case.error), "{name}");
        assert_eq!(trace.path(), case.path, "{name}");
        let mut mocks = functions.0.into_inner().unwrap();
        mocks.retain(|_, left| !left.is_empty());
        assert!(mocks.is_empty(), "{name}: mocks were left for {:?}", mocks.keys());
    }
}

#[test]
fn every_name_that_is_tried_again_has_a_case_where_it_is() {
    let cases = cases();
    for (machine, definition) in definitions() {
        let mut named: BTreeSet<_> = tasks(&definition).into_iter().flat_map(|(.., errors)| errors).collect();
        for (_, case) in cases.iter().filter(|(_, case)| case.machine == machine && case.output.is_some()) {
            for mock in case.mocks.values().flatten() {
                if let Mock::Fail { error, .. } = mock {
                    named.remove(error);
                }
            }
        }
        assert!(named.is_empty(), "{machine}: no case for {named:?}");
    }
}

#[test]
fn the_errors_that_are_tried_again_are_those_that_steps_and_lambda_raise() {
    let errors = definitions().into_values().flat_map(|definition| tasks(&definition)).flat_map(|(.., errors)| errors);
    assert_eq!(errors.collect::<BTreeSet<_>>(), BTreeSet::from(ERROR_NAMES.map(str::to_owned)));
}

#[test]
fn all_waiting_together_fits_the_time_limit() {
    for (machine, definition) in definitions() {
        let states = definition["States"].as_object().unwrap().values();
        let waits = states.flat_map(retriers).map(|retrier| {
            let number =
                |name: &str| retrier[name].as_f64().unwrap_or_else(|| panic!("{machine}: `{name}` isn't stated"));
            assert_eq!(retrier["JitterStrategy"], "FULL", "{machine}");
            let attempts = i32::try_from(retrier["MaxAttempts"].as_u64().unwrap()).unwrap();
            let delay = |retry| number("IntervalSeconds") * number("BackoffRate").powi(retry);
            (0..attempts).map(|retry| delay(retry).min(number("MaxDelaySeconds"))).sum::<f64>()
        });
        let limit = definition["TimeoutSeconds"].as_f64().expect("a time limit");
        assert!(waits.sum::<f64>() < limit * 0.75, "{machine}");
    }
}

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    /// Before it does anything.
    Before,
    /// After all its work: the answer is lost.
    After,
}

/// One failure of one state's function.
#[derive(Clone)]
struct Fault {
    state: String,
    error: String,
    moment: Moment,
}

/// Functions with an effect each, which they have once however often they are called, as every step must.
#[derive(Default)]
struct World {
    effects: Mutex<BTreeSet<(String, String)>>,
    calls: Mutex<Vec<String>>,
    fault: Mutex<Option<Fault>>,
}

impl World {
    fn with(fault: Option<Fault>) -> Self {
        Self { fault: Mutex::new(fault), ..Self::default() }
    }
}

#[async_trait]
impl Functions for World {
    async fn invoke(&self, state: &str, payload: Data) -> Result<Data, TaskError> {
        self.calls.lock().unwrap().push(state.to_owned());
        let fault = self.fault.lock().unwrap().take_if(|fault| fault.state == state);
        let (moment, lost) =
            fault.map(|fault| (fault.moment, TaskError { error: fault.error, cause: "lost".into() })).unzip();
        if moment == Some(Moment::Before) {
            return lost.map_or(Ok(payload), Err);
        }
        let mut document = payload.to_json().as_ref().clone();
        self.effects.lock().unwrap().insert((state.to_owned(), document.to_string()));
        document["steps"].as_array_mut().unwrap().push(state.into());
        lost.map_or(Ok(Data::from(document)), Err)
    }
}

/// What a run leaves.
#[derive(Debug, PartialEq)]
struct Left {
    output: Value,
    path: Vec<String>,
    effects: BTreeSet<(String, String)>,
}

/// Runs to the end; tells also which functions were called.
async fn run(machine: &Machine, settle: bool, fault: Option<Fault>) -> (Left, Vec<String>) {
    let (world, trace) = (World::with(fault), Trace::default());
    let input = Data::from(json!({"settle": settle, "steps": []}));
    let output = machine.execute("run", input, &world, &trace).await.unwrap().to_json().as_ref().clone();
    assert!(world.fault.lock().unwrap().is_none(), "the fault happened");
    (
        Left { output, path: trace.path(), effects: world.effects.into_inner().unwrap() },
        world.calls.into_inner().unwrap(),
    )
}

#[tokio::test(start_paused = true)]
async fn every_task_may_fail_once_and_be_delivered_twice() {
    for (name, definition) in definitions() {
        let machine = load(&name, &definition);
        let mut missed: BTreeSet<_> = tasks(&definition).into_iter().map(|(state, ..)| state).collect();
        for settle in [true, false] {
            let (expected, calls) = run(&machine, settle, None).await;
            for (state, _, errors) in tasks(&definition).into_iter().filter(|(state, ..)| calls.contains(state)) {
                missed.remove(&state);
                assert!(!errors.is_empty(), "{name}: `{state}` tries nothing again");
                for (error, moment) in errors.iter().flat_map(|error| [(error, Moment::Before), (error, Moment::After)])
                {
                    let fault = Fault { state: state.clone(), error: error.clone(), moment };
                    let (left, again) = run(&machine, settle, Some(fault)).await;
                    let place = format!("{name}: {state}: {error} {moment:?}");
                    assert_eq!(left, expected, "{place}");
                    let mut twice = calls.clone();
                    twice.insert(calls.iter().position(|call| *call == state).unwrap(), state.clone());
                    assert_eq!(again, twice, "{place}");
                }
            }
        }
        assert!(missed.is_empty(), "{name}: {missed:?} were never entered");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_hangs_ends_with_the_machines_time() {
    struct Hanging;
    #[async_trait]
    impl Functions for Hanging {
        async fn invoke(&self, _: &str, _: Data) -> Result<Data, TaskError> {
            std::future::pending().await
        }
    }
    for (name, definition) in definitions() {
        let started = tokio::time::Instant::now();
        let input = Data::from(json!({"settle": true, "steps": []}));
        let error = load(&name, &definition).execute("run", input, &Hanging, &()).await.unwrap_err();
        assert_eq!(error.error, "States.Timeout");
        assert_eq!(started.elapsed(), Duration::from_secs(definition["TimeoutSeconds"].as_u64().unwrap()));
    }
}
