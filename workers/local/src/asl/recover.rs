//! `Retry` and `Catch`: what follows a state's failure.

use std::time::Duration;

use serde_json::Value;

use super::data::{Data, Record};
use super::execute::TaskError;
use super::fields::{Fields, Next, Problem, StateId};
use super::scope::{Part, Scope, Visit};
use super::template::Template;

/// The reserved names that this runner raises or matches.
const RESERVED: [&str; 4] = ["States.ALL", "States.TaskFailed", "States.Timeout", QUERY];
pub(super) const TIMEOUT: &str = "States.Timeout";
pub(super) const QUERY: &str = "States.QueryEvaluationError";
/// What no wildcard matches.
const TERMINAL: [&str; 2] = ["States.DataLimitExceeded", "States.Runtime"];
/// The highest delay where none is given, and the highest that may be.
const LONGEST: u32 = 31_622_399;

/// A number from 0 (included) to 1 (excluded), for jitter.
pub(super) type Random = Box<dyn Fn() -> f64 + Send + Sync>;

/// What follows the failures of a state.
#[derive(Default)]
pub(super) struct Recovery {
    retriers: Vec<Retrier>,
    catchers: Vec<Catcher>,
}

struct Retrier {
    errors: Vec<String>,
    interval: u32,
    rate: f64,
    longest: u32,
    attempts: u32,
    full_jitter: bool,
}

struct Catcher {
    errors: Vec<String>,
    output: Option<Template>,
    next: StateId,
}

/// The retries of one visit of a state: each retrier counts its own.
#[derive(Default)]
pub(super) struct Attempts {
    used: Vec<u32>,
}

impl Attempts {
    /// All retries of the visit.
    pub(super) fn total(&self) -> u32 {
        self.used.iter().sum()
    }
}

impl Recovery {
    /// Reads `Retry` and `Catch`.
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let retriers = read_each(fields, "Retry", Retrier::read);
        let catchers = read_each(fields, "Catch", Catcher::read);
        Self { retriers, catchers }
    }

    /// How long to wait before the state is tried again, if it is: the first retrier that names the error decides.
    pub(super) fn retry(&self, error: &str, attempts: &mut Attempts, random: &Random) -> Option<Duration> {
        let (index, retrier) = self.retriers.iter().enumerate().find(|(_, retrier)| matches(&retrier.errors, error))?;
        attempts.used.resize(self.retriers.len(), 0);
        let used = attempts.used.get_mut(index).filter(|used| **used < retrier.attempts)?;
        let delay = retrier.delay(*used, random);
        *used += 1;
        Some(delay)
    }

    /// Where the failure leads, and with what, if it is caught.
    pub(super) fn catch(
        &self,
        failure: &TaskError,
        visit: &Visit<'_>,
        retries: u32,
    ) -> Result<Option<(Data, Next)>, TaskError> {
        let Some(catcher) = self.catchers.iter().find(|catcher| matches(&catcher.errors, &failure.error)) else {
            return Ok(None);
        };
        let error =
            Record::of([("Error", Data::from(failure.error.as_str())), ("Cause", Data::from(failure.cause.as_str()))]);
        let output = match &catcher.output {
            None => error,
            Some(template) => template.evaluate(&Scope::with_error(visit, retries, error))?,
        };
        Ok(Some((output, Next::State(catcher.next))))
    }
}

impl Retrier {
    fn read(fields: &Fields<'_>, last: bool) -> Option<Self> {
        let errors = read_errors(fields, last);
        let interval = fields.integer("IntervalSeconds", 1, 99_999_999, 1);
        let attempts = fields.integer("MaxAttempts", 0, 99_999_999, 3);
        let rate = fields.number("BackoffRate", 1.0, 2.0);
        let longest = fields.integer("MaxDelaySeconds", 1, LONGEST, LONGEST);
        let jitter = fields.optional_text("JitterStrategy").unwrap_or("NONE");
        if !["FULL", "NONE"].contains(&jitter) {
            fields.fault_at("JitterStrategy", Problem::Expected { what: "`FULL` or `NONE`".into() });
        }
        Some(Self { errors: errors?, interval, rate, longest, attempts, full_jitter: jitter == "FULL" })
    }

    /// The delay after so many retries.
    fn delay(&self, retries: u32, random: &Random) -> Duration {
        let exponent = i32::try_from(retries).unwrap_or(i32::MAX);
        let seconds = (f64::from(self.interval) * self.rate.powi(exponent)).min(f64::from(self.longest));
        Duration::from_secs_f64(if self.full_jitter { seconds * random().clamp(0.0, 1.0) } else { seconds })
    }
}

impl Catcher {
    fn read(fields: &Fields<'_>, last: bool) -> Option<Self> {
        let errors = read_errors(fields, last);
        let output = read_template(fields, "Output", &[Part::Input, Part::ErrorOutput, Part::Context]);
        let next = fields.state("Next");
        Some(Self { errors: errors?, output: output?, next: next? })
    }
}

/// A template that may be absent: `None` is a fault, `Some(None)` an absent field.
#[expect(clippy::option_option, reason = "absent and wrong are different")]
pub(super) fn read_template(fields: &Fields<'_>, name: &'static str, parts: &[Part]) -> Option<Option<Template>> {
    match fields.get(name) {
        None => Some(None),
        Some(value) => Template::compile(value, parts, &fields.at(name), fields.file.faults).map(Some),
    }
}

fn read_each<T>(fields: &Fields<'_>, name: &'static str, read: fn(&Fields<'_>, bool) -> Option<T>) -> Vec<T> {
    let items = fields.items(name);
    let count = items.len();
    let mut each = Vec::with_capacity(count);
    for (index, (pointer, value)) in items.into_iter().enumerate() {
        if let Some(item) = Fields::of(fields.file, pointer, value) {
            each.extend(read(&item, index + 1 == count));
            item.finish();
        }
    }
    each
}

fn read_errors(fields: &Fields<'_>, last: bool) -> Option<Vec<String>> {
    fields.required("ErrorEquals")?;
    let items = fields.items("ErrorEquals");
    let mut errors = Vec::with_capacity(items.len());
    for (pointer, item) in &items {
        match item {
            Value::String(name) if name == "States.ALL" && !(last && items.len() == 1) => {
                fields.file.faults.add(pointer, Problem::MisplacedWildcard);
            }
            Value::String(name) if name.starts_with("States.") && !RESERVED.contains(&name.as_str()) => {
                fields.file.faults.add(pointer, Problem::UnknownError { name: name.clone() });
            }
            Value::String(name) if !name.is_empty() => errors.push(name.clone()),
            _ => fields.file.faults.add(pointer, Problem::Expected { what: "an error's name".into() }),
        }
    }
    (errors.len() == items.len() && !errors.is_empty()).then_some(errors)
}

/// Whether a list of error names covers an error.
fn matches(names: &[String], error: &str) -> bool {
    names.iter().any(|name| match name.as_str() {
        "States.ALL" => !TERMINAL.contains(&error),
        "States.TaskFailed" => error != TIMEOUT && !TERMINAL.contains(&error),
        name => name == error,
    })
}
