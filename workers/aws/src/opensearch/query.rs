//! A query in OpenSearch's language.

use jiff::{Timestamp, civil::Date};
use kernel::{
    FieldKind,
    catalog::ViewSpec,
    query::{Bound, Condition, Filter, Range, Scalar},
};
use pipeline::ports::search::Scope;
use serde_json::{Value, json};

use super::columns::{Column, texts};

/// Documents that the reader may see, that the filter matches and that have all the words; only words are scored.
pub(super) fn compile(view: &ViewSpec, scope: &Scope, filter: &Filter, words: &[String]) -> Value {
    let mut filters = vec![json!({ "term": { "tenant": scope.tenant.as_str() } })];
    filters.extend(scope.rows.as_ref().map(|rows| condition(view, rows)));
    if *filter != Filter::default() {
        filters.push(condition(view, filter));
    }
    let fields: Vec<String> = texts(view).map(|(_, path)| path).collect();
    let somewhere = |word: &String| match fields.as_slice() {
        [] => none(),
        fields => json!({ "multi_match": {
            "query": word, "fields": fields, "type": "most_fields", "operator": "and", "zero_terms_query": "all"
        } }),
    };
    let must: Vec<Value> = words.iter().map(somewhere).collect();
    json!({ "bool": { "filter": filters, "must": must } })
}

/// The words of a text, each once. The index's analyzer folds and stems them.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn condition(view: &ViewSpec, filter: &Filter) -> Value {
    let each = |all: &[Filter]| all.iter().map(|filter| condition(view, filter)).collect::<Vec<_>>();
    match filter {
        Filter::And(filters) if filters.is_empty() => every(),
        Filter::And(filters) => json!({ "bool": { "filter": each(filters) } }),
        Filter::Or(filters) => any(&each(filters)),
        Filter::Not(inner) => not(&condition(view, inner)),
        Filter::Field { field, is } => match Column::of(view, field) {
            Some(column) => column.condition(is),
            // a field without exact values has none
            None if matches!(is, Condition::NotEqual(_) | Condition::Exists(false)) => every(),
            None => none(),
        },
    }
}

fn every() -> Value {
    json!({ "match_all": {} })
}

fn none() -> Value {
    json!({ "match_none": {} })
}

fn any(queries: &[Value]) -> Value {
    if queries.is_empty() { none() } else { json!({ "bool": { "should": queries, "minimum_should_match": 1 } }) }
}

fn not(query: &Value) -> Value {
    json!({ "bool": { "must_not": query } })
}

/// A value among those of a column.
enum Place {
    /// It may be one of them.
    At(Value),
    /// All of them are above it.
    Below,
    /// All of them are below it.
    Above,
}

impl Column {
    fn condition(&self, is: &Condition) -> Value {
        match is {
            Condition::Equal(value) => self.one_of(std::slice::from_ref(value)),
            Condition::NotEqual(value) => not(&self.one_of(std::slice::from_ref(value))),
            Condition::In(values) => self.one_of(values),
            Condition::Range(range) => self.within(range),
            Condition::Prefix(prefix) if self.is_text() => json!({ "prefix": { &*self.path: { "value": prefix } } }),
            Condition::Prefix(_) => none(),
            Condition::Exists(true) => self.exists(),
            Condition::Exists(false) => not(&self.exists()),
        }
    }

    fn exists(&self) -> Value {
        json!({ "exists": { "field": self.path } })
    }

    fn one_of(&self, values: &[Scalar]) -> Value {
        let held = |value| match self.place(value) {
            Some(Place::At(value)) => Some(value),
            _ => None,
        };
        let held: Vec<Value> = values.iter().filter_map(held).collect();
        if held.is_empty() { none() } else { json!({ "terms": { &*self.path: held } }) }
    }

    fn within(&self, range: &Range) -> Value {
        let mut bounds = serde_json::Map::new();
        for (bound, names, passes) in [(&range.from, ["gte", "gt"], true), (&range.to, ["lte", "lt"], false)] {
            let Some(Bound { value, inclusive }) = bound else { continue };
            match self.place(value) {
                Some(Place::At(value)) => {
                    bounds.insert(names[usize::from(!inclusive)].to_owned(), value);
                }
                Some(Place::Below) if passes => {}
                Some(Place::Above) if !passes => {}
                _ => return none(),
            }
        }
        if bounds.is_empty() { self.exists() } else { json!({ "range": { &*self.path: bounds } }) }
    }

    /// Where a value stands; `None` if it is not of the column's kind.
    fn place(&self, value: &Scalar) -> Option<Place> {
        let held = match (self.kind, value) {
            (FieldKind::Text | FieldKind::Keyword, Scalar::Text(text)) => json!(text),
            (FieldKind::Integer, Scalar::Integer(number)) => json!(number),
            // -0 is 0
            (FieldKind::Number, Scalar::Number(number)) => json!(number + 0.0),
            #[expect(clippy::cast_precision_loss, reason = "a number field holds no more than a float does")]
            (FieldKind::Number, Scalar::Integer(number)) => json!(*number as f64),
            (FieldKind::Boolean, Scalar::Boolean(truth)) => json!(truth),
            (FieldKind::Date, Scalar::Date(date)) if *date < FIRST_DATE => return Some(Place::Below),
            (FieldKind::Date, Scalar::Date(date)) => json!(date.to_string()),
            (FieldKind::DateTime, Scalar::Time(time)) => match nanos(*time) {
                Some(nanos) => json!(nanos),
                None if *time < Timestamp::UNIX_EPOCH => return Some(Place::Below),
                None => return Some(Place::Above),
            },
            _ => return None,
        };
        Some(Place::At(held))
    }
}

/// Documents hold dates of four digits.
const FIRST_DATE: Date = jiff::civil::date(0, 1, 1);

fn nanos(time: Timestamp) -> Option<i64> {
    i64::try_from(time.as_nanosecond()).ok()
}
