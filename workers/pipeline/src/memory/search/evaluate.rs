//! A query over all documents, one after the other.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{
    Field, FieldKind,
    catalog::ViewSpec,
    query::{Bound, Condition, Filter, Query, Scalar, Sort},
};
use serde_json::{Map, Value};

use super::{
    aggregate,
    words::{highlight, words},
};
use crate::ports::{
    Unavailable,
    search::{Content, Entry, Found, Hit, Scope, SearchError, values},
};

/// A shown document, its fields read.
pub(super) struct Doc<'a> {
    entry: &'a Entry,
    body: &'a Map<String, Value>,
    /// The exact values of each field that has some.
    values: BTreeMap<&'static str, Vec<Scalar>>,
    /// The words of each text field.
    words: BTreeMap<&'static str, Vec<String>>,
    score: f32,
}

impl<'a> Doc<'a> {
    fn read(view: &ViewSpec, entry: &'a Entry) -> Option<Self> {
        let Content::Shown(body) = &entry.content else { return None };
        let mut doc = Self { entry, body, values: BTreeMap::new(), words: BTreeMap::new(), score: 0.0 };
        doc.values.insert("id", vec![Scalar::Text(entry.id.clone())]);
        for field in view.fields() {
            let read = body.get(field.name).map(|member| values(field, member)).and_then(Result::ok);
            let read = read.unwrap_or_default();
            if field.kind == FieldKind::Text {
                let texts =
                    read.iter().filter_map(|value| if let Scalar::Text(text) = value { Some(text) } else { None });
                doc.words.insert(field.name, texts.flat_map(|text| words(text)).collect());
            }
            if field.exact {
                let mut distinct: Vec<Scalar> = Vec::new();
                for value in read {
                    if !matches!(value, Scalar::Text(_)) || !distinct.contains(&value) {
                        distinct.push(value);
                    }
                }
                doc.values.insert(field.name, distinct);
            }
        }
        Some(doc)
    }

    /// The exact values of a field.
    pub(super) fn of(&self, field: &str) -> &[Scalar] {
        self.values.get(field).map_or(&[], Vec::as_slice)
    }

    fn hit(&self, scored: bool, wanted: Option<&[String]>) -> Result<Hit, Unavailable> {
        let doc = serde_json::value::to_raw_value(self.body).map_err(|error| Unavailable::new("the index", error))?;
        Ok(Hit {
            id: self.entry.id.clone(),
            stream: self.entry.stream.clone(),
            version: self.entry.version,
            score: scored.then_some(self.score),
            doc,
            highlight: wanted.map(|wanted| self.highlights(wanted)),
        })
    }

    fn highlights(&self, wanted: &[String]) -> Map<String, Value> {
        let of = |value: &Value| match value {
            Value::String(text) => highlight(text, wanted).map(Value::String),
            Value::Array(texts) => {
                let texts = texts.iter().filter_map(Value::as_str).filter_map(|text| highlight(text, wanted));
                let marked: Vec<Value> = texts.map(Value::String).collect();
                (!marked.is_empty()).then_some(Value::Array(marked))
            }
            _ => None,
        };
        self.words.keys().filter_map(|name| Some(((*name).to_owned(), of(self.body.get(*name)?)?))).collect()
    }
}

/// How two values of one field are ordered.
pub(super) fn order(a: &Scalar, b: &Scalar) -> Ordering {
    #[expect(clippy::cast_precision_loss, reason = "a number field holds no more than a float does")]
    let number = |value: &Scalar| match value {
        Scalar::Integer(whole) => *whole as f64,
        Scalar::Number(number) => *number,
        _ => 0.0,
    };
    match (a, b) {
        (Scalar::Text(a), Scalar::Text(b)) => a.cmp(b),
        (Scalar::Integer(a), Scalar::Integer(b)) => a.cmp(b),
        (Scalar::Date(a), Scalar::Date(b)) => a.cmp(b),
        (Scalar::Time(a), Scalar::Time(b)) => a.cmp(b),
        (Scalar::Boolean(a), Scalar::Boolean(b)) => a.cmp(b),
        _ => number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal),
    }
}

