//! An event as other services and readers of the history see it.

use jiff::Timestamp;
use kernel::{Actor, Commit, EventRecord, Id, StreamId, Tenant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The `detail` of a public event, and an event of a stream's history.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicEvent {
    /// `<tenant>/<stream>@<version>`.
    pub id: String,
    /// Whose stream.
    pub tenant: Tenant,
    /// Which stream.
    pub stream: StreamId,
    /// The event's version.
    pub version: u64,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was committed.
    pub time: Timestamp,
    /// Whose command it came of.
    pub actor: Actor,
    /// That command's id.
    pub command_id: Id,
    /// What the command belongs to.
    pub correlation_id: Option<Id>,
    /// What caused the command.
    pub causation_id: Option<Id>,
    /// W3C trace context of the command.
    pub traceparent: Option<String>,
    /// The number of the schema that the data was written with.
    pub schema: u32,
    /// The payload.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub data: Box<RawValue>,
}

impl PublicEvent {
    /// An event of a commit; `None` if it names a command that the commit does not have.
    pub fn of(commit: &Commit, version: u64, event: &EventRecord) -> Option<Self> {
        let command = commit.command_of(event)?;
        Some(Self {
            id: format!("{}/{}@{version}", commit.tenant, commit.stream),
            tenant: commit.tenant.clone(),
            stream: commit.stream.clone(),
            version,
            kind: event.kind.clone(),
            time: commit.time,
            actor: command.actor.clone(),
            command_id: command.id.clone(),
            correlation_id: command.correlation_id.clone(),
            causation_id: command.causation_id.clone(),
            traceparent: command.traceparent.clone(),
            schema: event.schema,
            data: event.data.clone(),
        })
    }
}
