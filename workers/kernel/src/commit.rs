//! A stream's records. The stream is its own ledger: what was asked, by whom, and what came of it.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de};
use serde_json::{Value, value::RawValue};
use sha2::{Digest, Sha256};

use crate::{
    decider::{Actor, Rejection},
    id::{Id, StreamId, StreamKey, Tenant},
};

/// SHA-256 of a commit's bytes as stored; as text base64url, 43 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of a commit's bytes.
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash that these bytes are; `None` unless they are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| "a hash must be base64url")?;
        Self::from_bytes(&bytes).ok_or("a hash must have 32 bytes")
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A rejection as it is recorded and told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verdict {
    /// The domain's own code, or `version-mismatch` or `too-large`.
    pub code: String,
    /// What is in the way.
    pub message: String,
    /// More, for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
}

impl<R: Rejection> From<&R> for Verdict {
    fn from(rejection: &R) -> Self {
        Self { code: rejection.code().to_owned(), message: rejection.message(), detail: rejection.detail() }
    }
}

/// A command as its stream remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandRecord {
    /// The command's id.
    pub id: Id,
    /// The command's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Digest of its content.
    pub digest: String,
    /// Who asked.
    pub actor: Actor,
    /// The policies that allowed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// When the client first issued it.
    pub issued_at: Timestamp,
    /// When the queue first accepted this delivery.
    pub received_at: Timestamp,
    /// The stream's version at the decision: after the command's events, or where it was rejected.
    pub version: u64,
    /// Why it was rejected; absent if it was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Verdict>,
    /// What it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Id>,
    /// What caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Id>,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// An event as its stream remembers it. Its version is the commit's `first` plus its index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventRecord {
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number of the schema that it was written with.
    pub schema: u32,
    /// Which of the commit's commands it came of.
    pub command: usize,
    /// The payload.
    pub data: Box<RawValue>,
}

/// A claim that a commit changed: its stream took it, or gave it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// What the value is unique in.
    pub scope: String,
    /// The value, as it is compared.
    pub value: String,
    /// Whether it was given back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
}

/// One conditional write to a stream: commands, and the events that came of them.
///
/// `seq` counts a stream's commits, versions count its events, both from 1 without gaps. A commit without events has
/// `first == last + 1`. `previous` is the hash of the bytes of the commit before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Commit {
    /// Whose stream.
    pub tenant: Tenant,
    /// Which stream.
    pub stream: StreamId,
    /// The commit's number in its stream.
    pub seq: u64,
    /// The version of its first event.
    pub first: u64,
    /// The stream's version after it.
    pub last: u64,
    /// Never before the previous commit's time, nor more than five minutes before a command's `issuedAt`.
    pub time: Timestamp,
    /// The hash of the previous commit; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Hash>,
    /// The commit that the last known snapshot was taken at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u64>,
    /// What was asked.
    pub commands: Vec<CommandRecord>,
    /// What came of it.
    pub events: Vec<EventRecord>,
    /// The claims that were changed with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimRecord>,
}

impl Commit {
    /// Whose stream, and which.
    pub fn key(&self) -> StreamKey {
        StreamKey::new(self.tenant.clone(), self.stream.clone())
    }

    /// The commit's events with their versions, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = (u64, &EventRecord)> {
        (self.first..).zip(&self.events).collect::<Vec<_>>().into_iter()
    }

    /// The types and versions of the events that came of one of its commands.
    pub fn events_of(&self, command: usize) -> impl Iterator<Item = (u64, &EventRecord)> {
        (self.first..).zip(&self.events).filter(move |(_, event)| event.command == command)
    }

    /// The command that an event came of.
    pub fn command_of(&self, event: &EventRecord) -> Option<&CommandRecord> {
        self.commands.get(event.command)
    }
}
