//! Bulk writes: bodies of a bounded size, and what became of each item.

use std::io::Write as _;

use ::opensearch::http::Method;
use pipeline::ports::{
    Unavailable,
    search::{Key, Put},
};
use serde::Deserialize;

use super::client::{Cause, Client};

/// A body is sent when it has grown to this. Small nodes take 10 MiB at once.
const FULL: usize = 4 << 20;
const WHAT: &str = "writing to the index";
/// What is told of each item; the rest of the answer would cost more than it says.
const TOLD: &str = "filter_path=items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by";

/// Lines of one bulk request, and how many items they are.
#[derive(Default)]
pub(super) struct Body {
    lines: Vec<u8>,
    items: usize,
}

impl Body {
    /// Adds an item that is written over lower versions only; an error says why it can't be written at all.
    pub(super) fn versioned(
        &mut self,
        key: &Key,
        version: u64,
        source: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
    ) -> Result<(), String> {
        let action =
            format!(r#"{{"index":{{"_id":"{}","version":{version},"version_type":"external"}}}}"#, key.as_str());
        self.add(&action, source)
    }

    /// Adds an item.
    pub(super) fn add(
        &mut self,
        action: &str,
        source: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
    ) -> Result<(), String> {
        let before = self.lines.len();
        // writing to a vector does not fail
        let _ = writeln!(self.lines, "{action}");
        if let Err(reason) = source(&mut self.lines) {
            self.lines.truncate(before);
            return Err(reason);
        }
        self.lines.push(b'\n');
        self.items += 1;
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// The bytes that would be sent.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.lines
    }
}

/// What became of one item.
#[derive(Debug, Deserialize)]
pub(super) struct Verdict {
    pub(super) status: u16,
    error: Option<Cause>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Item {
    Index(Verdict),
    Create(Verdict),
}

#[derive(Deserialize)]
struct Told {
    items: Vec<Item>,
}

/// What became of a request.
pub(super) enum Bulk {
    /// Of each item, in order.
    Told(Vec<Verdict>),
    /// There is no such index.
    NoIndex,
}

/// Sends a body to an alias.
pub(super) async fn send(client: &Client, alias: &str, body: Body) -> Result<Bulk, Unavailable> {
    let items = body.items;
    let path = format!("{alias}/_bulk?require_alias=true&{TOLD}");
    let answer = client.send(WHAT, Method::Post, &path, body.lines).await?;
    let all = |status: u16| (0..items).map(|_| Verdict { status, error: answer.cause() }).collect();
    if answer.status == 429 || answer.status == 413 && items == 1 {
        return Ok(Bulk::Told(all(answer.status)));
    }
    if !answer.is_success() {
        return Err(Unavailable::new(WHAT, answer.trouble()));
    }
    let told: Told = answer.read(WHAT)?;
    let verdict = |item| match item {
        Item::Index(verdict) | Item::Create(verdict) => verdict,
    };
    let verdicts: Vec<Verdict> = told.items.into_iter().map(verdict).collect();
    if verdicts.len() != items {
        return Err(Unavailable::new(WHAT, format!("{items} items were sent, {} were told of", verdicts.len())));
    }
    let gone = |verdict: &Verdict| verdict.status == 404;
    if verdicts.iter().any(gone) { Ok(Bulk::NoIndex) } else { Ok(Bulk::Told(verdicts)) }
}

impl Verdict {
    /// As the port tells it.
    pub(super) fn put(self) -> Put {
        match self.status {
            200..300 => Put::Accepted,
            409 => Put::Newer,
            400 | 413 => Put::Refused(self.reason()),
            // too busy, a shard that is not there, a disk that is full
            _ => Put::Busy,
        }
    }

    pub(super) fn reason(&self) -> String {
        self.error.as_ref().map_or_else(|| format!("status {}", self.status), ToString::to_string)
    }
}
