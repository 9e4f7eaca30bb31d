//! `Task`: has a resource work, and waits for it.

use std::time::Duration;

use serde_json::Value;

use super::super::data::{Data, Record};
use super::super::execute::{Functions, TaskError};
use super::super::expression::marked;
use super::super::fields::{Fields, Next, Problem};
use super::super::recover::{TIMEOUT, read_template};
use super::super::scope::{Part, Scope, Visit};
use super::super::template::Template;
use super::{ALWAYS, Outcome};

pub(in super::super) struct Task {
    resource: Resource,
    limit: Option<Duration>,
    output: Option<Template>,
    next: Next,
}

/// What can do a task's work.
enum Resource {
    /// Calls a function and waits for its answer.
    LambdaInvoke { function: String, payload: Template },
}

impl Task {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let resource = Resource::read(fields);
        let limit = fields.seconds("TimeoutSeconds");
        let output = read_template(fields, "Output", &[Part::Input, Part::Result, Part::Context]);
        let next = fields.next();
        Some(Self { resource: resource?, limit, output: output?, next: next? })
    }

    /// The function that it calls.
    pub(in super::super) fn function(&self) -> &str {
        let Resource::LambdaInvoke { function, .. } = &self.resource;
        function
    }

    /// Does the work once. A call that takes too long is dropped where it waits next, so it may have had its effect.
    pub(super) async fn run(&self, visit: &Visit<'_>, retries: u32, functions: &dyn Functions) -> Outcome {
        let work = self.resource.run(visit, retries, functions);
        let result = match self.limit {
            None => work.await?,
            Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| TaskError {
                error: TIMEOUT.to_owned(),
                cause: format!("no answer within {} s", limit.as_secs()),
            })??,
        };
        let output = match &self.output {
            None => result,
            Some(template) => template.evaluate(&Scope::with_result(visit, retries, &result))?,
        };
        Ok((output, self.next))
    }
}

impl Resource {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        // asked for first: without a resource they can't be judged, but aren't a fault of their own
        let arguments = fields.required("Arguments");
        match fields.required_text("Resource")? {
            "arn:aws:states:::lambda:invoke" => {
                let arguments = Fields::of(fields.file, fields.at("Arguments"), arguments?)?;
                let function = function_name(&arguments);
                arguments.required("Payload");
                let payload = read_template(&arguments, "Payload", &ALWAYS);
                arguments.finish();
                Some(Self::LambdaInvoke { function: function?, payload: payload?? })
            }
            other => {
                fields.fault_at("Resource", Problem::UnknownResource { name: other.to_owned() });
                None
            }
        }
    }

    async fn run(&self, visit: &Visit<'_>, retries: u32, functions: &dyn Functions) -> Result<Data, TaskError> {
        let Self::LambdaInvoke { function, payload } = self;
        let payload = payload.evaluate(&Scope::new(visit, retries))?;
        let answer = functions.invoke(function, payload).await?;
        Ok(Record::of([
            ("ExecutedVersion", Data::from("$LATEST")),
            ("Payload", answer),
            ("StatusCode", Data::from(Value::from(200))),
        ]))
    }
}

/// The function's name: known at load, so that a host can check that it has it.
fn function_name(arguments: &Fields<'_>) -> Option<String> {
    let name = arguments.required_text("FunctionName")?;
    if marked(name, &arguments.at("FunctionName"), arguments.file.faults).is_some() {
        arguments.fault_at("FunctionName", Problem::Expected { what: "a name, not an expression".into() });
        return None;
    }
    Some(name.to_owned())
}
