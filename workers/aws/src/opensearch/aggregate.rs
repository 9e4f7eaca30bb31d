//! Aggregations: asked in OpenSearch's language, told as the wire contract shapes them.
//!
//! OpenSearch counts with floats. Where whole numbers are too large for that, the same is asked once more by a script
//! that counts with integers.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use kernel::{
    FieldKind,
    catalog::ViewSpec,
    query::{Aggregation, Interval, Metric},
};
use serde_json::{Map, Value, json};

use super::columns::Column;

/// Up to here floats hold every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// How whole numbers are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// Fast, and told where it may be wrong.
    ByFloats,
    /// Exactly.
    ByIntegers,
}

/// Aggregations by name, with their columns.
pub(super) struct Plan(Vec<Step>);

struct Step {
    name: String,
    column: Option<Column>,
    what: What,
}

enum What {
    Terms { size: usize, inner: Plan },
    Histogram { interval: Interval, inner: Plan },
    Metric(Metric),
}

/// The answer does not have the shape of the question.
#[derive(Debug)]
pub(super) struct Unshaped;

impl Plan {
    pub(super) fn new(view: &ViewSpec, aggregate: &BTreeMap<String, Aggregation>) -> Self {
        let step = |(name, aggregation): (&String, &Aggregation)| {
            let (field, what) = match aggregation {
                Aggregation::Terms { field, size, aggregate } => {
                    (field, What::Terms { size: *size, inner: Self::new(view, aggregate) })
                }
                Aggregation::DateHistogram { field, interval, aggregate } => {
                    (field, What::Histogram { interval: *interval, inner: Self::new(view, aggregate) })
                }
                Aggregation::Metric { metric, field } => (field, What::Metric(*metric)),
            };
            Step { name: name.clone(), column: Column::of(view, field), what }
        };
        Self(aggregate.iter().map(step).collect())
    }

    /// What to ask, by position: OpenSearch does not take every name.
    pub(super) fn compile(&self, counting: Counting) -> Map<String, Value> {
        let each = self.0.iter().enumerate();
        each.filter_map(|(at, step)| Some((position(at), step.compile(step.column.as_ref()?, counting)))).collect()
    }

    /// What was told; `None` if floats were not enough.
    pub(super) fn read(
        &self,
        told: &Map<String, Value>,
        counting: Counting,
    ) -> Result<Option<Map<String, Value>>, Unshaped> {
        let mut read = Map::new();
        for (at, step) in self.0.iter().enumerate() {
            let Some(value) = step.read(told.get(&position(at)), counting)? else { return Ok(None) };
            read.insert(step.name.clone(), value);
        }
        Ok(Some(read))
    }
}

fn position(at: usize) -> String {
    format!("a{at}")
}

impl Step {
    fn compile(&self, column: &Column, counting: Counting) -> Value {
        match &self.what {
            What::Metric(Metric::Count) => json!({ "value_count": { "field": column.path } }),
            What::Metric(_) if column.kind == FieldKind::Integer && counting == Counting::ByIntegers => {
                exactly(&column.path)
            }
            What::Metric(_) => json!({ "stats": { "field": column.path } }),
            What::Terms { size, inner } => json!({
                "terms": { "field": column.path, "size": size, "order": [{ "_count": "desc" }, { "_key": "asc" }] },
                "aggs": inner.compile(counting),
            }),
            What::Histogram { interval, inner } => {
                let interval = match interval {
                    Interval::Hour => "hour",
                    Interval::Day => "day",
                    Interval::Month => "month",
                    Interval::Year => "year",
                };
                json!({
                    "date_histogram": { "field": column.calendar(), "calendar_interval": interval, "min_doc_count": 1 },
                    "aggs": inner.compile(counting),
                })
            }
        }
    }

    fn read(&self, told: Option<&Value>, counting: Counting) -> Result<Option<Value>, Unshaped> {
        let (metric, inner) = match &self.what {
            What::Metric(metric) => (*metric, None),
            What::Terms { inner, .. } | What::Histogram { inner, .. } => (Metric::Count, Some(inner)),
        };
        // what no document has was not asked; of an index that is not there nothing is told
        let (Some(told), Some(column)) = (told, &self.column) else {
            return Ok(Some(inner.map_or_else(|| of_nothing(metric), |_| Value::Array(Vec::new()))));
        };
        let Some(inner) = inner else {
            return match metric {
                Metric::Count => Ok(Some(told.get("value").and_then(Value::as_u64).ok_or(Unshaped)?.into())),
                _ if column.kind != FieldKind::Integer => broken(metric, told).map(Some),
                _ if counting == Counting::ByFloats => whole(metric, told),
                _ => exact(metric, told).map(Some),
            };
        };
        let mut buckets = Vec::new();
        for bucket in told.get("buckets").and_then(Value::as_array).ok_or(Unshaped)? {
            let bucket = bucket.as_object().ok_or(Unshaped)?;
            let Some(mut shown) = inner.read(bucket, counting)? else { return Ok(None) };
            let key = bucket.get("key").and_then(|key| self.key(column, key)).ok_or(Unshaped)?;
            shown.insert("key".into(), key);
            shown.insert("count".into(), bucket.get("doc_count").cloned().ok_or(Unshaped)?);
            buckets.push(Value::Object(shown));
        }
        Ok(Some(Value::Array(buckets)))
    }

