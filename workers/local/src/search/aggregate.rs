//! Aggregations over columns: exact, merged across segments by value, as large as the distinct keys.

use std::collections::{BTreeMap, HashMap};

use kernel::{
    FieldKind,
    query::{Aggregation, Interval, Metric},
};
use serde_json::{Map, Value};
use tantivy::{DocId, SegmentReader, columnar::MonotonicallyMappableToU64};

use super::{
    cells::{Cell, Cells, day},
    layout::{Declared, Layout, days},
};

/// Aggregations by name, with their columns.
pub(super) struct Plan(Vec<Step>);

struct Step {
    name: String,
    column: String,
    kind: FieldKind,
    what: What,
}

enum What {
    Terms { size: usize, inner: Plan },
    Histogram { interval: Interval, inner: Plan },
    Metric(Metric),
}

impl Plan {
    pub(super) fn new(layout: &Layout, aggregate: &BTreeMap<String, Aggregation>) -> Self {
        let step = |(name, aggregation): (&String, &Aggregation)| {
            let (field, what) = match aggregation {
                Aggregation::Terms { field, size, aggregate } => {
                    (field, What::Terms { size: *size, inner: Self::new(layout, aggregate) })
                }
                Aggregation::DateHistogram { field, interval, aggregate } => {
                    (field, What::Histogram { interval: *interval, inner: Self::new(layout, aggregate) })
                }
                Aggregation::Metric { metric, field } => (field, What::Metric(*metric)),
            };
            let (column, kind) = match layout.field(field) {
                Some(Declared { kind, exact: Some((_, column)), .. }) => (column, kind),
                // no document has a value
                _ => (field.clone(), FieldKind::Keyword),
            };
            Step { name: name.clone(), column, kind, what }
        };
        Self(aggregate.iter().map(step).collect())
    }

    pub(super) fn of_segment(&self, segment: &SegmentReader) -> tantivy::Result<SegmentPlan> {
        let step = |step: &Step| {
            let cells = Cells::open(segment, &step.column, step.kind)?;
            let how = match &step.what {
                What::Terms { inner, .. } => How::Terms(inner.of_segment(segment)?),
                What::Histogram { interval, inner } => {
                    How::Histogram(Calendar::new(*interval, step.kind), inner.of_segment(segment)?)
                }
                What::Metric(_) => How::Metric,
            };
            Ok(SegmentStep { cells, kind: step.kind, how })
        };
        Ok(SegmentPlan(self.0.iter().map(step).collect::<tantivy::Result<_>>()?))
    }

    pub(super) fn result(&self, mut states: States<Cell>) -> Map<String, Value> {
        states.0.resize_with(self.0.len(), || State::Buckets(HashMap::new()));
        let each = self.0.iter().zip(states.0).map(|(step, state)| (step.name.clone(), step.result(state)));
        each.collect()
    }
}

impl Step {
    fn result(&self, state: State<Cell>) -> Value {
        match (&self.what, state) {
            (What::Metric(metric), State::Sums(sums)) => sums.value(*metric, self.kind),
            (What::Metric(metric), State::Buckets(_)) => Sums::default().value(*metric, self.kind),
            (What::Terms { size, inner }, State::Buckets(buckets)) => {
                let mut buckets: Vec<_> = buckets.into_iter().collect();
                buckets.sort_by(|(a, x), (b, y)| y.count.cmp(&x.count).then_with(|| a.cmp(b)));
                buckets.truncate(*size);
                self.buckets(buckets, inner)
            }
            (What::Histogram { inner, .. }, State::Buckets(buckets)) => {
                let mut buckets: Vec<_> = buckets.into_iter().collect();
                buckets.sort_by(|(a, _), (b, _)| a.cmp(b));
                self.buckets(buckets, inner)
            }
            (What::Terms { .. } | What::Histogram { .. }, State::Sums(_)) => Value::Array(Vec::new()),
        }
    }

    fn buckets(&self, buckets: Vec<(Cell, Bucket<Cell>)>, inner: &Plan) -> Value {
        let bucket = |(key, bucket): (Cell, Bucket<Cell>)| {
            let mut shown = inner.result(bucket.inner);
            shown.insert("key".into(), key.value(self.kind));
            shown.insert("count".into(), bucket.count.into());
            Value::Object(shown)
        };
        buckets.into_iter().map(bucket).collect()
    }
}

/// What was counted, by keys of a segment or by those of all.
pub(super) struct States<K>(Vec<State<K>>);

impl<K> Default for States<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

enum State<K> {
    Buckets(HashMap<K, Bucket<K>>),
    Sums(Sums),
}

struct Bucket<K> {
    count: u64,
    inner: States<K>,
}

impl States<Cell> {
    pub(super) fn merge(&mut self, other: Self) {
        if self.0.is_empty() {
            *self = other;
            return;
        }
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            match (mine, theirs) {
                (State::Sums(mine), State::Sums(theirs)) => mine.merge(&theirs),
                (State::Buckets(mine), State::Buckets(theirs)) => {
                    for (key, bucket) in theirs {
                        let into = mine.entry(key).or_insert_with(|| Bucket { count: 0, inner: States::default() });
                        into.count += bucket.count;
                        into.inner.merge(bucket.inner);
                    }
                }
                // a plan makes the same states of every segment
                (State::Sums(_), State::Buckets(_)) | (State::Buckets(_), State::Sums(_)) => {}
            }
        }
    }
}

/// Numbers told of many values.
#[derive(Default, Clone, Copy)]
struct Sums {
    count: u64,
    whole: i128,
    broken: f64,
    range: Option<(u64, u64)>,
}

