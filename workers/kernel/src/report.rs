//! Reports: named, parameterised queries over views.
//!
//! Most are one query. A report that needs more says so in data: [`Report::parts`] are further queries, whose findings
//! narrow the report's own query or stand beside it, and [`Report::figures`] make numbers of what was counted.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::query::Query;

/// A query with a name and typed parameters. The result has the shape of a search's.
pub trait Report: 'static {
    /// The parameters: camelCase texts in a query string. Derive `Deserialize` and `JsonSchema`.
    type Params: DeserializeOwned + JsonSchema;
    /// The report's name, as in `GET /reports/{name}`.
    const NAME: &'static str;
    /// The view that is asked.
    const VIEW: &'static str;

    /// The query that answers it. Parameters have passed their schema.
    fn query(params: &Self::Params) -> Query;

    /// What else is asked for it, all at once, before its own query.
    fn parts() -> Vec<Part<Self::Params>> {
        Vec::new()
    }

    /// What is computed of its aggregations, one after the other.
    fn figures() -> Vec<Figures> {
        Vec::new()
    }
}

/// A query that a report asks beside its own.
pub struct Part<P> {
    /// The view that is asked.
    pub view: &'static str,
    /// The query.
    pub query: fn(&P) -> Query,
    /// What the report takes from it.
    pub gives: Gives,
}

impl<P> Part<P> {
    /// Its aggregations stand beside the report's own.
    pub fn aggregations(view: &'static str, query: fn(&P) -> Query) -> Self {
        Self { view, query, gives: Gives::Aggregations }
    }

    /// The values of its field `of` narrow the report's own query, whose field `into` must have one of them.
    pub fn values(view: &'static str, of: &'static str, into: &'static str, query: fn(&P) -> Query) -> Self {
        Self { view, query, gives: Gives::Values { of, into } }
    }
}

/// What a report takes from a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// Its aggregations, beside the report's own; names differ.
    Aggregations,
    /// The values of a field, at most [`MOST_TERMS`](crate::query::MOST_TERMS): those that most documents have, then
    /// in their order. The report's own query finds only documents that have one of them.
    Values {
        /// The field of the part's view.
        of: &'static str,
        /// The field of the report's view, of the same kind.
        into: &'static str,
    },
}

/// A group of numbers that is told instead of the metrics that it is computed of.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    place: Place,
    members: &'static [(&'static str, Figure)],
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// Each bucket of the aggregation of this name.
    Buckets(&'static str),
    /// The metrics at the top, which become an object of this name.
    Top(&'static str),
}

/// How a number is computed of metrics that stand side by side.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    /// The metric itself.
    Of(&'static str),
    /// The first metric divided by the second; null if that is none or 0.
    Ratio(&'static str, &'static str),
}

impl Figures {
    /// Each bucket of the aggregation `name` keeps its key and has these members instead of its own.
    pub const fn of_buckets(name: &'static str, members: &'static [(&'static str, Figure)]) -> Self {
        Self { place: Place::Buckets(name), members }
    }

    /// The metrics at the top become these members of the object `name`.
    pub const fn at_top(name: &'static str, members: &'static [(&'static str, Figure)]) -> Self {
        Self { place: Place::Top(name), members }
    }

    /// Computes them.
    pub fn apply(&self, aggregations: &mut Map<String, Value>) {
        match self.place {
            Place::Buckets(name) => {
                for bucket in aggregations.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten() {
                    let Some(metrics) = bucket.as_object() else { continue };
                    let mut told = self.told(metrics);
                    told.extend(metrics.get_key_value("key").map(|(name, key)| (name.clone(), key.clone())));
                    *bucket = Value::Object(told);
                }
            }
            Place::Top(name) => {
                let told = self.told(aggregations);
                for metric in self.members.iter().flat_map(|(_, figure)| figure.metrics()) {
                    aggregations.remove(metric);
                }
                aggregations.insert(name.to_owned(), Value::Object(told));
            }
        }
    }

    fn told(&self, metrics: &Map<String, Value>) -> Map<String, Value> {
        self.members.iter().map(|(name, figure)| ((*name).to_owned(), figure.value(metrics))).collect()
    }
}

impl Figure {
    fn metrics(self) -> impl Iterator<Item = &'static str> {
        let (one, other) = match self {
            Self::Of(metric) => (metric, None),
            Self::Ratio(dividend, divisor) => (dividend, Some(divisor)),
        };
        std::iter::once(one).chain(other)
    }

    fn value(self, metrics: &Map<String, Value>) -> Value {
        match self {
            Self::Of(metric) => metrics.get(metric).cloned().unwrap_or(Value::Null),
            Self::Ratio(dividend, divisor) => {
                let number = |name: &str| metrics.get(name).and_then(Value::as_f64);
                match (number(dividend), number(divisor)) {
                    (Some(dividend), Some(divisor)) if divisor != 0.0 => (settled(dividend) / divisor).into(),
                    _ => Value::Null,
                }
            }
        }
    }
}

/// A sum of broken numbers as it is whatever the order in which an index added them: a float holds 15 digits for sure,
/// what is behind them is the order's. Whole numbers were added exactly.
fn settled(sum: f64) -> f64 {
    if sum.fract() == 0.0 { sum } else { format!("{sum:.14e}").parse().unwrap_or(sum) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MEMBERS: &[(&str, Figure)] = &[("count", Figure::Of("n")), ("avg", Figure::Ratio("sum", "n"))];

    fn applied(figures: Figures, mut aggregations: Value) -> Value {
        figures.apply(aggregations.as_object_mut().unwrap());
        aggregations
    }

    #[test]
    fn each_bucket_keeps_its_key_and_has_the_figures_instead_of_its_metrics() {
        let series = json!({ "series": [
            { "key": "a", "count": 7, "n": 4, "sum": 10 },
            { "key": "b", "count": 1, "n": 0, "sum": 0 },
        ] });
        let told =
            json!({ "series": [{ "key": "a", "count": 4, "avg": 2.5 }, { "key": "b", "count": 0, "avg": null }] });
        assert_eq!(applied(Figures::of_buckets("series", MEMBERS), series), told);
        assert_eq!(applied(Figures::of_buckets("series", MEMBERS), json!({ "other": 1 })), json!({ "other": 1 }));
    }

    #[test]
    fn the_metrics_at_the_top_become_one_object() {
        let top = json!({ "n": 4, "sum": 10.0, "series": [] });
        let told = json!({ "totals": { "count": 4, "avg": 2.5 }, "series": [] });
        assert_eq!(applied(Figures::at_top("totals", MEMBERS), top), told);
        let none = applied(Figures::at_top("totals", MEMBERS), json!({ "n": 0, "sum": 0 }));
        assert_eq!(none, json!({ "totals": { "count": 0, "avg": null } }));
    }

    #[test]
    fn a_ratio_does_not_tell_in_which_order_its_sum_was_added() {
        let (up, down) = ((0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3));
        assert!(up > down, "floats add differently");
        let ratio = |sum: f64| Figure::Ratio("sum", "n").value(json!({ "sum": sum, "n": 3 }).as_object().unwrap());
        assert_eq!(ratio(up), ratio(down));
        // the digits of a whole number are all its own
        assert_eq!(
            Figure::Ratio("s", "n").value(json!({ "s": 9_007_199_254_740_991_u64, "n": 1 }).as_object().unwrap()),
            9_007_199_254_740_991.0
        );
    }
}
