//! `Choice`: leads to the state of the first condition that holds.

use serde_json::Value;

use super::super::execute::TaskError;
use super::super::expression::{Expression, marked};
use super::super::fields::{Fields, Next, Problem, StateId};
use super::super::recover::read_template;
use super::super::scope::{Scope, Visit};
use super::super::template::Template;
use super::{ALWAYS, Outcome};

pub(in super::super) struct Choice {
    choices: Vec<Rule>,
    default: Option<StateId>,
}

struct Rule {
    condition: Expression,
    output: Option<Template>,
    next: StateId,
}

impl Choice {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        fields.required("Choices");
        let items = fields.items("Choices");
        let count = items.len();
        let mut choices = Vec::with_capacity(count);
        for (pointer, value) in items {
            if let Some(item) = Fields::of(fields.file, pointer, value) {
                choices.extend(Rule::read(&item));
                item.finish();
            }
        }
        let default = fields.optional_state("Default");
        (choices.len() == count).then_some(Self { choices, default })
    }

    pub(super) fn run(&self, visit: &Visit<'_>) -> Outcome {
        let scope = Scope::new(visit, 0);
        for choice in &self.choices {
            if choice.holds(&scope)? {
                let output = match &choice.output {
                    None => visit.input.clone(),
                    Some(template) => template.evaluate(&scope)?,
                };
                return Ok((output, Next::State(choice.next)));
            }
        }
        let next = self.default.ok_or_else(|| TaskError {
            error: "States.NoChoiceMatched".to_owned(),
            cause: "no condition holds, and there is no default".to_owned(),
        })?;
        Ok((visit.input.clone(), Next::State(next)))
    }
}

impl Rule {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        let faults = fields.file.faults;
        let pointer = fields.at("Condition");
        let condition = fields.required_text("Condition").and_then(|text| {
            let source = marked(text, &pointer, faults);
            if source.is_none() && !text.starts_with("{%") && !text.ends_with("%}") {
                fields.fault_at("Condition", Problem::Expected { what: "an expression within `{%` and `%}`".into() });
            }
            Expression::compile(source?, &ALWAYS, &pointer, faults)
        });
        let output = read_template(fields, "Output", &ALWAYS);
        let next = fields.state("Next");
        Some(Self { condition: condition?, output: output?, next: next? })
    }

    fn holds(&self, scope: &Scope<'_>) -> Result<bool, TaskError> {
        match self.condition.evaluate(scope)?.to_json().as_ref() {
            Value::Bool(holds) => Ok(*holds),
            _ => Err(self.condition.error("a condition must give true or false")),
        }
    }
}
