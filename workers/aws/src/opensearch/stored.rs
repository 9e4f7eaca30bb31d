//! An entry as it lies in the index.

use std::{borrow::Cow, sync::Arc};

use kernel::{
    Field, FieldKind,
    catalog::{Parked, ViewSpec},
    query::Scalar,
};
use pipeline::ports::search::{Content, Entry, Key, values};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, value::RawValue};

type Body = Arc<Map<String, Value>>;

/// A shown document as it is written.
#[derive(Serialize)]
struct Shown<'a> {
    tenant: &'a str,
    stream: &'a str,
    id: &'a str,
    doc: &'a Map<String, Value>,
    /// The document itself, where `doc` had to be written differently to be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    verbatim: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Times::is_empty")]
    nanos: Times<'a>,
    #[serde(skip_serializing_if = "Times::is_empty")]
    millis: Times<'a>,
}

/// Instants by field, in units of so many nanoseconds.
struct Times<'a> {
    unit: i64,
    fields: &'a [(&'static str, Vec<i64>)],
}

impl Times<'_> {
    fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl Serialize for Times<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, nanos) in self.fields {
            match nanos.as_slice() {
                [one] => map.serialize_entry(name, &one.div_euclid(self.unit))?,
                many => {
                    let many: Vec<i64> = many.iter().map(|nanos| nanos.div_euclid(self.unit)).collect();
                    map.serialize_entry(name, &many)?;
                }
            }
        }
        map.end()
    }
}

/// Anything else, as it is written.
#[derive(Serialize)]
struct Other<'a> {
    of: &'a str,
    stream: &'a str,
    hidden: Hidden<'a, &'a Body>,
}

#[derive(Serialize, Deserialize)]
struct Hidden<'a, B> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    is: What<B>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum What<B> {
    Refused { body: B, reason: String },
    Parked { body: Option<B>, parked: Parked },
    Removed,
    Cursor { version: u64, memo: Arc<Value>, parked: Option<Parked> },
}

/// An entry as it is read.
#[derive(Deserialize)]
pub(super) struct Stored<'a> {
    #[serde(borrow)]
    tenant: Option<Cow<'a, str>>,
    #[serde(borrow)]
    of: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    doc: Option<&'a RawValue>,
    #[serde(borrow)]
    verbatim: Option<&'a RawValue>,
    #[serde(borrow)]
    hidden: Option<&'a RawValue>,
}

/// A shown document as a search reads it.
#[derive(Deserialize)]
pub(super) struct Found<'a> {
    #[serde(borrow)]
    pub(super) stream: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    doc: &'a RawValue,
    #[serde(borrow)]
    verbatim: Option<&'a RawValue>,
}

impl<'a> Found<'a> {
    /// The document as it was put.
    pub(super) fn document(&self) -> &'a RawValue {
        self.verbatim.unwrap_or(self.doc)
    }
}

/// Writes an entry, or tells why the index will never take it.
pub(super) fn write(view: &ViewSpec, entry: &Entry, into: &mut Vec<u8>) -> Result<(), String> {
    let (tenant, stream) = (entry.tenant.as_str(), entry.stream.as_str());
    let is = match &entry.content {
        Content::Shown(body) => return write_shown(view, entry, body, into),
        Content::Refused { body, reason } => What::Refused { body, reason: reason.clone() },
        Content::Parked { body, parked } => What::Parked { body: body.as_ref(), parked: parked.clone() },
        Content::Removed => What::Removed,
        Content::Cursor { version, memo, parked } => {
            What::Cursor { version: *version, memo: memo.clone(), parked: parked.clone() }
        }
    };
    let hidden = Hidden { id: entry.id.as_str().into(), is };
    serde_json::to_writer(into, &Other { of: tenant, stream, hidden }).map_err(|error| error.to_string())
}

fn write_shown(view: &ViewSpec, entry: &Entry, body: &Body, into: &mut Vec<u8>) -> Result<(), String> {
    let mut times = Vec::new();
    let mut zeros = Vec::new();
    for (name, member) in body.iter() {
        let field = view.field(name).ok_or_else(|| format!("`{name}` is not a field of the view"))?;
        let values = values(field, member)?;
        match field.kind {
            FieldKind::DateTime if !values.is_empty() => times.push((field.name, instants(field, &values)?)),
            FieldKind::Number if values.iter().any(is_negative_zero) => zeros.push(field.name),
            _ => {}
        }
    }
    // the index holds -0 and 0 for different numbers
    let positive: Option<Map<String, Value>> = (!zeros.is_empty()).then(|| {
        body.iter().map(|(name, value)| (name.clone(), without_negative_zeros(&zeros, name, value))).collect()
    });
    let shown = Shown {
        tenant: entry.tenant.as_str(),
        stream: entry.stream.as_str(),
        id: &entry.id,
        doc: positive.as_ref().unwrap_or(body),
        verbatim: positive.is_some().then_some(&**body),
        nanos: Times { unit: 1, fields: &times },
        millis: Times { unit: 1_000_000, fields: &times },
    };
    serde_json::to_writer(into, &shown).map_err(|error| error.to_string())
}

fn instants(field: &Field, values: &[Scalar]) -> Result<Vec<i64>, String> {
    let instants = values.iter().filter_map(|value| if let Scalar::Time(time) = value { Some(time) } else { None });
    instants
        .map(|time| i64::try_from(time.as_nanosecond()))
        .collect::<Result<_, _>>()
        .map_err(|_| format!("`{}` must be a time from 1677 to 2262", field.name))
}

fn is_negative_zero(value: &Scalar) -> bool {
    matches!(value, Scalar::Number(number) if *number == 0.0 && number.is_sign_negative())
}

fn without_negative_zeros(fields: &[&str], name: &str, value: &Value) -> Value {
    let positive = |value: &Value| match value.as_f64() {
        Some(0.0) => Value::from(0.0),
        _ => value.clone(),
    };
    match value {
        other if !fields.contains(&name) => other.clone(),
        Value::Array(items) => items.iter().map(positive).collect(),
        one => positive(one),
    }
}

impl Stored<'_> {
    /// The entry that was stored at this version.
    pub(super) fn entry(self, version: u64) -> Result<Entry, String> {
        let damaged = |what: &str| format!("the {what} of an entry is damaged");
        let tenant = self.tenant.or(self.of).ok_or_else(|| damaged("tenant"))?;
        let tenant = tenant.parse().map_err(|_| damaged("tenant"))?;
        let stream = self.stream.parse().map_err(|_| damaged("stream"))?;
        let (id, content) = match (self.verbatim.or(self.doc), self.hidden) {
            (Some(doc), None) => {
                let body = serde_json::from_str(doc.get()).map_err(|error| error.to_string())?;
                (self.id.unwrap_or_default(), Content::Shown(body))
            }
            (None, Some(hidden)) => {
                let hidden: Hidden<'_, Body> = serde_json::from_str(hidden.get()).map_err(|error| error.to_string())?;
                let content = match hidden.is {
                    What::Refused { body, reason } => Content::Refused { body, reason },
                    What::Parked { body, parked } => Content::Parked { body, parked },
                    What::Removed => Content::Removed,
                    What::Cursor { version, memo, parked } => Content::Cursor { version, memo, parked },
                };
                (hidden.id, content)
            }
            _ => return Err(damaged("content")),
        };
        let key = match content {
            Content::Cursor { .. } => Key::cursor(&tenant, &stream),
            _ => Key::document(&tenant, &stream, &id),
        };
        Ok(Entry { key, tenant, stream, id: id.into_owned(), version, content })
    }
}
