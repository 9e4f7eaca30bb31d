//! `Pass`: gives its output.

use super::super::fields::{Fields, Next};
use super::super::recover::read_template;
use super::super::scope::{Scope, Visit};
use super::super::template::Template;
use super::{ALWAYS, Outcome};

pub(in super::super) struct Pass {
    output: Option<Template>,
    next: Next,
}

impl Pass {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let output = read_template(fields, "Output", &ALWAYS);
        let next = fields.next();
        Some(Self { output: output?, next: next? })
    }

    pub(super) fn run(&self, visit: &Visit<'_>) -> Outcome {
        let output = match &self.output {
            None => visit.input.clone(),
            Some(template) => template.evaluate(&Scope::new(visit, 0))?,
        };
        Ok((output, self.next))
    }
}
