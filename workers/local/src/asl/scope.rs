//! `$states`: what an expression can see.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::OnceLock;

use jiff::Timestamp;
use jsonata_core::value::JValue;
use serde::Deserialize;
use serde_json::Value;

use super::data::{Data, Record};
use super::execute::TaskError;

/// A part of `$states`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Input,
    Result,
    ErrorOutput,
    Context,
    /// The context without the execution's input, which may be large: what most expressions want of it.
    Whereabouts,
}

impl Part {
    const NAMED: [Self; 4] = [Self::Input, Self::Result, Self::ErrorOutput, Self::Context];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Result => "result",
            Self::ErrorOutput => "errorOutput",
            Self::Context | Self::Whereabouts => "context",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|part| part.name() == name)
    }
}

/// What the context object offers, for the check at load.
pub(super) const CONTEXT: [(&str, &[&str]); 3] = [
    ("Execution", &["Id", "Input", "Name", "StartTime"]),
    ("State", &["EnteredTime", "Name", "RetryCount"]),
    ("StateMachine", &["Id", "Name"]),
];

/// The part that an expression needs for a path below `$states`.
pub(super) fn needed(path: &[String]) -> Option<Part> {
    let part = Part::named(path.first()?)?;
    let below: Vec<_> = path.iter().skip(1).take(2).map(String::as_str).collect();
    Some(match (part, below.as_slice()) {
        (Part::Context, [] | ["Execution"] | ["Execution", "Input"]) => Part::Context,
        (Part::Context, _) => Part::Whereabouts,
        (part, _) => part,
    })
}

/// One run of a machine.
pub(super) struct Execution<'a> {
    pub(super) machine: &'a str,
    pub(super) name: &'a str,
    pub(super) input: Data,
    pub(super) started: Timestamp,
}

/// One visit of a state.
pub(super) struct Visit<'a> {
    pub(super) execution: &'a Execution<'a>,
    pub(super) state: &'a str,
    pub(super) input: Data,
    pub(super) entered: Timestamp,
    /// The input as JSON, made at most once in a visit.
    pub(super) json: OnceLock<Arc<Value>>,
}

impl Visit<'_> {
    fn context(&self, retries: u32, with_input: bool) -> Data {
        let execution = self.execution;
        let machine = execution.machine;
        let input = if with_input { execution.input.clone() } else { Data::from(Value::Null) };
        Record::of([
            (
                "Execution",
                Record::of([
                    ("Id", Data::from(format!("{machine}:{}", execution.name).as_str())),
                    ("Input", input),
                    ("Name", Data::from(execution.name)),
                    ("StartTime", time(execution.started)),
                ]),
            ),
            (
                "State",
                Record::of([
                    ("EnteredTime", time(self.entered)),
                    ("Name", Data::from(self.state)),
                    ("RetryCount", Data::from(Value::from(retries))),
                ]),
            ),
            ("StateMachine", Record::of([("Id", Data::from(machine)), ("Name", Data::from(machine))])),
        ])
    }
}

fn time(at: Timestamp) -> Data {
    Data::from(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().as_str())
}

/// What is visible in one field of a state, while that field is evaluated. JSON and the engine's values are made only of the parts that an
/// expression names, once for all expressions of the field.
pub(super) struct Scope<'a> {
    visit: &'a Visit<'a>,
    retries: u32,
    result: Option<&'a Data>,
    error: Option<Data>,
    values: [OnceCell<JValue>; 5],
}

impl<'a> Scope<'a> {
    pub(super) fn new(visit: &'a Visit<'a>, retries: u32) -> Self {
        Self { visit, retries, result: None, error: None, values: Default::default() }
    }

    pub(super) fn with_result(visit: &'a Visit<'a>, retries: u32, result: &'a Data) -> Self {
        Self { result: Some(result), ..Self::new(visit, retries) }
    }

    pub(super) fn with_error(visit: &'a Visit<'a>, retries: u32, error: Data) -> Self {
        Self { error: Some(error), ..Self::new(visit, retries) }
    }

    pub(super) fn part(&self, part: Part) -> Option<Data> {
        match part {
            Part::Input => Some(self.visit.input.clone()),
            Part::Result => self.result.cloned(),
            Part::ErrorOutput => self.error.clone(),
            Part::Context => Some(self.visit.context(self.retries, true)),
            Part::Whereabouts => Some(self.visit.context(self.retries, false)),
        }
    }

    /// The engine's `$states` with the given parts, as far as they are there.
    pub(super) fn value(&self, parts: &[Part]) -> Result<JValue, TaskError> {
        let mut states = Vec::with_capacity(parts.len());
        for part in parts {
            if let Some(data) = self.part(*part) {
                states.push((part.name().to_owned(), self.converted(*part, &data)?));
            }
        }
        Ok(JValue::object(states.into_iter().collect()))
    }

    fn converted(&self, part: Part, data: &Data) -> Result<JValue, TaskError> {
        let cell = &self.values[part as usize];
        if let Some(value) = cell.get() {
            return Ok(value.clone());
        }
        let json = match part {
            Part::Input => Arc::clone(self.visit.json.get_or_init(|| data.to_json())),
            _ => data.to_json(),
        };
        let value = JValue::deserialize(json.as_ref()).map_err(|error| TaskError::query(&error.to_string()))?;
        Ok(cell.get_or_init(|| value).clone())
    }
}
