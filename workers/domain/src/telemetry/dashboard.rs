//! The report `dashboard`: what a site measured over time, from the figures of the hours.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kernel::{
    Report,
    query::{Aggregation, Filter, Interval, Metric, Query},
    report::{Figure, Figures},
    time::{Day, Time},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

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

/// A time, or the beginning of a day, in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Ok(Time(time)) = text.parse() {
            return Ok(Self(time));
        }
        let Day(day) = text.parse().map_err(de::Error::custom)?;
        begin(day).map(Self).map_err(de::Error::custom)
    }
}

fn begin(day: Date) -> Result<Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0))
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "anyOf": [{ "format": "date" }, { "format": "date-time" }],
            "description": "A day, such as `2026-12-01`, or a time, such as `2026-12-01T08:00:00Z`.",
        })
    }
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
