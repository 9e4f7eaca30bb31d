//! A report without its types.

use std::collections::BTreeMap;

use schemars::Schema;
use serde_json::{Map, Value};

use crate::{
    query::{Aggregation, MOST_TERMS, Query},
    refusal::{Refusal, Violations},
    report::{Figures, Gives, Report},
    schema::{self, Checker},
};

/// A named query, its parameters, and the views it asks.
pub struct ReportSpec {
    name: &'static str,
    view: &'static str,
    parts: Vec<(&'static str, Gives)>,
    figures: Vec<Figures>,
    params: Schema,
    checker: Result<Checker, String>,
    query: fn(Value) -> Result<ReportQuery, serde_json::Error>,
}

/// A report's queries for some parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportQuery {
    /// Its own.
    pub own: Query,
    /// Those of its parts, in their order. A part that gives values has them as the terms of [`VALUES`].
    pub parts: Vec<Query>,
}

/// The aggregation by which a part tells its values.
pub const VALUES: &str = "values";

impl ReportSpec {
    /// Erases a report.
    pub fn of<R: Report>() -> Self {
        let params = schema::of::<R::Params>();
        Self {
            name: R::NAME,
            view: R::VIEW,
            parts: R::parts().into_iter().map(|part| (part.view, part.gives)).collect(),
            figures: R::figures(),
            checker: Checker::new(&params),
            params,
            query: |params| serde_json::from_value(params).map(|params| queries::<R>(&params)),
        }
    }

    /// The report's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The view that its own query asks.
    pub fn view(&self) -> &'static str {
        self.view
    }

    /// The views that its parts ask, and what it takes from them.
    pub fn parts(&self) -> &[(&'static str, Gives)] {
        &self.parts
    }

    /// What is computed of its aggregations.
    pub fn figures(&self) -> &[Figures] {
        &self.figures
    }

    /// The schema of the parameters.
    pub fn params(&self) -> &Schema {
        &self.params
    }

    /// The queries for these parameters, or what is wrong with them; pointers are `/name`.
    pub fn query(&self, params: Map<String, Value>) -> Result<ReportQuery, Refusal> {
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

fn queries<R: Report>(params: &R::Params) -> ReportQuery {
    let parts = R::parts().into_iter().map(|part| {
        let mut query = (part.query)(params);
        if let Gives::Values { of, .. } = part.gives {
            let terms = Aggregation::Terms { field: of.to_owned(), size: MOST_TERMS, aggregate: BTreeMap::new() };
            query.aggregate.insert(VALUES.to_owned(), terms);
        }
        query
    });
    ReportQuery { parts: parts.collect(), own: R::query(params) }
}
