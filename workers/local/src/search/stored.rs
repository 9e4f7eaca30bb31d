//! An entry as it lies in the index: JSON, its body unparsed until somebody needs it.

use std::{borrow::Cow, sync::Arc};

use kernel::catalog::Parked;
use pipeline::ports::search::{Content, Entry, Hit, Key};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};

#[derive(Serialize, Deserialize)]
struct Stored<'a, B> {
    #[serde(borrow)]
    tenant: Cow<'a, str>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    version: u64,
    content: StoredContent<B>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum StoredContent<B> {
    Shown(B),
    Refused { body: B, reason: String },
    Parked { body: Option<B>, parked: Parked },
    Removed,
    Cursor { version: u64, memo: Arc<Value>, parked: Option<Parked> },
}

type Body = Arc<Map<String, Value>>;

/// What is stored of an entry.
pub(super) fn write(entry: &Entry) -> Result<Vec<u8>, String> {
    let content: StoredContent<&Body> = match &entry.content {
        Content::Shown(body) => StoredContent::Shown(body),
        Content::Refused { body, reason } => StoredContent::Refused { body, reason: reason.clone() },
        Content::Parked { body, parked } => StoredContent::Parked { body: body.as_ref(), parked: parked.clone() },
        Content::Removed => StoredContent::Removed,
        Content::Cursor { version, memo, parked } => {
            StoredContent::Cursor { version: *version, memo: memo.clone(), parked: parked.clone() }
        }
    };
    let stored = Stored {
        tenant: entry.tenant.as_str().into(),
        stream: entry.stream.as_str().into(),
        id: entry.id.as_str().into(),
        version: entry.version,
        content,
    };
    serde_json::to_vec(&stored).map_err(|error| error.to_string())
}

/// The entry that was stored.
pub(super) fn read(bytes: &[u8]) -> Result<Entry, String> {
    let stored: Stored<'_, Body> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let tenant = stored.tenant.parse().map_err(|_| "the tenant is damaged")?;
    let stream = stored.stream.parse().map_err(|_| "the stream is damaged")?;
    let content = match stored.content {
        StoredContent::Shown(body) => Content::Shown(body),
        StoredContent::Refused { body, reason } => Content::Refused { body, reason },
        StoredContent::Parked { body, parked } => Content::Parked { body, parked },
        StoredContent::Removed => Content::Removed,
        StoredContent::Cursor { version, memo, parked } => Content::Cursor { version, memo, parked },
    };
    let key = match content {
        Content::Cursor { .. } => Key::cursor(&tenant, &stream),
        _ => Key::document(&tenant, &stream, &stored.id),
    };
    Ok(Entry { key, tenant, stream, id: stored.id.into_owned(), version: stored.version, content })
}

/// The shown document that was stored, its members copied as text.
pub(super) fn read_hit(bytes: &[u8], score: Option<f32>) -> Result<Hit, String> {
    let stored: Stored<'_, &RawValue> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let StoredContent::Shown(body) = stored.content else {
        return Err("a hidden entry was found by a search".into());
    };
    Ok(Hit {
        id: stored.id.into_owned(),
        stream: stored.stream.parse().map_err(|_| "the stream is damaged")?,
        version: stored.version,
        score,
        doc: body.to_owned(),
        highlight: None,
    })
}
