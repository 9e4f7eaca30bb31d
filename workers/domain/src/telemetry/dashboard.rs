//! The report `dashboard`: what a site measured over time, from the figures of the hours.

use std::collections::BTreeMap;

use kernel::{
    Report,
    query::{Aggregation, Filter, Interval, Metric, Query},
    report::{Figure, Figures},
    time::Moment,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// `series`, one of each interval that has readings, and `totals` of them all.
pub struct Dashboard;

/// Of what, and when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// Where the devices stand.
    #[schemars(length(min = 1))]
    pub site: String,
    /// What was measured.
    #[schemars(length(min = 1))]
    pub metric: String,
    /// Hours that begin then or later.
    pub from: Moment,
    /// Hours that begin before then.
    pub to: Moment,
    /// What a point of the series stands for.
    pub interval: Step,
}

/// What a point of the series stands for, in UTC.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    Hour,
    Day,
    Month,
    Year,
}

/// Of the readings, not of the hours: an hour of many readings weighs more in the average.
const FIGURES: &[(&str, Figure)] = &[
    ("count", Figure::Of("readings")),
    ("avg", Figure::Ratio("sum", "readings")),
    ("min", Figure::Of("min")),
    ("max", Figure::Of("max")),
];

fn metrics() -> BTreeMap<String, Aggregation> {
    let metric = |metric, field: &str| Aggregation::Metric { metric, field: field.into() };
    BTreeMap::from([
        ("readings".into(), metric(Metric::Sum, "count")),
        ("sum".into(), metric(Metric::Sum, "sum")),
        ("min".into(), metric(Metric::Min, "min")),
        ("max".into(), metric(Metric::Max, "max")),
    ])
}

impl Report for Dashboard {
    type Params = Params;

    const NAME: &'static str = "dashboard";
    const VIEW: &'static str = "readings-hourly";

    fn query(params: &Params) -> Query {
        let interval = match params.interval {
            Step::Hour => Interval::Hour,
            Step::Day => Interval::Day,
            Step::Month => Interval::Month,
            Step::Year => Interval::Year,
        };
        let series = Aggregation::DateHistogram { field: "hour".into(), interval, aggregate: metrics() };
        let mut aggregate = metrics();
        aggregate.insert("series".into(), series);
        let (Moment(from), Moment(to)) = (params.from, params.to);
        let filter = Filter::And(vec![
            Filter::equals("site", params.site.as_str()),
            Filter::equals("metric", params.metric.as_str()),
            Filter::between("hour", Some(from.into()), Some(to.into())),
        ]);
        Query { filter, aggregate, ..Query::default() }
    }

    fn figures() -> Vec<Figures> {
        vec![Figures::of_buckets("series", FIGURES), Figures::at_top("totals", FIGURES)]
    }
}
