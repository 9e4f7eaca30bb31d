//! A view without its types: which documents a run of commits touches, and what they become.

use std::{
    collections::{BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    commit::{Commit, EventRecord},
    event::EventSet,
    view::{COMMON_FIELDS, Field, Recorded, RowFilter, View},
};

/// Why a document, or all of a stream's, can't be folded on; kept until the view is rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("at version {version}: {reason}")]
pub struct Parked {
    /// The event that could not be folded.
    pub version: u64,
    /// What went wrong.
    pub reason: String,
}

/// A document of a view, as it is folded and stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The stream's version at the last event folded into it; 0 for a document that does not exist yet.
    pub version: u64,
    /// Its members, the common ones included; `None` once it was removed.
    pub body: Option<Map<String, Value>>,
    /// Why it can't be folded on.
    pub parked: Option<Parked>,
}

/// What a run of commits makes of a stream's documents.
#[derive(Debug)]
pub struct Folded {
    /// The memo after the run, as JSON.
    pub memo: Value,
    /// The documents that changed, by id.
    pub changed: BTreeSet<String>,
    /// Set where the stream itself can't be read on: nothing behind that event was folded.
    pub parked: Option<Parked>,
}

/// The documents that a run of commits touches. A stream that gets parked on the way touches those before.
pub type Touched = BTreeSet<String>;

type Fold = fn(Option<&Value>, &[&Commit], &mut HashMap<String, Document>) -> Folded;

/// A view: its declarations, and its folds over recorded commits.
pub struct ViewSpec {
    name: &'static str,
    aggregate: &'static str,
    revision: u32,
    cursor: bool,
    fields: Vec<Field>,
    row_filters: Vec<RowFilter>,
    touched: fn(Option<&Value>, &[&Commit]) -> Touched,
    fold: Fold,
}

impl ViewSpec {
    /// Erases a view.
    pub fn of<V: View>() -> Self {
        let mut fields = V::fields();
        fields.extend(COMMON_FIELDS);
        Self {
            name: V::NAME,
            aggregate: V::AGGREGATE,
            revision: V::REVISION,
            cursor: V::CURSOR,
            fields,
            row_filters: V::row_filters(),
            touched: touched::<V>,
            fold: fold::<V>,
        }
    }

    /// The view's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The aggregate that it reads.
    pub fn aggregate(&self) -> &'static str {
        self.aggregate
    }

    /// Its revision: documents of another revision lie in another index.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Whether each stream has a cursor document; else its only document tells how far the view has come.
    pub fn has_cursor(&self) -> bool {
        self.cursor
    }

    /// All fields, the common ones last.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Which roles see only their own.
    pub fn row_filters(&self) -> &[RowFilter] {
        &self.row_filters
    }

    /// The ids of the documents that these commits touch. `memo` is that of the stream before them; they are one
    /// stream's, contiguous, oldest first.
    pub fn touched(&self, memo: Option<&Value>, commits: &[&Commit]) -> Touched {
        (self.touched)(memo, commits)
    }

    /// Folds commits into documents. `documents` holds those of [`ViewSpec::touched`] that exist, and afterwards
    /// what they have become. An event is applied only to documents of a lower version.
    pub fn fold(&self, memo: Option<&Value>, commits: &[&Commit], documents: &mut HashMap<String, Document>) -> Folded {
        (self.fold)(memo, commits, documents)
    }
}

fn memo_of<V: View>(memo: Option<&Value>) -> Result<V::Memo, String> {
    memo.map_or_else(|| Ok(V::Memo::default()), |memo| V::Memo::deserialize(memo).map_err(|error| error.to_string()))
}

