mod data;
mod execute;
mod load;
mod recover;

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Data, Document, ExecutionError, Functions, Machine, Observer, TaskError, Trace};

/// What a function does at its next call.
enum Reply {
    Give(Data),
    Fail(&'static str),
    Hang,
}

/// Functions that do what they are told, call by call; asked for more, the test fails.
#[derive(Default)]
struct Scripted {
    replies: Mutex<VecDeque<Reply>>,
    calls: Mutex<Vec<(String, Data)>>,
}

impl Scripted {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: Mutex::new(replies.into_iter().collect()), calls: Mutex::default() }
    }

    fn payload(&self, call: usize) -> Data {
        self.calls.lock().unwrap()[call].1.clone()
    }
}

#[async_trait]
impl Functions for Scripted {
    async fn invoke(&self, name: &str, payload: Data) -> Result<Data, TaskError> {
        self.calls.lock().unwrap().push((name.to_owned(), payload));
        let reply = self.replies.lock().unwrap().pop_front().expect("no further call was expected");
        match reply {
            Reply::Give(data) => Ok(data),
            Reply::Fail(error) => Err(TaskError { error: error.to_owned(), cause: format!("why {error}") }),
            Reply::Hang => pending().await,
        }
    }
}

/// A typed document with one field that is a document itself.
struct Batch {
    inner: Arc<dyn Document>,
    settle: bool,
}

struct Inner;

impl Document for Inner {
    fn field(&self, name: &str) -> Option<Data> {
        (name == "deep").then(|| Data::from("x"))
    }

    fn to_json(&self) -> Value {
        json!({"deep": "x"})
    }
}

impl Document for Batch {
    fn field(&self, name: &str) -> Option<Data> {
        match name {
            "inner" => Some(Data::Document(Arc::clone(&self.inner))),
            "settle" => Some(Data::from(Value::from(self.settle))),
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        json!({"inner": self.inner.to_json(), "settle": self.settle})
    }
}

fn batch() -> Data {
    Data::document(Batch { inner: Arc::new(Inner), settle: true })
}

fn load(states: &Value) -> Machine {
    let start = states.as_object().unwrap().keys().next().unwrap();
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": start, "States": states});
    Machine::load("test", &definition.to_string(), &BTreeMap::new()).unwrap()
}

/// A task that calls `f` and ends, with more fields.
fn task(more: &Value) -> Value {
    let mut task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"},
    });
    let fields = task.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    if !fields.contains_key("Next") {
        fields.insert("End".into(), true.into());
    }
    task
}

async fn run(machine: &Machine, input: Data, functions: &Scripted) -> Result<Data, ExecutionError> {
    machine.execute("run", input, functions, &()).await
}

/// Evaluates an output without calling anything.
async fn output(template: Value, input: Data) -> Result<Data, ExecutionError> {
    run(&load(&json!({"Only": {"Type": "Pass", "Output": template, "End": true}})), input, &Scripted::default()).await
}
