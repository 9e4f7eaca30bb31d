//! The status of commands.

use std::pin::Pin;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Commit, Id, Refusal, StreamId, Tenant, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unavailable;

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Durably accepted, not settled yet.
    Queued,
    /// Zero or more events were appended.
    Committed,
    /// A business rule said no.
    Rejected,
    /// Not a valid, authentic, permitted command.
    Refused,
    /// Given up.
    Failed,
}

impl Outcome {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Committed => "committed",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more will come of this delivery.
    pub fn is_settled(self) -> bool {
        self != Self::Queued
    }

    /// Whether no later delivery can change it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Committed | Self::Rejected)
    }
}

/// An event that came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventRef {
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its version.
    pub version: u64,
}

/// Why a command was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// A stable code.
    pub code: String,
    /// What happened.
    pub message: String,
}

/// The status object of the wire contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The command's id.
    pub id: Id,
    /// Its stream.
    pub stream: StreamId,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How far it has come.
    pub status: Outcome,
    /// When the queue first accepted the delivery that this answers.
    pub received_at: Timestamp,
    /// When it was settled; null while it is queued.
    pub settled_at: Option<Timestamp>,
    /// The stream's version at the decision; null unless committed or rejected.
    pub version: Option<u64>,
    /// The events that came of it.
    pub events: Vec<EventRef>,
    /// Why a business rule said no.
    pub rejection: Option<Verdict>,
    /// Why it is not a valid, authentic, permitted command.
    pub refusal: Option<Refusal>,
    /// Why it was given up.
    pub failure: Option<Failure>,
}

/// A status, and what decides who may see it and whether it answers a given content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The status object.
    pub status: Status,
    /// Digest of the command's content, where it could be computed.
    pub digest: Option<String>,
    /// The subject that sent it.
    pub actor: String,
}

impl Known {
    /// The status of one of a commit's commands.
    pub fn of_commit(commit: &Commit, command: usize) -> Option<Self> {
        let record = commit.commands.get(command)?;
        let events = commit.events_of(command);
        let events: Vec<_> = events.map(|(version, event)| EventRef { kind: event.kind.clone(), version }).collect();
        let rejected = record.rejection.is_some();
        Some(Self {
            status: Status {
                id: record.id.clone(),
                stream: commit.stream.clone(),
                kind: record.kind.clone(),
                status: if rejected { Outcome::Rejected } else { Outcome::Committed },
                received_at: record.received_at,
                settled_at: Some(commit.time),
                version: Some(record.version),
                events,
                rejection: record.rejection.clone(),
                refusal: None,
                failure: None,
            },
            digest: Some(record.digest.clone()),
            actor: record.actor.sub.clone(),
        })
    }

    /// A refusal of a command of which this much could be read.
    pub fn refused(about: About<'_>, refusal: Refusal, settled_at: Timestamp) -> Self {
        let mut known = about.settled(Outcome::Refused, settled_at);
        known.status.refusal = Some(refusal);
        known
    }

    /// A command that was given up.
    pub fn failed(about: About<'_>, failure: Failure, settled_at: Timestamp) -> Self {
        let mut known = about.settled(Outcome::Failed, settled_at);
        known.status.failure = Some(failure);
        known
    }

    /// Whether this outranks another status of the same id: what is final over all, then the later delivery's answer.
    pub fn outranks(&self, other: &Known) -> bool {
        let rank = |known: &Known| known.status.status.is_final();
        match (rank(self), rank(other)) {
            (true, false) => true,
            (_, true) => false,
            // of one delivery, what came of it over that it is queued
            (false, false) => {
                let order = |known: &Known| (known.status.received_at, known.status.status.is_settled());
                order(self) >= order(other)
            }
        }
    }
}

/// A delivery of a command, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The command's id.
    pub id: &'a Id,
    /// Its stream.
    pub stream: &'a StreamId,
    /// Its type.
    pub kind: &'a str,
    /// Digest of its content.
    pub digest: Option<&'a str>,
    /// Who sent it.
    pub actor: &'a str,
    /// When the queue first accepted this delivery.
    pub received_at: Timestamp,
}

impl About<'_> {
    fn settled(self, status: Outcome, settled_at: Timestamp) -> Known {
        Known {
            status: Status {
                id: self.id.clone(),
                stream: self.stream.clone(),
                kind: self.kind.to_owned(),
                status,
                received_at: self.received_at,
                settled_at: Some(settled_at),
                version: None,
                events: Vec::new(),
                rejection: None,
                refusal: None,
                failure: None,
            },
            digest: self.digest.map(str::to_owned),
            actor: self.actor.to_owned(),
        }
    }
}

/// Resolves when something may have changed.
pub type Change<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What is known of commands by id. What a stream recorded follows from its commits; refusals and failures are
/// recorded here.
///
/// INVARIANT: `committed` and `rejected` are never overwritten; of refusals and failures the one of the latest
/// delivery stands.
#[async_trait]
pub trait StatusStore: Send + Sync {
    /// The status of each command, or none where it is unknown or not visible yet. Where two streams settled the
    /// same id, the one settled first.
    async fn read(&self, tenant: &Tenant, ids: &[Id]) -> Result<Vec<Option<Known>>, Unavailable>;

    /// The status of a command on one stream.
    async fn read_on(&self, tenant: &Tenant, id: &Id, stream: &StreamId) -> Result<Option<Known>, Unavailable>;

    /// Records refusals and failures of a tenant's commands.
    async fn record(&self, tenant: &Tenant, settled: Vec<Known>) -> Result<(), Unavailable>;

    /// Resolves when the status of a command may have changed since this was called (not since it was polled).
    fn watch(&self, tenant: &Tenant, id: &Id) -> Change<'_>;
}