    /// A bucket's key, as a value of its field.
    fn key(&self, column: &Column, key: &Value) -> Option<Value> {
        let millis = || key.as_i64().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        Some(match column.kind {
            FieldKind::Date => millis()?.to_zoned(TimeZone::UTC).date().to_string().into(),
            FieldKind::DateTime if matches!(self.what, What::Histogram { .. }) => millis()?.to_string().into(),
            FieldKind::DateTime => Timestamp::from_nanosecond(key.as_i64()?.into()).ok()?.to_string().into(),
            FieldKind::Boolean => (key.as_i64()? != 0).into(),
            _ => key.clone(),
        })
    }
}

fn of_nothing(metric: Metric) -> Value {
    match metric {
        Metric::Count | Metric::Sum => 0.into(),
        Metric::Min | Metric::Max | Metric::Avg => Value::Null,
    }
}

/// A number of numbers that have a fraction.
fn broken(metric: Metric, told: &Value) -> Result<Value, Unshaped> {
    let number = |name: &str| told.get(name).and_then(Value::as_f64).ok_or(Unshaped);
    if number("count")? == 0.0 {
        return Ok(of_nothing(metric));
    }
    Ok(number(named(metric))?.into())
}

fn named(metric: Metric) -> &'static str {
    match metric {
        Metric::Sum => "sum",
        Metric::Min => "min",
        Metric::Max => "max",
        Metric::Avg => "avg",
        Metric::Count => "count",
    }
}

/// A number of whole numbers, as floats told it; `None` if it may be rounded.
fn whole(metric: Metric, told: &Value) -> Result<Option<Value>, Unshaped> {
    let number = |name: &str| told.get(name).and_then(Value::as_f64).ok_or(Unshaped);
    let count = number("count")?;
    if count == 0.0 {
        return Ok(Some(of_nothing(metric)));
    }
    let largest = number("min")?.abs().max(number("max")?.abs());
    let bound = if matches!(metric, Metric::Min | Metric::Max) { largest } else { largest * count };
    if bound >= EXACT {
        return Ok(None);
    }
    let value = number(named(metric))?;
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number that a float holds")]
    Ok(Some(if metric == Metric::Avg { value.into() } else { (value as i64).into() }))
}

/// A number of whole numbers, as the script told it.
#[expect(clippy::cast_precision_loss, reason = "an average is a float")]
fn exact(metric: Metric, told: &Value) -> Result<Value, Unshaped> {
    let told = told.get("value").ok_or(Unshaped)?;
    let number = |name: &str| told.get(name).and_then(Value::as_str).and_then(|text| text.parse::<i128>().ok());
    let count = number("count").ok_or(Unshaped)?;
    if count == 0 {
        return Ok(of_nothing(metric));
    }
    let value = number(if metric == Metric::Avg { "sum" } else { named(metric) }).ok_or(Unshaped)?;
    Ok(match metric {
        Metric::Avg => (value as f64 / count as f64).into(),
        _ => i64::try_from(value).map_or((value as f64).into(), Value::from),
    })
}

/// Count, sum, least and greatest, as texts, which lose nothing.
fn exactly(path: &str) -> Value {
    json!({ "scripted_metric": {
        "params": { "field": path },
        "init_script": "state.count = 0L; state.sum = BigInteger.ZERO; state.min = Long.MAX_VALUE; state.max = Long.MIN_VALUE",
        "map_script": "for (long v : doc[params.field]) { state.count += 1L; state.sum = state.sum.add(BigInteger.valueOf(v)); if (v < state.min) { state.min = v } if (v > state.max) { state.max = v } }",
        "combine_script": "return ['count': state.count.toString(), 'sum': state.sum.toString(), 'min': state.min.toString(), 'max': state.max.toString()]",
        "reduce_script": "long n = 0L; BigInteger s = BigInteger.ZERO; long a = Long.MAX_VALUE; long b = Long.MIN_VALUE; for (t in states) { if (t == null) { continue } n += Long.parseLong(t.count); s = s.add(new BigInteger(t.sum)); long l = Long.parseLong(t.min); long g = Long.parseLong(t.max); if (l < a) { a = l } if (g > b) { b = g } } return ['count': Long.toString(n), 'sum': s.toString(), 'min': Long.toString(a), 'max': Long.toString(b)]",
    } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_believed_as_far_as_they_hold_whole_numbers() {
        let told = |sum: f64, max: f64| json!({ "count": 2, "min": 0.0, "max": max, "sum": sum, "avg": sum / 2.0 });
        let small = told(12.0, 12.0);
        assert_eq!(whole(Metric::Sum, &small).unwrap(), Some(json!(12)));
        assert_eq!(whole(Metric::Avg, &small).unwrap(), Some(json!(6.0)));
        let large = told(EXACT / 2.0, EXACT / 2.0);
        assert_eq!(whole(Metric::Sum, &large).unwrap(), None);
        assert_eq!(whole(Metric::Max, &large).unwrap(), Some(json!(4_503_599_627_370_496_i64)));
        assert_eq!(whole(Metric::Max, &told(EXACT, EXACT)).unwrap(), None);
    }
}
