//! Views: one stream's events folded into documents that can be searched.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{decider::Actor, event::EventSet, id::StreamId};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the wire contract explains the kinds")]
pub enum FieldKind {
    Text,
    Keyword,
    Integer,
    Number,
    Date,
    DateTime,
    Boolean,
}

/// A declared field of a view. A document's value is one scalar or an array of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The member's name in the document.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// A text field that also filters, sorts and facets on its exact value. Always true of the other kinds.
    pub exact: bool,
}

impl Field {
    const fn new(name: &'static str, kind: FieldKind, exact: bool) -> Self {
        Self { name, kind, exact }
    }

    /// Searched by its words only.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, FieldKind::Text, false)
    }

    /// Searched by its words, and used by its exact value.
    pub const fn text_and_exact(name: &'static str) -> Self {
        Self::new(name, FieldKind::Text, true)
    }

    /// A code, a name, an id.
    pub const fn keyword(name: &'static str) -> Self {
        Self::new(name, FieldKind::Keyword, true)
    }

    /// A whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, FieldKind::Integer, true)
    }

    /// A number.
    pub const fn number(name: &'static str) -> Self {
        Self::new(name, FieldKind::Number, true)
    }

    /// A calendar day, `YYYY-MM-DD`.
    pub const fn date(name: &'static str) -> Self {
        Self::new(name, FieldKind::Date, true)
    }

    /// An instant, RFC 3339 in UTC.
    pub const fn date_time(name: &'static str) -> Self {
        Self::new(name, FieldKind::DateTime, true)
    }

    /// True or false.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, FieldKind::Boolean, true)
    }
}

/// The common field that names the document's stream.
const STREAM: &str = "stream";

/// The fields that every view has, made by the projector.
pub const COMMON_FIELDS: [Field; 3] =
    [Field::keyword(STREAM), Field::date_time("createdAt"), Field::date_time("updatedAt")];

/// What a role may see of a view: only documents whose `field` is the reader's own subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowFilter {
    /// The role that is filtered; a reader who may read by another role is not.
    pub role: &'static str,
    /// A keyword field that names a subject; or `stream`, for documents of the stream that is named for the subject
    /// (`<aggregate>/<subject>`).
    pub field: &'static str,
}

impl RowFilter {
    /// The value that the field has in the documents that are the subject's own.
    pub fn own(&self, aggregate: &str, subject: &str) -> String {
        if self.field == STREAM { format!("{aggregate}/{subject}") } else { subject.to_owned() }
    }
}

/// An event as a view reads it.
#[derive(Debug)]
pub struct Recorded<'a, E> {
    /// The event.
    pub event: &'a E,
    /// Its stream.
    pub stream: &'a StreamId,
    /// Its version in the stream.
    pub version: u64,
    /// Its commit's time.
    pub time: Timestamp,
    /// Whose command it came of.
    pub actor: &'a Actor,
}

/// Folds one stream into documents, one or many, and nothing else: no other stream, no clock, no join. That is what
/// makes a projection safe to repeat, to reorder and to rebuild.
///
/// The memo is what the view must know of the stream to find and make its documents, up to and including the event.
/// An event is applied to a document only if its version is above the document's own.
pub trait View: 'static {
    /// The events of the aggregate that it reads.
    type Event: EventSet;
    /// What it must know of the stream.
    type Memo: Default + Serialize + DeserializeOwned;
    /// A document; its members are the view's fields. Derive with `#[serde(rename_all = "camelCase")]`.
    type Doc: Serialize + DeserializeOwned;

    /// The view's name, as in `GET /views/{name}`.
    const NAME: &'static str;
    /// The aggregate that it reads.
    const AGGREGATE: &'static str;
    /// Raised when documents change: a new index is then built beside the old one.
    const REVISION: u32;
    /// False if the stream has one document only, named by the stream's id, and every event raises its version: then
    /// the document tells how far the view has come, and no cursor is kept.
    const CURSOR: bool = true;

    /// The declared fields; the common ones are added.
    fn fields() -> Vec<Field>;

    /// Which roles see only their own.
    fn row_filters() -> Vec<RowFilter> {
        Vec::new()
    }

    /// Notes what later events need.
    fn remember(memo: &mut Self::Memo, recorded: &Recorded<'_, Self::Event>) {
        let _ = (memo, recorded);
    }

    /// The ids of the documents that the event changes.
    fn touches(memo: &Self::Memo, recorded: &Recorded<'_, Self::Event>) -> Vec<String>;

    /// Whether the event makes its documents anew, whatever stood under their ids before.
    fn begins(event: &Self::Event) -> bool {
        let _ = event;
        false
    }

    /// The document after the event; `None` removes it.
    fn evolve(
        memo: &Self::Memo,
        id: &str,
        doc: Option<Self::Doc>,
        recorded: &Recorded<'_, Self::Event>,
    ) -> Option<Self::Doc>;
}