/// Walks over the events of a run; stops at the first that can't be read or remembered.
fn walk<V: View>(
    memo: &mut V::Memo,
    commits: &[&Commit],
    mut each: impl FnMut(&V::Memo, &Recorded<'_, V::Event>, Vec<String>),
) -> Option<Parked> {
    for commit in commits {
        for (version, record) in commit.versions() {
            let parked = |reason| Some(Parked { version, reason });
            let event = match V::Event::decode(&record.kind, record.schema, &record.data) {
                Ok(event) => event,
                Err(corrupt) => return parked(corrupt.0),
            };
            let Some(recorded) = recorded(commit, version, record, &event) else {
                return parked(format!("the event names command {}, which its commit does not have", record.command));
            };
            let touches = caught(|| {
                V::remember(memo, &recorded);
                V::touches(memo, &recorded)
            });
            match touches {
                Ok(ids) => each(memo, &recorded, ids),
                Err(reason) => return parked(reason),
            }
        }
    }
    None
}

fn recorded<'a, E>(commit: &'a Commit, version: u64, record: &EventRecord, event: &'a E) -> Option<Recorded<'a, E>> {
    let command = commit.command_of(record)?;
    Some(Recorded { event, stream: &commit.stream, version, time: commit.time, actor: &command.actor })
}

/// Runs domain code; a panic in it is told as a reason.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| crate::catalog::panic_message(panic.as_ref()))
}

fn touched<V: View>(memo: Option<&Value>, commits: &[&Commit]) -> Touched {
    let mut all = Touched::new();
    if let Ok(mut memo) = memo_of::<V>(memo) {
        // a stream that gets parked is told by the fold that follows
        let _parked = walk::<V>(&mut memo, commits, |_, _, ids| all.extend(ids));
    }
    all
}

fn fold<V: View>(memo: Option<&Value>, commits: &[&Commit], documents: &mut HashMap<String, Document>) -> Folded {
    let mut changed = BTreeSet::new();
    let first = commits.first().map_or(0, |commit| commit.first);
    let unreadable = |reason| Folded {
        memo: memo.cloned().unwrap_or(Value::Null),
        changed: BTreeSet::new(),
        parked: Some(Parked { version: first, reason }),
    };
    let mut now = match memo_of::<V>(memo) {
        Ok(memo) => memo,
        Err(reason) => return unreadable(format!("the memo can't be read: {reason}")),
    };
    let parked = walk::<V>(&mut now, commits, |memo, recorded, ids| {
        for id in ids {
            let document = documents.entry(id.clone()).or_default();
            if document.version >= recorded.version || document.parked.is_some() {
                continue;
            }
            apply::<V>(memo, &id, document, recorded);
            changed.insert(id);
        }
    });
    match serde_json::to_value(&now) {
        Ok(memo) => Folded { memo, changed, parked },
        Err(error) => unreadable(format!("the memo can't be stored: {error}")),
    }
}

fn apply<V: View>(memo: &V::Memo, id: &str, document: &mut Document, recorded: &Recorded<'_, V::Event>) {
    document.version = recorded.version;
    let before = if V::begins(recorded.event) { None } else { document.body.clone() };
    let created = before.as_ref().and_then(|body| body.get("createdAt").cloned());
    let evolved = evolve::<V>(memo, id, before, recorded).map(|body| {
        body.map(|mut body| {
            let now = Value::String(recorded.time.to_string());
            body.insert("stream".into(), recorded.stream.as_str().into());
            body.insert("createdAt".into(), created.unwrap_or_else(|| now.clone()));
            body.insert("updatedAt".into(), now);
            body
        })
    });
    match evolved {
        Ok(body) => document.body = body,
        Err(reason) => document.parked = Some(Parked { version: recorded.version, reason }),
    }
}

fn evolve<V: View>(
    memo: &V::Memo,
    id: &str,
    before: Option<Map<String, Value>>,
    recorded: &Recorded<'_, V::Event>,
) -> Result<Option<Map<String, Value>>, String> {
    let doc = match before {
        Some(body) => Some(serde_json::from_value::<V::Doc>(Value::Object(body)).map_err(|error| error.to_string())?),
        None => None,
    };
    let Some(doc) = caught(|| V::evolve(memo, id, doc, recorded))? else { return Ok(None) };
    match serde_json::to_value(doc).map_err(|error| error.to_string())? {
        Value::Object(mut body) => {
            body.retain(|_, value| !value.is_null());
            Ok(Some(body))
        }
        other => Err(format!("a document must be an object, not {other}")),
    }
}
