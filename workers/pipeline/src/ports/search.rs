//! The search index: a view's documents, versioned from outside, and the searches over them.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use kernel::{
    Field, FieldKind, StreamId, Tenant,
    catalog::{Parked, ViewSpec},
    query::{Filter, Query, Scalar},
};
use serde_json::{Map, Value, value::RawValue};
use sha2::{Digest, Sha256};

use super::Unavailable;

/// The `_id` of an entry: a hash of tenant, stream and document id, 22 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// The key of a document.
    pub fn document(tenant: &Tenant, stream: &StreamId, id: &str) -> Self {
        Self::of(&["document", tenant.as_str(), stream.as_str(), id])
    }

    /// The key of a stream's cursor.
    pub fn cursor(tenant: &Tenant, stream: &StreamId) -> Self {
        Self::of(&["cursor", tenant.as_str(), stream.as_str()])
    }

    fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hash: [u8; 32] = hash.finalize().into();
        Self(URL_SAFE_NO_PAD.encode(&hash[..16]))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something a view's index holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its `_id`.
    pub key: Key,
    /// Whose it is.
    pub tenant: Tenant,
    /// The stream that it was folded from.
    pub stream: StreamId,
    /// The document's id; empty for a cursor.
    pub id: String,
    /// What a later write must exceed: a document's stream version, a cursor's commit number.
    pub version: u64,
    /// What it is.
    pub content: Content,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A document that searches find.
    Shown(Arc<Map<String, Value>>),
    /// A document that the index refused: hidden, its members kept unindexed so that later events go on.
    Refused {
        /// Its members.
        body: Arc<Map<String, Value>>,
        /// What the index said.
        reason: String,
    },
    /// A document that the view could not fold on: hidden until the view is rebuilt.
    Parked {
        /// Its members before, if it had any.
        body: Option<Arc<Map<String, Value>>>,
        /// Why.
        parked: Parked,
    },
    /// A document that was removed. It keeps its version, so that an old event can't bring it back.
    Removed,
    /// How far a stream was folded, and what the view remembers of it.
    Cursor {
        /// The stream's version.
        version: u64,
        /// The memo.
        memo: Arc<Value>,
        /// Why the stream can't be folded on.
        parked: Option<Parked>,
    },
}

impl Content {
    /// The members that later events go on from.
    pub fn body(&self) -> Option<&Arc<Map<String, Value>>> {
        match self {
            Self::Shown(body) | Self::Refused { body, .. } => Some(body),
            Self::Parked { body, .. } => body.as_ref(),
            Self::Removed | Self::Cursor { .. } => None,
        }
    }
}

/// The values that a declared field has by a document's member; an array's are its elements, and null is none. An
/// error says why an index refuses the document.
pub fn values(field: &Field, member: &Value) -> Result<Vec<Scalar>, String> {
    match member {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(|item| scalar(field, item)).collect(),
        one => Ok(vec![scalar(field, one)?]),
    }
}

fn scalar(field: &Field, value: &Value) -> Result<Scalar, String> {
    let text = || value.as_str();
    let (read, what) = match field.kind {
        FieldKind::Text | FieldKind::Keyword => (text().map(Scalar::from), "a text"),
        FieldKind::Integer => (value.as_i64().map(Scalar::Integer), "an integer of 64 bits"),
        FieldKind::Number => (value.as_f64().map(Scalar::Number), "a number"),
        FieldKind::Boolean => (value.as_bool().map(Scalar::Boolean), "true or false"),
        FieldKind::Date => (
            text().filter(|text| text.len() == 10).and_then(|text| text.parse().ok()).map(Scalar::Date),
            "a date, YYYY-MM-DD",
        ),
        FieldKind::DateTime => {
            (text().and_then(|text| text.parse::<Timestamp>().ok()).map(Scalar::Time), "a time, RFC 3339")
        }
    };
    read.ok_or_else(|| format!("`{}` must be {what}", field.name))
}

/// What became of one entry of a bulk write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is stored; a search finds it after the next refresh, a get at once.
    Accepted,
    /// The index has the same or a newer version: already applied.
    Newer,
    /// The index will never take this document; the reason is for the operator.
    Refused(String),
    /// The index had no room for it now: write it again later.
    Busy,
}

/// What a reader may see: one tenant's documents, and of these only those that the filter matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// Whose documents.
    pub tenant: Tenant,
    /// The row filter of the reader's roles; its field is a keyword of the view.
    pub rows: Option<Filter>,
}

/// A document that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The document's id.
    pub id: String,
    /// The stream that it was folded from.
    pub stream: StreamId,
    /// The stream's version at the last event folded into it.
    pub version: u64,
    /// How well it matches the text; `None` without text.
    pub score: Option<f32>,
    /// Its members.
    pub doc: Box<RawValue>,
    /// Fields in which the text was found: the whole field, HTML-escaped but for `<em>`.
    pub highlight: Option<Map<String, Value>>,
}

/// A page of a search, and what was told of all that matches.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// How many documents match, exactly.
    pub total: u64,
    /// The page.
    pub hits: Vec<Hit>,
    /// Where the next page begins, if there is one: the last hit's sort values. Opaque, made by the index; that
    /// it belongs to its query is checked by the caller.
    pub next: Option<String>,
    /// Aggregations by name, as the wire contract shapes them.
    pub aggregations: Map<String, Value>,
}

/// Why there is no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SearchError {
    /// The cursor is not one that this index made for such a sort.
    #[error("the cursor is not valid for this query")]
    BadCursor,
    /// The index can't answer now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The index of all views.
///
/// INVARIANT: an entry is replaced only by one of a higher version, whoever writes, in whatever order.
#[async_trait]
pub trait SearchIndex: Send + Sync {
    /// Reads entries by key, realtime: what was accepted is seen, refreshed or not.
    async fn get(&self, view: &ViewSpec, keys: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable>;

    /// Writes entries; each succeeds or fails by itself, in the order given.
    async fn put(&self, view: &ViewSpec, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable>;

    /// Makes all that was accepted before the call visible to searches. Calls at the same time share one refresh.
    async fn refresh(&self, view: &ViewSpec) -> Result<(), Unavailable>;

    /// Searches. `query.text`, filters, sort, page and aggregations have the meaning of the wire contract.
    async fn search(&self, view: &ViewSpec, scope: &Scope, query: &Query) -> Result<Found, SearchError>;

    /// The shown documents of this id that the reader may see; more than one if two streams use the same id.
    async fn find(&self, view: &ViewSpec, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable>;

    /// All entries of one stream, of any content, in no order: for verification.
    async fn entries(&self, view: &ViewSpec, tenant: &Tenant, stream: &StreamId) -> Result<Vec<Entry>, Unavailable>;
}
