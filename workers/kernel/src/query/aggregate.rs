//! Aggregations of a typed JSON query.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Aggregation, Interval, MOST_AGGREGATIONS, MOST_TERMS, Metric, USUAL_TERMS, check::Check};
use crate::{
    schema::child,
    view::{Field, FieldKind},
};

const KINDS: [&str; 7] = ["terms", "dateHistogram", "sum", "min", "max", "avg", "count"];

/// Reads aggregations by name. Buckets stand at level 0 and 1.
pub(super) fn read(check: &mut Check<'_>, value: &Value, at: &str, level: usize) -> BTreeMap<String, Aggregation> {
    let mut read = BTreeMap::new();
    let Some(members) = check.object(value, at) else { return read };
    if members.len() > MOST_AGGREGATIONS {
        check.violations.add(at, "too-long", format!("may have at most {MOST_AGGREGATIONS} aggregations"));
        return read;
    }
    for (name, value) in members {
        let at = child(at, name);
        if name == "key" || name == "count" || name.is_empty() {
            check.violations.add(&at, "bad-format", "must have a name other than `key` and `count`");
        } else if let Some(aggregation) = one(check, value, &at, level) {
            read.insert(name.clone(), aggregation);
        }
    }
    read
}

fn one(check: &mut Check<'_>, value: &Value, at: &str, level: usize) -> Option<Aggregation> {
    let members = check.object(value, at)?;
    let kinds: Vec<_> = KINDS.iter().copied().filter(|kind| members.contains_key(*kind)).collect();
    let &[kind] = kinds.as_slice() else {
        check.only(members, &[KINDS.as_slice(), &["aggregate"]].concat(), at);
        return check.fault(at, "required", format!("must have exactly one of {}", KINDS.join(", ")));
    };
    let place = child(at, kind);
    let body = &members[kind];
    if let Some(metric) = metric(kind) {
        check.only(members, &[kind], at);
        let name = check.string(body, &place)?;
        return measured(check, metric, name, &place);
    }
    check.only(members, &[kind, "aggregate"], at);
    if level > 1 {
        return check.fault(at, "out-of-range", "buckets nest once");
    }
    let bucket = check.object(body, &place)?;
    let field = bucket_field(check, bucket, &place);
    let aggregate = members.get("aggregate").filter(|value| !value.is_null());
    let aggregate = aggregate.map(|value| read(check, value, &child(at, "aggregate"), level + 1)).unwrap_or_default();
    if kind == "terms" {
        check.only(bucket, &["field", "size"], &place);
        let size = bucket.get("size").filter(|size| !size.is_null());
        let size = size.map_or(Some(USUAL_TERMS), |size| check.count(size, &child(&place, "size"), 1, MOST_TERMS));
        return Some(Aggregation::Terms { field: field?.name.to_owned(), size: size?, aggregate });
    }
    check.only(bucket, &["field", "interval"], &place);
    let interval = interval(check, bucket, &place);
    let field = field?;
    if !matches!(field.kind, FieldKind::Date | FieldKind::DateTime) {
        return check.fault(&child(&place, "field"), "wrong-type", "must be a date or dateTime field");
    }
    Some(Aggregation::DateHistogram { field: field.name.to_owned(), interval: interval?, aggregate })
}

fn bucket_field<'a>(check: &mut Check<'a>, bucket: &Map<String, Value>, at: &str) -> Option<&'a Field> {
    let place = child(at, "field");
    let Some(name) = bucket.get("field") else { return check.fault(&place, "required", "must be given") };
    let name = check.string(name, &place)?;
    check.exact(name, &place)
}

fn interval(check: &mut Check<'_>, bucket: &Map<String, Value>, at: &str) -> Option<Interval> {
    let place = child(at, "interval");
    let Some(value) = bucket.get("interval") else { return check.fault(&place, "required", "must be given") };
    match check.string(value, &place)? {
        "hour" => Some(Interval::Hour),
        "day" => Some(Interval::Day),
        "month" => Some(Interval::Month),
        "year" => Some(Interval::Year),
        _ => check.fault(&place, "bad-format", "must be one of hour, day, month, year"),
    }
}

fn metric(kind: &str) -> Option<Metric> {
    Some(match kind {
        "sum" => Metric::Sum,
        "min" => Metric::Min,
        "max" => Metric::Max,
        "avg" => Metric::Avg,
        "count" => Metric::Count,
        _ => return None,
    })
}

fn measured(check: &mut Check<'_>, metric: Metric, name: &str, at: &str) -> Option<Aggregation> {
    let field = check.exact(name, at)?;
    if metric != Metric::Count && !matches!(field.kind, FieldKind::Integer | FieldKind::Number) {
        return check.fault(at, "wrong-type", "must be an integer or number field");
    }
    Some(Aggregation::Metric { metric, field: field.name.to_owned() })
}