fn matches(doc: &Doc<'_>, filter: &Filter) -> bool {
    match filter {
        Filter::And(all) => all.iter().all(|filter| matches(doc, filter)),
        Filter::Or(all) => all.iter().any(|filter| matches(doc, filter)),
        Filter::Not(inner) => !matches(doc, inner),
        Filter::Field { field, is } => holds(doc.of(field), is),
    }
}

fn holds(values: &[Scalar], is: &Condition) -> bool {
    let equal = |wanted: &Scalar| values.iter().any(|value| order(value, wanted).is_eq());
    match is {
        Condition::Equal(wanted) => equal(wanted),
        Condition::NotEqual(wanted) => !equal(wanted),
        Condition::In(wanted) => wanted.iter().any(equal),
        Condition::Exists(exists) => values.is_empty() != *exists,
        Condition::Prefix(prefix) => {
            values.iter().any(|value| matches!(value, Scalar::Text(text) if text.starts_with(prefix.as_str())))
        }
        Condition::Range(range) => values.iter().any(|value| {
            let within = |bound: &Option<Bound>, side: Ordering| {
                bound.as_ref().is_none_or(|bound| match order(value, &bound.value) {
                    Ordering::Equal => bound.inclusive,
                    other => other == side,
                })
            };
            within(&range.from, Ordering::Greater) && within(&range.to, Ordering::Less)
        }),
    }
}

fn visible<'a>(view: &ViewSpec, entries: impl Iterator<Item = &'a Arc<Entry>>, scope: &Scope) -> Vec<Doc<'a>> {
    let mine = entries.filter(|entry| entry.tenant == scope.tenant);
    let docs = mine.filter_map(|entry| Doc::read(view, entry));
    docs.filter(|doc| scope.rows.as_ref().is_none_or(|rows| matches(doc, rows))).collect()
}

/// The documents of an id, by stream.
pub(super) fn find<'a>(
    view: &ViewSpec,
    entries: impl Iterator<Item = &'a Arc<Entry>>,
    scope: &Scope,
    id: &str,
) -> Result<Vec<Hit>, Unavailable> {
    let mut docs = visible(view, entries, scope);
    docs.retain(|doc| doc.entry.id == id);
    docs.sort_by(|a, b| a.entry.stream.cmp(&b.entry.stream));
    docs.iter().map(|doc| doc.hit(false, None)).collect()
}

/// Evaluates a query.
pub(super) fn search<'a>(
    view: &ViewSpec,
    entries: impl Iterator<Item = &'a Arc<Entry>>,
    scope: &Scope,
    query: &Query,
) -> Result<Found, SearchError> {
    let scored = query.text.is_some();
    let mut wanted = query.text.as_deref().map(words).unwrap_or_default();
    wanted.sort();
    wanted.dedup();
    let mut docs = visible(view, entries, scope);
    score(&mut docs, &wanted);
    docs.retain(|doc| wanted.iter().all(|word| doc.words.values().flatten().any(|other| other == word)));
    docs.retain(|doc| matches(doc, &query.filter));

    let keys = keys(view, &query.sort, scored);
    let total = docs.len() as u64;
    let aggregations = aggregate::all(&docs.iter().collect::<Vec<_>>(), &query.aggregate);
    let mut ranked: Vec<(Vec<Option<Scalar>>, Doc<'_>)> =
        docs.into_iter().map(|doc| (keys.iter().map(|key| key.value(&doc)).collect(), doc)).collect();
    ranked.sort_by(|(a, _), (b, _)| compare(&keys, a, b));
    if let Some(cursor) = &query.cursor {
        let after = read_cursor(&keys, cursor).ok_or(SearchError::BadCursor)?;
        ranked.retain(|(ranks, _)| compare(&keys, ranks, &after).is_gt());
    }
    let more = ranked.len() > query.limit;
    ranked.truncate(query.limit);
    let last = ranked.last().filter(|_| more);
    let next = last.map(|(ranks, _)| write_cursor(ranks));
    let marked = query.highlight.then_some(wanted.as_slice());
    let hits = ranked.iter().map(|(_, doc)| doc.hit(scored, marked)).collect::<Result<_, _>>()?;
    Ok(Found { total, hits, next, aggregations })
}

/// BM25, summed over words and fields.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a score is a rough number")]
fn score(docs: &mut [Doc<'_>], wanted: &[String]) {
    let count = docs.len() as f64;
    let fields: Vec<&'static str> = docs.first().map(|doc| doc.words.keys().copied().collect()).unwrap_or_default();
    for field in fields {
        let length: usize = docs.iter().map(|doc| doc.words[field].len()).sum();
        let average = (length as f64 / count).max(1.0);
        for word in wanted {
            let often = |doc: &Doc<'_>| doc.words[field].iter().filter(|other| *other == word).count() as f64;
            let with = docs.iter().filter(|doc| often(doc) > 0.0).count() as f64;
            let rarity = (1.0 + (count - with + 0.5) / (with + 0.5)).ln();
            for doc in &mut *docs {
                let (often, length) = (often(doc), doc.words[field].len() as f64);
                doc.score += (rarity * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * length / average))) as f32;
            }
        }
    }
}

