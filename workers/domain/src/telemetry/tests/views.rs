//! What is found of devices and their hours, and what the dashboard asks.

use kernel::{
    query::{Aggregation, Filter, Interval, Metric},
    spec::{Projected, given_view},
};

use super::*;
use crate::telemetry::{Devices, ReadingsHourly};

fn devices(more: impl IntoIterator<Item = Event>) -> Projected {
    given_view::<Devices>(STREAM, std::iter::once(registered()).chain(more))
}

fn hours(more: impl IntoIterator<Item = Event>) -> Projected {
    given_view::<ReadingsHourly>(STREAM, std::iter::once(registered()).chain(more))
}

#[test]
fn a_device_is_found_by_its_model_and_its_site() {
    devices([]).then("d-1", json!({"model": "TH-2", "site": "greenhouse", "metrics": [], "lastAt": null}));
}

#[test]
fn a_device_tells_its_metrics_and_its_latest_reading() {
    let humidity = ReadingsRecorded { readings: vec![reading("humidity", 50.0, 30)] };
    let events = [recorded([(1.0, 60), (2.0, 0)]), humidity.into(), limits(Some(1.0), None)];
    devices(events).then("d-1", json!({"metrics": ["humidity", "temperature"], "lastAt": "2026-12-01T08:01:00Z"}));
}

#[test]
fn an_hour_has_its_count_sum_min_and_max() {
    let view = hours([recorded([(2.5, 0), (1.5, 3_599), (9.0, 3_600)]), recorded([(0.5, 60)])]);
    let common = json!({"device": "d-1", "site": "greenhouse", "metric": "temperature", "stream": STREAM});
    view.then("d-1:temperature:2026-12-01T08:00:00Z", common.clone())
        .then(
            "d-1:temperature:2026-12-01T08:00:00Z",
            json!({"hour": "2026-12-01T08:00:00Z", "count": 3, "sum": 4.5, "min": 0.5, "max": 2.5}),
        )
        .then("d-1:temperature:2026-12-01T09:00:00Z", common)
        .then("d-1:temperature:2026-12-01T09:00:00Z", json!({"count": 1, "sum": 9.0, "min": 9.0, "max": 9.0}));
    assert_eq!(view.ids().len(), 2);
}

#[test]
fn an_hour_of_another_metric_is_another_document_whatever_it_is_called() {
    let readings = ["co2", "a:b", "temperature:2026-12-01T08:00:00Z"].map(|metric| reading(metric, 1.0, 0));
    let view = hours([ReadingsRecorded { readings: readings.into() }.into(), recorded([(7.0, 0)])]);
    view.then("d-1:a:b:2026-12-01T08:00:00Z", json!({"metric": "a:b", "count": 1}))
        .then("d-1:temperature:2026-12-01T08:00:00Z", json!({"metric": "temperature", "sum": 7.0}));
    assert_eq!(view.ids().len(), 4);
}

#[test]
fn hours_before_1970_begin_where_hours_begin() {
    let early = |at: &str| Reading { metric: "m".into(), value: 1.0, at: at.parse().unwrap() };
    let readings =
        vec![early("1969-12-31T22:59:59.5Z"), early("1969-12-31T23:00:00Z"), early("1969-12-31T23:59:59.9Z")];
    let view = hours([ReadingsRecorded { readings }.into()]);
    view.then("d-1:m:1969-12-31T22:00:00Z", json!({"count": 1}))
        .then("d-1:m:1969-12-31T23:00:00Z", json!({"count": 2}));
}

#[test]
fn thresholds_touch_no_hour() {
    assert!(hours([limits(Some(1.0), None), crossed(Side::Above, 1.0, (2.0, 0))]).ids().is_empty());
}

#[test]
fn the_dashboard_asks_for_figures_of_readings_by_interval_and_of_all() {
    let report = crate::catalog().find_report("dashboard").unwrap().clone();
    let ask = |params: Value| report.query(params.as_object().unwrap().clone());
    let params = json!({"site": "greenhouse", "metric": "m", "from": "2026-12-01", "to": "2026-12-02T12:00:00Z",
        "interval": "day"});
    let query = ask(params).unwrap().own;
    let (from, to): (Timestamp, Timestamp) =
        ("2026-12-01T00:00:00Z".parse().unwrap(), "2026-12-02T12:00:00Z".parse().unwrap());
    let period = Filter::between("hour", Some(from.into()), Some(to.into()));
    let of = [Filter::equals("site", "greenhouse"), Filter::equals("metric", "m"), period];
    assert_eq!(query.filter, Filter::And(of.into()));
    let Aggregation::DateHistogram { field, interval, aggregate } = &query.aggregate["series"] else {
        panic!("{query:?}")
    };
    assert_eq!((field.as_str(), *interval), ("hour", Interval::Day));
    for metrics in [aggregate, &query.aggregate] {
        let metric = |metric, field: &str| Aggregation::Metric { metric, field: field.into() };
        assert_eq!(metrics["readings"], metric(Metric::Sum, "count"));
        assert_eq!(metrics["sum"], metric(Metric::Sum, "sum"));
    }

    let refusal = ask(json!({"site": "", "metric": "m", "from": "soon", "to": "2026-12-02", "interval": "week"}));
    let mut told: Vec<_> =
        refusal.unwrap_err().violations.iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
    told.sort();
    assert_eq!(told, ["/from bad-format", "/interval bad-format", "/site too-short"]);
}

#[test]
fn the_dashboard_tells_averages_of_readings_not_of_hours() {
    let report = crate::catalog().find_report("dashboard").unwrap().clone();
    let point = json!({"key": "2026-12-01T00:00:00Z", "count": 2, "readings": 4, "sum": 10, "min": 1, "max": 7});
    let mut told = json!({"series": [point], "readings": 4, "sum": 10, "min": 1, "max": 7});
    for figures in report.figures() {
        figures.apply(told.as_object_mut().unwrap());
    }
    let figures = json!({"count": 4, "avg": 2.5, "min": 1, "max": 7});
    let mut point = figures.clone();
    point["key"] = json!("2026-12-01T00:00:00Z");
    assert_eq!(told, json!({"series": [point], "totals": figures}));
}
