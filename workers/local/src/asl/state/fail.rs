//! `Fail`: ends the execution with an error.

use serde_json::Value;

use super::super::execute::TaskError;
use super::super::fields::{Fields, Problem};
use super::super::recover::read_template;
use super::super::scope::{Scope, Visit};
use super::super::template::Template;
use super::{ALWAYS, Outcome};

pub(in super::super) struct Fail {
    error: Option<Template>,
    cause: Option<Template>,
}

impl Fail {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let error = read_text(fields, "Error");
        let cause = read_text(fields, "Cause");
        Some(Self { error: error?, cause: cause? })
    }

    pub(super) fn run(&self, visit: &Visit<'_>) -> Outcome {
        let scope = Scope::new(visit, 0);
        Err(TaskError { error: text(self.error.as_ref(), &scope)?, cause: text(self.cause.as_ref(), &scope)? })
    }
}

#[expect(clippy::option_option, reason = "absent and wrong are different")]
fn read_text(fields: &Fields<'_>, name: &'static str) -> Option<Option<Template>> {
    if fields.get(name).is_some_and(|value| !value.is_string()) {
        fields.fault_at(name, Problem::Expected { what: "a text".into() });
        return None;
    }
    read_template(fields, name, &ALWAYS)
}

fn text(template: Option<&Template>, scope: &Scope<'_>) -> Result<String, TaskError> {
    let Some(template) = template else { return Ok(String::new()) };
    match template.evaluate(scope)?.to_json().as_ref() {
        Value::String(text) => Ok(text.clone()),
        other => Err(TaskError::query(&format!("`Error` and `Cause` must be texts, but one is `{other}`"))),
    }
}
