//! `Succeed`: ends the execution with its output.

use super::super::fields::{Fields, Next};
use super::super::recover::read_template;
use super::super::scope::{Scope, Visit};
use super::super::template::Template;
use super::{ALWAYS, Outcome};

pub(in super::super) struct Succeed {
    output: Option<Template>,
}

impl Succeed {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        read_template(fields, "Output", &ALWAYS).map(|output| Self { output })
    }

    pub(super) fn run(&self, visit: &Visit<'_>) -> Outcome {
        let output = match &self.output {
            None => visit.input.clone(),
            Some(template) => template.evaluate(&Scope::new(visit, 0))?,
        };
        Ok((output, Next::End))
    }
}
