//! Sorting and paging.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{FieldKind, catalog::ViewSpec, query::Sort};
use serde_json::{Map, Value, json};

use super::columns::Column;

/// A sort key.
enum Key {
    Score,
    Column { column: Column, descending: bool },
}

/// In what order documents come. Id, then stream, breaks ties; missing values come last.
pub(super) struct Order(Vec<Key>);

impl Order {
    pub(super) fn new(view: &ViewSpec, sort: &[Sort], scored: bool) -> Self {
        let key = |sort: &Sort| {
            // where no document has a value, all are equal
            let column = Column::of(view, &sort.field)?;
            Some(Key::Column { column, descending: sort.descending })
        };
        let mut keys: Vec<Key> = sort.iter().filter_map(key).collect();
        if sort.is_empty() && scored {
            keys.push(Key::Score);
        }
        keys.extend([Column::id(), Column::stream()].map(|column| Key::Column { column, descending: false }));
        Self(keys)
    }

    /// Whether it is the score that decides.
    pub(super) fn is_by_score(&self) -> bool {
        matches!(self.0.first(), Some(Key::Score))
    }

    pub(super) fn compile(&self) -> Value {
        let each = self.0.iter().map(|key| match key {
            Key::Score => json!({ "_score": "desc" }),
            Key::Column { column, descending } => {
                let order = if *descending { "desc" } else { "asc" };
                json!({ &*column.path: { "order": order, "missing": "_last" } })
            }
        });
        each.collect()
    }

    /// The cursor behind a hit.
    pub(super) fn cursor(values: &[Value]) -> String {
        URL_SAFE_NO_PAD.encode(Value::from(values).to_string())
    }

    /// The values of a cursor that was made for such an order.
    pub(super) fn read(&self, cursor: &str) -> Option<Vec<Value>> {
        let values: Vec<Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let fits = values.len() == self.0.len() && self.0.iter().zip(&values).all(|(key, value)| key.fits(value));
        fits.then_some(values)
    }
}

impl Key {
    fn fits(&self, value: &Value) -> bool {
        let Self::Column { column, .. } = self else { return value.is_number() };
        match column.kind {
            FieldKind::Text | FieldKind::Keyword => value.is_string() || value.is_null(),
            // a missing number is beyond all others
            FieldKind::Number => value.is_number() || matches!(value.as_str(), Some("Infinity" | "-Infinity")),
            _ => value.is_i64(),
        }
    }
}

/// The texts of a document that a highlighter marked, as the document's members have them: alone or in an array.
pub(super) fn highlights<'a>(
    fields: impl Iterator<Item = (&'static str, String)> + 'a,
    marked: &Map<String, Value>,
    doc: &Map<String, Value>,
) -> Map<String, Value> {
    let of = |(name, path): (&'static str, String)| {
        let texts = marked.get(&path)?.as_array()?;
        // the highlighter escapes slashes too, which are safe
        let plain = |text: &Value| Some(Value::String(text.as_str()?.replace("&#x2F;", "/")));
        let texts: Vec<Value> = texts.iter().filter_map(plain).collect();
        let shown = match doc.get(name) {
            Some(Value::Array(_)) => Value::Array(texts),
            _ => texts.into_iter().next()?,
        };
        Some((name.to_owned(), shown))
    };
    fields.filter_map(of).collect()
}
