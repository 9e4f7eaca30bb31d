//! Aggregations by grouping documents.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kernel::query::{Aggregation, Interval, Metric, Scalar};
use serde_json::{Map, Value};

use super::evaluate::{Doc, json, order};

/// The aggregations of these documents, by name.
pub(super) fn all(docs: &[&Doc<'_>], aggregate: &BTreeMap<String, Aggregation>) -> Map<String, Value> {
    aggregate.iter().map(|(name, aggregation)| (name.clone(), one(docs, aggregation))).collect()
}

fn one(docs: &[&Doc<'_>], aggregation: &Aggregation) -> Value {
    match aggregation {
        Aggregation::Metric { metric, field } => {
            let values: Vec<&Scalar> = docs.iter().flat_map(|doc| doc.of(field)).collect();
            tell(*metric, &values)
        }
        Aggregation::Terms { field, size, aggregate } => {
            let mut groups = group(docs, |doc| doc.of(field).to_vec());
            groups.sort_by(|(a, x), (b, y)| y.len().cmp(&x.len()).then_with(|| order(a, b)));
            groups.truncate(*size);
            buckets(groups, aggregate)
        }
        Aggregation::DateHistogram { field, interval, aggregate } => {
            let begins = |doc: &Doc<'_>| doc.of(field).iter().map(|value| begin(value, *interval)).collect();
            let mut groups = group(docs, begins);
            groups.sort_by(|(a, _), (b, _)| order(a, b));
            buckets(groups, aggregate)
        }
    }
}

type Group<'a, 'b> = (Scalar, Vec<&'a Doc<'b>>);

/// Each document once in the group of each of its keys.
fn group<'a, 'b>(docs: &[&'a Doc<'b>], keys: impl Fn(&Doc<'b>) -> Vec<Scalar>) -> Vec<Group<'a, 'b>> {
    let mut groups: Vec<Group<'a, 'b>> = Vec::new();
    for doc in docs {
        let mut own: Vec<Scalar> = Vec::new();
        for key in keys(doc) {
            if own.iter().any(|other| order(other, &key).is_eq()) {
                continue;
            }
            match groups.iter_mut().find(|(other, _)| order(other, &key).is_eq()) {
                Some((_, members)) => members.push(doc),
                None => groups.push((key.clone(), vec![doc])),
            }
            own.push(key);
        }
    }
    groups
}

fn buckets(groups: Vec<Group<'_, '_>>, aggregate: &BTreeMap<String, Aggregation>) -> Value {
    let bucket = |(key, members): Group<'_, '_>| {
        let mut bucket = all(&members, aggregate);
        bucket.insert("key".into(), json(&key));
        bucket.insert("count".into(), members.len().into());
        Value::Object(bucket)
    };
    groups.into_iter().map(bucket).collect()
}

#[expect(clippy::cast_precision_loss, reason = "an average is a float")]
fn tell(metric: Metric, values: &[&Scalar]) -> Value {
    let (mut whole, mut broken, mut numbers) = (0_i128, 0.0, 0_u32);
    for value in values {
        match value {
            Scalar::Integer(number) => whole += i128::from(*number),
            Scalar::Number(number) => broken += number,
            _ => continue,
        }
        numbers += 1;
    }
    let integers = values.iter().any(|value| matches!(value, Scalar::Integer(_)));
    match metric {
        Metric::Count => values.len().into(),
        Metric::Sum if numbers == 0 => 0.into(),
        _ if numbers == 0 => Value::Null,
        Metric::Sum if integers => i64::try_from(whole).map_or((whole as f64).into(), Value::from),
        Metric::Sum => broken.into(),
        Metric::Avg => ((whole as f64 + broken) / f64::from(numbers)).into(),
        Metric::Min => values.iter().min_by(|a, b| order(a, b)).map_or(Value::Null, |value| json(value)),
        Metric::Max => values.iter().max_by(|a, b| order(a, b)).map_or(Value::Null, |value| json(value)),
    }
}

fn begin(value: &Scalar, interval: Interval) -> Scalar {
    match value {
        Scalar::Date(date) => Scalar::Date(first(*date, interval)),
        Scalar::Time(time) => {
            let zoned = time.to_zoned(TimeZone::UTC);
            let hour = if interval == Interval::Hour { zoned.hour() } else { 0 };
            let begin = TimeZone::UTC.to_timestamp(first(zoned.date(), interval).at(hour, 0, 0, 0));
            Scalar::Time(begin.unwrap_or(Timestamp::MIN))
        }
        other => other.clone(),
    }
}

fn first(date: Date, interval: Interval) -> Date {
    match interval {
        Interval::Hour | Interval::Day => date,
        Interval::Month => date.first_of_month(),
        Interval::Year => date.first_of_year(),
    }
}
