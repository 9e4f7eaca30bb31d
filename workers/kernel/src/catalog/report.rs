//! A report without its types.

use schemars::Schema;
use serde_json::{Map, Value};

use crate::{
    query::Query,
    refusal::{Refusal, Violations},
    report::Report,
    schema::{self, Checker},
};

/// A named query, its parameters, and the view it asks.
pub struct ReportSpec {
    name: &'static str,
    view: &'static str,
    params: Schema,
    checker: Result<Checker, String>,
    query: fn(Value) -> Result<Query, serde_json::Error>,
}

impl ReportSpec {
    /// Erases a report.
    pub fn of<R: Report>() -> Self {
        let params = schema::of::<R::Params>();
        Self {
            name: R::NAME,
            view: R::VIEW,
            checker: Checker::new(&params),
            params,
            query: |params| serde_json::from_value::<R::Params>(params).map(|params| R::query(&params)),
        }
    }

    /// The report's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The view that is asked.
    pub fn view(&self) -> &'static str {
        self.view
    }

    /// The schema of the parameters.
    pub fn params(&self) -> &Schema {
        &self.params
    }

    /// The query for these parameters, or what is wrong with them; pointers are `/name`.
    pub fn query(&self, params: Map<String, Value>) -> Result<Query, Refusal> {
        let params = Value::Object(params);
        let mut violations = Violations::default();
        match &self.checker {
            Ok(checker) => checker.check(&params, "", &mut violations),
            Err(error) => violations.add("", "wrong-type", error.clone()),
        }
        violations.into_result()?;
        (self.query)(params).map_err(|error| {
            let mut violations = Violations::default();
            violations.add("", "wrong-type", error.to_string());
            Refusal::invalid(violations)
        })
    }
}
