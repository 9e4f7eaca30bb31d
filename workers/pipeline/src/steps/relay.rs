//! Relay: tell the bus what was committed. Commits go packed, many to an entry; public events one by one.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use jiff::Timestamp;
use kernel::{Catalog, Commit, Id, StreamId, Tenant};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::ports::{
    Unavailable,
    commits::Stored,
    feed::{Bus, BusEntry},
};

/// The largest entry's detail, in bytes.
const LARGEST_DETAIL: usize = 200 * 1024;
/// The source of packed commits and refusals.
pub const FEED: &str = "factmill.feed";

#[derive(Serialize)]
struct Commits<'a> {
    aggregates: BTreeSet<&'a str>,
    commits: Vec<&'a Commit>,
}

/// An event as other services see it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicEvent<'a> {
    /// `<tenant>/<stream>@<version>`.
    pub id: String,
    /// Whose event.
    pub tenant: &'a Tenant,
    /// Its stream.
    pub stream: &'a StreamId,
    /// Its version in the stream.
    pub version: u64,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// When it was committed.
    pub time: Timestamp,
    /// Whose command it came of.
    pub actor: &'a str,
    /// That command's id.
    pub command_id: &'a Id,
    /// What the command belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<&'a Id>,
    /// What caused the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<&'a Id>,
    /// W3C trace context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<&'a str>,
    /// The number of the payload's schema.
    pub schema: u32,
    /// The payload.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub data: &'a RawValue,
}

/// A commit's events as other services see them, from a version on.
pub fn public_events(commit: &Commit, from: u64) -> impl Iterator<Item = PublicEvent<'_>> {
    (commit.first..).zip(&commit.events).filter(move |(version, _)| *version >= from).filter_map(
        move |(version, event)| {
            let command = commit.command_of(event)?;
            Some(PublicEvent {
                id: format!("{}/{}@{version}", commit.tenant, commit.stream),
                tenant: &commit.tenant,
                stream: &commit.stream,
                version,
                kind: &event.kind,
                time: commit.time,
                actor: &command.actor.sub,
                command_id: &command.id,
                correlation_id: command.correlation_id.as_ref(),
                causation_id: command.causation_id.as_ref(),
                traceparent: command.traceparent.as_deref(),
                schema: event.schema,
                data: &event.data,
            })
        },
    )
}

/// An entry for the bus, and which commits it tells of.
#[derive(Debug)]
pub struct Told {
    /// The entry.
    pub entry: BusEntry,
    /// The first of them.
    pub first: usize,
}

/// What the bus is told of some commits: the commits, packed, and then their public events.
pub fn entries(catalog: &Catalog, commits: &[Arc<Stored>]) -> Result<Vec<Told>, serde_json::Error> {
    let mut entries = feed(commits)?;
    for (first, stored) in commits.iter().enumerate() {
        let aggregate = stored.commit.stream.aggregate();
        let Some(known) = catalog.find(aggregate) else { continue };
        for event in public_events(&stored.commit, 0).filter(|event| known.publishes(event.kind)) {
            let entry = BusEntry {
                source: format!("factmill.{aggregate}"),
                detail_type: event.kind.to_owned(),
                detail: to_raw_value(&event)?,
            };
            entries.push(Told { entry, first });
        }
    }
    Ok(entries)
}

/// The commits, packed in order.
fn feed(commits: &[Arc<Stored>]) -> Result<Vec<Told>, serde_json::Error> {
    let mut entries = Vec::new();
    let (mut first, mut bytes) = (0, 0);
    for (at, stored) in commits.iter().enumerate() {
        if bytes + stored.bytes > LARGEST_DETAIL && at > first {
            entries.push(pack(commits, first..at)?);
            (first, bytes) = (at, 0);
        }
        bytes += stored.bytes + 1;
    }
    if first < commits.len() {
        entries.push(pack(commits, first..commits.len())?);
    }
    Ok(entries)
}

fn pack(commits: &[Arc<Stored>], range: Range<usize>) -> Result<Told, serde_json::Error> {
    let first = range.start;
    let commits: Vec<_> = commits.get(range).unwrap_or_default().iter().map(|stored| &stored.commit).collect();
    let aggregates = commits.iter().map(|commit| commit.stream.aggregate()).collect();
    let detail = to_raw_value(&Commits { aggregates, commits })?;
    Ok(Told { entry: BusEntry { source: FEED.into(), detail_type: "Commits".into(), detail }, first })
}

/// Not all was told of the commits, and this is the first that it concerns: from there on they are told again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{outage}")]
pub struct Unsent {
    /// Which commit.
    pub first: usize,
    /// Why.
    pub outage: Unavailable,
}

/// Publishes commits; what was not accepted is published again by the caller's retry, which subscribers expect.
pub async fn relay(catalog: &Catalog, bus: &dyn Bus, commits: &[Arc<Stored>]) -> Result<(), Unsent> {
    publish(bus, entries(catalog, commits)).await
}

/// Publishes commits for the projectors alone, who take a commit again for nothing new: what a long outage kept from
/// the bus. Other services are told of no event twice for it.
pub async fn reannounce(bus: &dyn Bus, commits: &[Arc<Stored>]) -> Result<(), Unsent> {
    publish(bus, feed(commits)).await
}

async fn publish(bus: &dyn Bus, told: Result<Vec<Told>, serde_json::Error>) -> Result<(), Unsent> {
    let told = told.map_err(|error| Unsent { first: 0, outage: Unavailable::new("telling the bus", error) })?;
    let (entries, firsts): (Vec<_>, Vec<_>) = told.into_iter().map(|told| (told.entry, told.first)).unzip();
    let results = bus.publish(entries).await.into_iter().zip(firsts);
    let unsent = results.filter_map(|(result, first)| Some(Unsent { first, outage: result.err()? }));
    unsent.min_by_key(|unsent| unsent.first).map_or(Ok(()), Err)
}
