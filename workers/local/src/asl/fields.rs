//! Reads a definition's objects field by field, and collects what is wrong with them, each fault by name and place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

/// Why a definition can't be run: every fault in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LoadError {
    /// The machine's name.
    pub machine: String,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state machine `{}` can't be run", self.machine)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

/// One fault of a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}`: {problem}")]
pub struct Fault {
    /// Where, as a JSON pointer; empty for the whole file.
    pub pointer: String,
    /// What.
    pub problem: Problem,
}

/// What can be wrong at a place in a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it and its fields mean")]
pub enum Problem {
    #[error("not JSON: {message}")]
    NotJson { message: String },
    #[error("the field `{name}` isn't implemented")]
    UnknownField { name: String },
    #[error("the field `{name}` is missing")]
    MissingField { name: String },
    #[error("must be {what}")]
    Expected { what: String },
    #[error("must have either `Next` or `End`")]
    NextOrEnd,
    #[error("the query language `{name}` isn't implemented, only `JSONata`")]
    UnknownLanguage { name: String },
    #[error("the state type `{name}` isn't implemented")]
    UnknownType { name: String },
    #[error("the resource `{name}` isn't implemented")]
    UnknownResource { name: String },
    #[error("the error name `{name}` is reserved, and no state raises it here")]
    UnknownError { name: String },
    #[error("`States.ALL` must stand alone, in the last of the list")]
    MisplacedWildcard,
    #[error("there is no state `{name}`")]
    Dangling { name: String },
    #[error("no state leads to `{name}`")]
    Unreachable { name: String },
    #[error("the expression isn't valid: {message}")]
    Expression { message: String },
    #[error("`{name}` isn't known in this expression")]
    UnknownName { name: String },
    #[error("nothing is given for `${{{name}}}`")]
    MissingSubstitution { name: String },
    #[error("`${{{name}}}` is given, but used nowhere")]
    UnusedSubstitution { name: String },
}

/// Collects faults while a file is read.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    pub(super) fn add(&self, pointer: &str, problem: Problem) {
        self.0.borrow_mut().push(Fault { pointer: pointer.to_owned(), problem });
    }

    pub(super) fn into_inner(self) -> Vec<Fault> {
        self.0.into_inner()
    }
}

/// The pointer of a field of what `pointer` names.
pub(super) fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A state's place in its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StateId(pub(super) usize);

/// Where a state leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    State(StateId),
    End,
}

/// What is the same all over one file: its states' names, and its faults so far.
pub(super) struct File<'a> {
    pub(super) states: BTreeMap<&'a str, StateId>,
    pub(super) faults: &'a Faults,
}

/// Reads one object. Every method reports what it doesn't find as it should be; [`Fields::finish`] reports what nobody asked for.
pub(super) struct Fields<'a> {
    pub(super) file: &'a File<'a>,
    pointer: String,
    object: &'a Map<String, Value>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    /// Begins to read an object; anything else is a fault.
    pub(super) fn of(file: &'a File<'a>, pointer: String, value: &'a Value) -> Option<Self> {
        let Value::Object(object) = value else {
            file.faults.add(&pointer, Problem::Expected { what: "an object".into() });
            return None;
        };
        Some(Self { file, pointer, object, asked: RefCell::default() })
    }

    pub(super) fn at(&self, name: &str) -> String {
        child(&self.pointer, name)
    }

    /// Reports a fault of the object itself.
    pub(super) fn fault(&self, problem: Problem) {
        self.file.faults.add(&self.pointer, problem);
    }

    /// Reports a fault of one field.
    pub(super) fn fault_at(&self, name: &str, problem: Problem) {
        self.file.faults.add(&self.at(name), problem);
    }

    fn expected(&self, name: &str, what: &str) {
        self.fault_at(name, Problem::Expected { what: what.to_owned() });
    }

    pub(super) fn get(&self, name: &'static str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(name);
        self.object.get(name)
    }

    pub(super) fn required(&self, name: &'static str) -> Option<&'a Value> {
        let value = self.get(name);
        if value.is_none() {
            self.fault(Problem::MissingField { name: name.to_owned() });
        }
        value
    }

    fn text(&self, name: &'static str, value: Option<&'a Value>) -> Option<&'a str> {
        let text = value?.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.expected(name, "a text");
        }
        text
    }

    pub(super) fn optional_text(&self, name: &'static str) -> Option<&'a str> {
        self.text(name, self.get(name))
    }

    pub(super) fn required_text(&self, name: &'static str) -> Option<&'a str> {
        self.text(name, self.required(name))
    }

    /// A whole number within bounds, or the default.
    pub(super) fn integer(&self, name: &'static str, lowest: u32, highest: u32, default: u32) -> u32 {
        let Some(value) = self.get(name) else { return default };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| (lowest..=highest).contains(number)).unwrap_or_else(|| {
            self.expected(name, &format!("a whole number from {lowest} to {highest}"));
            default
        })
    }

    /// A number of at least `lowest`, or the default.
    pub(super) fn number(&self, name: &'static str, lowest: f64, default: f64) -> f64 {
        let Some(value) = self.get(name) else { return default };
        value.as_f64().filter(|number| *number >= lowest).unwrap_or_else(|| {
            self.expected(name, &format!("a number of at least {lowest}"));
            default
        })
    }

    /// A time limit in seconds, if there is one.
    pub(super) fn seconds(&self, name: &'static str) -> Option<Duration> {
        self.get(name)?;
        Some(Duration::from_secs(self.integer(name, 1, 99_999_999, 1).into()))
    }

    /// The items of an array, each with its pointer; none where the field is absent.
    pub(super) fn items(&self, name: &'static str) -> Vec<(String, &'a Value)> {
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().enumerate().map(|(index, item)| (format!("{}/{index}", self.at(name)), item)).collect()
            }
            Some(_) => {
                self.expected(name, "an array with at least one item");
                Vec::new()
            }
        }
    }

    /// A state that the field names.
    pub(super) fn state(&self, name: &'static str) -> Option<StateId> {
        self.named(name, self.required_text(name)?)
    }

    /// As [`Fields::state`], where the field may be absent.
    pub(super) fn optional_state(&self, name: &'static str) -> Option<StateId> {
        self.named(name, self.optional_text(name)?)
    }

    fn named(&self, name: &'static str, state: &str) -> Option<StateId> {
        let id = self.file.states.get(state).copied();
        if id.is_none() {
            self.fault_at(name, Problem::Dangling { name: state.to_owned() });
        }
        id
    }

    /// `Next` or `"End": true`, one of them.
    pub(super) fn next(&self) -> Option<Next> {
        match (self.get("Next"), self.get("End")) {
            (Some(_), None) => self.state("Next").map(Next::State),
            (None, Some(Value::Bool(true))) => Some(Next::End),
            (None, Some(_)) => {
                self.expected("End", "true");
                None
            }
            (None, None) | (Some(_), Some(_)) => {
                self.fault(Problem::NextOrEnd);
                None
            }
        }
    }

    /// Reports every field that nobody asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.object.keys().filter(|name| !asked.contains(name.as_str())) {
            self.fault_at(name, Problem::UnknownField { name: name.clone() });
        }
    }
}
