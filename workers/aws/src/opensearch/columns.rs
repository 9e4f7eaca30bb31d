//! What of a view's documents is indexed, and under which names.
//!
//! | member | of | holds |
//! |---|---|---|
//! | `tenant`, `id` | shown documents only | whose it is, and its id |
//! | `of` | everything else | whose it is |
//! | `stream` | everything | the stream |
//! | `doc` | shown documents | the document itself; each field is indexed by its kind, times are not |
//! | `nanos`, `millis` | shown documents | their times, to the nanosecond and, for the calendar, to the millisecond |
//! | `verbatim` | few shown documents | the document, where `doc` had to be written differently; not indexed |
//! | `hidden` | everything else | what it is, not indexed |
//!
//! INVARIANT: a search always asks for a `tenant`, so it finds shown documents only.

use kernel::{Field, FieldKind, catalog::ViewSpec};
use serde_json::{Map, Value, json};

/// Where a field's exact values are indexed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) path: String,
    pub(super) kind: FieldKind,
    name: String,
}

impl Column {
    /// The column of a declared field, or of `id`; `None` where no document has an exact value.
    pub(super) fn of(view: &ViewSpec, name: &str) -> Option<Self> {
        let Some(field) = view.field(name) else { return (name == "id").then(Self::id) };
        let path = match field.kind {
            FieldKind::Text if !field.exact => return None,
            FieldKind::Text => format!("doc.{name}.exact"),
            FieldKind::DateTime => format!("nanos.{name}"),
            _ => format!("doc.{name}"),
        };
        Some(Self { path, kind: field.kind, name: name.to_owned() })
    }

    /// The column of documents' ids.
    pub(super) fn id() -> Self {
        Self { path: "id".into(), kind: FieldKind::Keyword, name: "id".into() }
    }

    /// The column of the streams that documents were folded from.
    pub(super) fn stream() -> Self {
        Self { path: "stream".into(), kind: FieldKind::Keyword, name: "stream".into() }
    }

    /// Where the calendar finds the field's values.
    pub(super) fn calendar(&self) -> String {
        if self.kind == FieldKind::DateTime { format!("millis.{}", self.name) } else { self.path.clone() }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, FieldKind::Text | FieldKind::Keyword)
    }
}

/// The paths of the fields in which words are looked for.
pub(super) fn texts(view: &ViewSpec) -> impl Iterator<Item = (&'static str, String)> + '_ {
    let texts = view.fields().iter().filter(|field| field.kind == FieldKind::Text);
    texts.map(|field| (field.name, format!("doc.{}", field.name)))
}

/// The settings and mappings of a view's index.
pub(super) fn index_of(view: &ViewSpec) -> Value {
    let strict = |properties: Map<String, Value>| json!({ "dynamic": "strict", "properties": properties });
    let times = view.fields().iter().filter(|field| field.kind == FieldKind::DateTime);
    let names: Vec<_> = times.map(|field| field.name.to_owned()).collect();
    let each = |mapping: &Value| names.iter().map(|name| (name.clone(), mapping.clone())).collect();
    json!({
        "settings": settings(),
        "mappings": { "dynamic": "strict", "properties": {
            "tenant": { "type": "keyword", "doc_values": false },
            "of": { "type": "keyword", "doc_values": false },
            "stream": { "type": "keyword" },
            "id": { "type": "keyword" },
            "doc": strict(view.fields().iter().map(|field| (field.name.to_owned(), mapping(field))).collect()),
            "nanos": strict(each(&json!({ "type": "long" }))),
            "millis": strict(each(&json!({ "type": "date", "format": "epoch_millis", "index": false }))),
            "verbatim": { "type": "object", "enabled": false },
            "hidden": { "type": "object", "enabled": false },
        } },
    })
}

fn mapping(field: &Field) -> Value {
    match (field.kind, field.exact) {
        (FieldKind::Text, false) => json!({ "type": "text", "analyzer": "words", "index_options": "freqs" }),
        (FieldKind::Text, true) => json!({ "type": "text", "analyzer": "words", "index_options": "freqs",
            "fields": { "exact": { "type": "keyword" } } }),
        (FieldKind::Keyword, _) => json!({ "type": "keyword" }),
        (FieldKind::Integer, _) => json!({ "type": "long", "coerce": false }),
        (FieldKind::Number, _) => json!({ "type": "double", "coerce": false }),
        (FieldKind::Boolean, _) => json!({ "type": "boolean" }),
        (FieldKind::Date, _) => json!({ "type": "date", "format": "strict_date" }),
        (FieldKind::DateTime, _) => json!({ "type": "object", "enabled": false }),
    }
}

/// One shard, so that facets are exact; copied wherever there is a second node.
fn settings() -> Value {
    json!({ "index": {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "1s",
        // whole fields are shown, however long
        "highlight": { "max_analyzed_offset": 100_000_000 },
        // a word is a maximal run of letters and digits, lower-cased, folded, stemmed; there are no stop words
        "analysis": {
            "tokenizer": { "words": { "type": "pattern", "pattern": r"[^\p{IsAlphabetic}\p{N}]+" } },
            "filter": { "stems": { "type": "snowball", "language": "English" } },
            "analyzer": { "words": {
                "type": "custom", "tokenizer": "words", "filter": ["lowercase", "asciifolding", "stems"]
            } },
        },
    } })
}
