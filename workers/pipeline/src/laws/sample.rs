//! What the laws are tried with.

#![expect(clippy::unwrap_used, reason = "these are known to be well-formed")]
#![expect(clippy::missing_panics_doc, reason = "these are known to be well-formed")]

use jiff::Timestamp;
use kernel::{Actor, CommandRecord, EventRecord, Id, StreamKey, Verdict};
use serde_json::value::RawValue;

use crate::ports::commits::{Append, ClaimWrite, Position};

/// A stream of the tenant `acme`.
pub fn stream(name: &str) -> StreamKey {
    format!("acme/{name}").parse().unwrap()
}

/// An id.
pub fn id(text: &str) -> Id {
    text.parse().unwrap()
}

/// So many seconds after a certain time.
pub fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).unwrap()
}

/// A command that was committed, or rejected.
pub fn command(id: &str, version: u64, rejected: bool) -> CommandRecord {
    let verdict = Verdict { code: "no".into(), message: "it may not be".into(), detail: None };
    CommandRecord {
        id: id.parse().unwrap(),
        kind: "Count".into(),
        digest: format!("digest of {id}"),
        actor: Actor { sub: "alice".into(), roles: ["staff".to_owned()].into() },
        policies: vec!["staff-count".into()],
        issued_at: second(0),
        received_at: second(1),
        version,
        rejection: rejected.then_some(verdict),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    }
}

/// An event of the commit's first command.
pub fn event(data: &str) -> EventRecord {
    EventRecord { kind: "Counted".into(), schema: 1, command: 0, data: RawValue::from_string(data.to_owned()).unwrap() }
}

/// An append of one command and its one event.
pub fn append(position: &Position, id: &str) -> Append {
    claiming(position, id, Vec::new())
}

/// An append of one command and its one event, with claims.
pub fn claiming(position: &Position, id: &str, claims: Vec<ClaimWrite>) -> Append {
    let commands = vec![command(id, position.version() + 1, false)];
    Append::new(position.clone(), second(2), None, commands, vec![event("{}")], claims).unwrap()
}