struct SortKey {
    field: Option<Field>,
    descending: bool,
}

fn keys(view: &ViewSpec, sort: &[Sort], scored: bool) -> Vec<SortKey> {
    let key = |sort: &Sort| {
        let field = view.field(&sort.field).cloned().unwrap_or(Field::keyword("id"));
        SortKey { field: Some(field), descending: sort.descending }
    };
    let mut keys: Vec<SortKey> = sort.iter().map(key).collect();
    if keys.is_empty() && scored {
        keys.push(SortKey { field: None, descending: true });
    }
    keys.push(SortKey { field: Some(Field::keyword("id")), descending: false });
    keys.push(SortKey { field: Some(Field::keyword(" stream")), descending: false });
    keys
}

impl SortKey {
    fn value(&self, doc: &Doc<'_>) -> Option<Scalar> {
        match &self.field {
            None => Some(Scalar::Number(doc.score.into())),
            Some(field) if field.name == " stream" => Some(doc.entry.stream.as_str().into()),
            Some(field) => {
                let values = doc.of(field.name).iter();
                let best =
                    if self.descending { values.max_by(|a, b| order(a, b)) } else { values.min_by(|a, b| order(a, b)) };
                best.cloned()
            }
        }
    }
}

fn compare(keys: &[SortKey], a: &[Option<Scalar>], b: &[Option<Scalar>]) -> Ordering {
    let each = keys.iter().zip(a.iter().zip(b)).map(|(key, (a, b))| match (a, b) {
        (Some(a), Some(b)) if key.descending => order(b, a),
        (Some(a), Some(b)) => order(a, b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
    each.fold(Ordering::Equal, Ordering::then)
}

fn write_cursor(ranks: &[Option<Scalar>]) -> String {
    let json: Value = ranks.iter().map(|rank| rank.as_ref().map_or(Value::Null, json)).collect();
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn read_cursor(keys: &[SortKey], cursor: &str) -> Option<Vec<Option<Scalar>>> {
    let json: Vec<Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let read = |(key, value): (&SortKey, &Value)| {
        let field = key.field.clone().unwrap_or(Field::number("score"));
        values(&field, value).ok().map(|values| values.into_iter().next())
    };
    let ranks: Option<Vec<_>> = keys.iter().zip(&json).map(read).collect();
    ranks.filter(|ranks| ranks.len() == keys.len() && json.len() == keys.len())
}

/// A value as the wire contract writes it.
pub(super) fn json(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => text.as_str().into(),
        Scalar::Integer(number) => (*number).into(),
        Scalar::Number(number) => (*number).into(),
        Scalar::Boolean(truth) => (*truth).into(),
        Scalar::Date(date) => date.to_string().into(),
        Scalar::Time(time) => time.to_string().into(),
    }
}
