//! Reads a definition into a machine, or says everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::{Faults, Fields, File, LoadError, Problem, StateId, child};
use super::recover::Random;
use super::state::{Kind, State};
use super::strict;
use super::substitute::substitute;

/// A state machine that this runner can execute wholly.
pub struct Machine {
    pub(super) name: String,
    pub(super) start: StateId,
    pub(super) states: Vec<State>,
    pub(super) limit: Option<Duration>,
    pub(super) random: Random,
}

impl Machine {
    /// Reads a definition; `substitutions` fill in its `${Name}`s, each of which must be used.
    pub fn load(name: &str, definition: &str, substitutions: &BTreeMap<String, String>) -> Result<Self, LoadError> {
        let faults = Faults::default();
        let machine = Self::read(name, definition, substitutions, &faults);
        let faults = faults.into_inner();
        match machine {
            Some(machine) if faults.is_empty() => Ok(machine),
            _ => Err(LoadError { machine: name.to_owned(), faults }),
        }
    }

    /// Takes the source of randomness for jitter: numbers from 0 (included) to 1 (excluded).
    pub fn with_random(self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self { random: Box::new(random), ..self }
    }

    /// The machine's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The functions that its tasks call, so that a host can check that it has them.
    pub fn functions(&self) -> BTreeSet<&str> {
        let tasks = self.states.iter().filter_map(|state| match &state.kind {
            Kind::Task(task) => Some(task.function()),
            Kind::Pass(_) | Kind::Choice(_) | Kind::Succeed(_) | Kind::Fail(_) => None,
        });
        tasks.collect()
    }

    fn read(name: &str, text: &str, substitutions: &BTreeMap<String, String>, faults: &Faults) -> Option<Self> {
        let mut definition = match strict::parse(text) {
            Ok(definition) => definition,
            Err(error) => {
                faults.add("", Problem::NotJson { message: error.to_string() });
                return None;
            }
        };
        substitute(&mut definition, substitutions, faults);

        let none = Map::new();
        let states = definition.get("States").and_then(Value::as_object).unwrap_or(&none);
        let ids = states.keys().enumerate().map(|(index, name)| (name.as_str(), StateId(index))).collect();
        let file = File { states: ids, faults };
        let fields = Fields::of(&file, String::new(), &definition)?;
        fields.optional_text("Comment");
        if let Some(other) = fields.required_text("QueryLanguage").filter(|language| *language != "JSONata") {
            fields.fault_at("QueryLanguage", Problem::UnknownLanguage { name: other.to_owned() });
        }
        let start = fields.state("StartAt");
        let limit = fields.seconds("TimeoutSeconds");
        if fields.required("States").is_some_and(|states| states.as_object().is_none_or(Map::is_empty)) {
            fields.fault_at("States", Problem::Expected { what: "an object with at least one state".into() });
        }
        fields.finish();

        let mut read = Vec::with_capacity(states.len());
        for (name, state) in states {
            let fields = Fields::of(&file, child("/States", name), state);
            read.extend(fields.and_then(|fields| State::read(name, fields)));
        }
        let start = start?;
        report_unreachable(states, start, faults);
        (read.len() == states.len()).then(|| Self {
            name: name.to_owned(),
            start,
            states: read,
            limit,
            random: Box::new(fastrand::f64),
        })
    }
}

/// Follows every transition from the start, in the file itself: a state with a fault still leads where it says.
fn report_unreachable(states: &Map<String, Value>, start: StateId, faults: &Faults) {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&str> = states.keys().nth(start.0).map(String::as_str).into_iter().collect();
    while let Some(name) = ahead.pop() {
        if reached.insert(name) {
            ahead.extend(states.get(name).into_iter().flat_map(targets));
        }
    }
    for name in states.keys().filter(|name| !reached.contains(name.as_str())) {
        faults.add(&child("/States", name), Problem::Unreachable { name: name.clone() });
    }
}

/// The states that a state names, at any depth.
fn targets(state: &Value) -> Vec<&str> {
    match state {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(target) if name == "Next" || name == "Default" => vec![target.as_str()],
                Value::Array(_) if name == "Choices" || name == "Catch" => targets(value),
                _ => Vec::new(),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(targets).collect(),
        _ => Vec::new(),
    }
}