impl Sums {
    fn add(&mut self, code: u64, kind: FieldKind) {
        self.count += 1;
        match kind {
            FieldKind::Integer => self.whole += i128::from(i64::from_u64(code)),
            FieldKind::Number => self.broken += f64::from_u64(code),
            _ => {}
        }
        self.range = Some(self.range.map_or((code, code), |(min, max)| (min.min(code), max.max(code))));
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.whole += other.whole;
        self.broken += other.broken;
        if let Some((low, high)) = other.range {
            self.range = Some(self.range.map_or((low, high), |(min, max)| (min.min(low), max.max(high))));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an average is a float")]
    fn value(&self, metric: Metric, kind: FieldKind) -> Value {
        let numeric = matches!(kind, FieldKind::Integer | FieldKind::Number);
        match (metric, self.range.filter(|_| numeric)) {
            (Metric::Count, _) => self.count.into(),
            (Metric::Sum, None) => 0.into(),
            (Metric::Min | Metric::Max | Metric::Avg, None) => Value::Null,
            (Metric::Sum, Some(_)) if kind == FieldKind::Number => self.broken.into(),
            (Metric::Sum, Some(_)) => i64::try_from(self.whole).map_or((self.whole as f64).into(), Value::from),
            (Metric::Min, Some((min, _))) => Cell::Number(min).value(kind),
            (Metric::Max, Some((_, max))) => Cell::Number(max).value(kind),
            (Metric::Avg, Some(_)) => ((self.whole as f64 + self.broken) / self.count as f64).into(),
        }
    }
}

/// A plan on one segment's columns.
pub(super) struct SegmentPlan(Vec<SegmentStep>);

struct SegmentStep {
    cells: Cells,
    kind: FieldKind,
    how: How,
}

enum How {
    Terms(SegmentPlan),
    Histogram(Calendar, SegmentPlan),
    Metric,
}

impl SegmentPlan {
    pub(super) fn start(&self) -> States<u64> {
        let state = |step: &SegmentStep| match step.how {
            How::Metric => State::Sums(Sums::default()),
            How::Terms(_) | How::Histogram(..) => State::Buckets(HashMap::new()),
        };
        States(self.0.iter().map(state).collect())
    }

    pub(super) fn collect(&self, states: &mut States<u64>, doc: DocId) {
        for (step, state) in self.0.iter().zip(&mut states.0) {
            match (&step.how, state) {
                (How::Metric, State::Sums(sums)) => step.cells.codes(doc).for_each(|code| sums.add(code, step.kind)),
                (How::Terms(inner), State::Buckets(buckets)) => count(buckets, inner, doc, step.cells.codes(doc)),
                (How::Histogram(calendar, inner), State::Buckets(buckets)) => {
                    count(buckets, inner, doc, step.cells.codes(doc).map(|code| calendar.begin(code)));
                }
                // `start` makes the states that the steps fill
                (How::Metric, State::Buckets(_)) | (How::Terms(_) | How::Histogram(..), State::Sums(_)) => {}
            }
        }
    }

    pub(super) fn harvest(&self, states: States<u64>) -> tantivy::Result<States<Cell>> {
        let state = |(step, state): (&SegmentStep, State<u64>)| {
            let buckets = match state {
                State::Sums(sums) => return Ok(State::Sums(sums)),
                State::Buckets(buckets) => buckets,
            };
            let bucket = |(code, bucket): (u64, Bucket<u64>)| {
                let inner = match &step.how {
                    How::Terms(inner) | How::Histogram(_, inner) => inner.harvest(bucket.inner)?,
                    How::Metric => States::default(),
                };
                Ok((step.cells.cell(code)?, Bucket { count: bucket.count, inner }))
            };
            Ok(State::Buckets(buckets.into_iter().map(bucket).collect::<tantivy::Result<_>>()?))
        };
        Ok(States(self.0.iter().zip(states.0).map(state).collect::<tantivy::Result<_>>()?))
    }
}

/// Counts a document in the bucket of each of its keys, once.
fn count(
    buckets: &mut HashMap<u64, Bucket<u64>>,
    inner: &SegmentPlan,
    doc: DocId,
    mut keys: impl Iterator<Item = u64>,
) {
    let mut hit = |key| {
        let bucket = buckets.entry(key).or_insert_with(|| Bucket { count: 0, inner: inner.start() });
        bucket.count += 1;
        inner.collect(&mut bucket.inner, doc);
    };
    let Some(first) = keys.next() else { return };
    hit(first);
    let Some(second) = keys.next() else { return };
    let mut others: Vec<u64> = std::iter::once(second).chain(keys).filter(|key| *key != first).collect();
    others.sort_unstable();
    others.dedup();
    others.into_iter().for_each(hit);
}

/// Intervals of a date or time field, in UTC.
struct Calendar {
    interval: Interval,
    unit: i64,
}

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

impl Calendar {
    fn new(interval: Interval, kind: FieldKind) -> Self {
        Self { interval, unit: if kind == FieldKind::Date { 1 } else { DAY } }
    }

    /// Where the interval of a value begins, as a value of the same field.
    fn begin(&self, code: u64) -> u64 {
        let value = i64::from_u64(code);
        let date = || day(value.div_euclid(self.unit));
        let begin = match self.interval {
            Interval::Hour if self.unit == 1 => value,
            Interval::Hour => value - value.rem_euclid(HOUR),
            Interval::Day => value - value.rem_euclid(self.unit),
            Interval::Month => days(date().first_of_month()).saturating_mul(self.unit),
            Interval::Year => days(date().first_of_year()).saturating_mul(self.unit),
        };
        begin.to_u64()
    }
}
