//! The commits' table's stream, as the relay is given it.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use pipeline::ports::commits::Stored;
use serde::Serialize;
use serde_dynamo::AttributeValue;

use super::item::{BODY, KEY, SEQ};

/// A record of the stream.
#[derive(Debug)]
pub struct Record {
    /// Its number in the stream: what a failure is reported by.
    pub number: String,
    /// What it says.
    pub content: Content,
}

/// What a record says.
#[derive(Debug)]
pub enum Content {
    /// A commit was appended.
    Appended(Arc<Stored>),
    /// A commit was removed, as nobody but an operator can: there is nothing to tell.
    Removed,
    /// Nothing that can be told.
    Unreadable(Unreadable),
}

/// A record that can't be told, for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unreadable {
    /// The record's number in the stream.
    pub number: String,
    /// The stream, if the record names it.
    pub stream: Option<String>,
    /// The commit's number, if the record names it.
    pub seq: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// The records of an event, in order.
pub fn records(event: &Event) -> Vec<Record> {
    event.records.iter().map(record).collect()
}

fn record(record: &EventRecord) -> Record {
    let number = record.change.sequence_number.clone().unwrap_or_default();
    let content = match record.event_name.as_str() {
        "INSERT" => appended(record).map_or_else(|reason| unreadable(record, reason), Content::Appended),
        "REMOVE" => Content::Removed,
        other => unreadable(record, format!("a commit is never changed, and this record says `{other}`")),
    };
    Record { number, content }
}

fn appended(record: &EventRecord) -> Result<Arc<Stored>, String> {
    let Some(AttributeValue::B(body)) = record.change.new_image.get(BODY) else {
        return Err("the record has no commit's bytes".into());
    };
    let stored = Stored::decode(body).map_err(|corrupt| corrupt.to_string())?;
    Ok(Arc::new(stored))
}

fn unreadable(record: &EventRecord, reason: String) -> Content {
    let keys = &record.change.keys;
    let text = |name| match keys.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => Some(text.clone()),
        _ => None,
    };
    Content::Unreadable(Unreadable {
        number: record.change.sequence_number.clone().unwrap_or_default(),
        stream: text(KEY),
        seq: text(SEQ),
        reason,
    })
}
