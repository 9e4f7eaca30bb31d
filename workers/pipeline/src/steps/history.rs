//! A stream's history: its events from a version on, and its state as of a version or a time.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Aggregate, Catalog, Corrupt, StreamId, StreamKey};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    read::{ReadError, Reader, allow},
    relay::{PublicEvent, public_events},
};
use crate::ports::{
    commits::{CommitStore, Stored},
    identity::PolicyEngine,
};

/// The most events of one answer.
pub const MOST_EVENTS: usize = 1_000;
/// How many bytes of commits one answer is made of, about: a longer history comes in more pages.
const PAGE_BYTES: usize = 4 << 20;
/// How many commits are read at once.
const READ_AHEAD: usize = 256;

/// Some of a stream's events.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Events {
    /// The stream.
    pub stream: StreamId,
    /// Its version.
    pub version: u64,
    /// The events, oldest first.
    #[schemars(with = "Vec<PublicEvent<'static>>")]
    pub events: Vec<Box<RawValue>>,
    /// The version to go on from; null at the end.
    pub next: Option<u64>,
}

/// A state, and where in the stream it was.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StateAt {
    /// The stream.
    pub stream: StreamId,
    /// The version.
    pub version: u64,
    /// When the event of that version was committed.
    pub at: Timestamp,
    /// What the decider knew.
    #[schemars(with = "serde_json::Value")]
    pub state: Box<RawValue>,
}

/// Which state is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The latest.
    Now,
    /// After the event of this version.
    Version(u64),
    /// At this time, events of that instant included.
    Time(Timestamp),
}

/// Reads histories.
#[derive(Clone, Copy)]
pub struct History<'a> {
    /// What aggregates there are.
    pub catalog: &'a Catalog,
    /// The streams.
    pub commits: &'a dyn CommitStore,
    /// Who may read them.
    pub policies: &'a dyn PolicyEngine,
}

impl History<'_> {
    /// The events from a version on, at most `limit`.
    pub async fn events(
        &self,
        reader: Reader<'_>,
        stream: &StreamId,
        from: u64,
        limit: usize,
    ) -> Result<Events, ReadError> {
        let (_, key) = self.open(reader, stream)?;
        let newest = self.newest(&key).await?;
        let version = newest.commit.last;
        let mut found = Events { stream: stream.clone(), version, events: Vec::new(), next: None };
        if from > version {
            return Ok(found);
        }
        let mut seq = self.seq_of(&key, from, newest.commit.seq).await?;
        let mut bytes = 0;
        loop {
            let page = self.commits.read(&key, seq, READ_AHEAD.min(limit)).await?;
            seq = page.commits.last().map_or(seq, |last| last.commit.seq + 1);
            for stored in &page.commits {
                if bytes > 0 && bytes + stored.bytes > PAGE_BYTES {
                    found.next = Some(stored.commit.first.max(from)).filter(|next| *next <= version);
                    return Ok(found);
                }
                for event in public_events(&stored.commit, from).filter(|event| event.version <= version) {
                    if found.events.len() == limit {
                        found.next = Some(event.version);
                        return Ok(found);
                    }
                    let event = to_raw_value(&event).map_err(|error| Corrupt(format!("{key}: {error}")))?;
                    bytes += event.get().len();
                    found.events.push(event);
                }
            }
            if let Some(corrupt) = page.corrupt {
                return Err(corrupt.into());
            }
            if !page.more || page.commits.is_empty() {
                return Ok(found);
            }
        }
    }

    /// The state at a moment, folded from the beginning.
    pub async fn state(&self, reader: Reader<'_>, stream: &StreamId, moment: Moment) -> Result<StateAt, ReadError> {
        let (aggregate, key) = self.open(reader, stream)?;
        let (mut state, mut version, mut at) = (aggregate.start(), 0, Timestamp::MIN);
        let mut seq = 1;
        'fold: loop {
            let page = self.commits.read(&key, seq, READ_AHEAD).await?;
            for stored in &page.commits {
                let commit = &stored.commit;
                seq = commit.seq + 1;
                if matches!(moment, Moment::Time(time) if commit.time > time) {
                    break 'fold;
                }
                for (next, event) in commit.versions() {
                    state = aggregate.evolve(state, event)?;
                    (version, at) = (next, commit.time);
                    if moment == Moment::Version(version) {
                        break 'fold;
                    }
                }
            }
            if let Some(corrupt) = page.corrupt {
                return Err(corrupt.into());
            }
            if !page.more || page.commits.is_empty() {
                break;
            }
        }
        let missing = match moment {
            Moment::Version(wanted) => version != wanted,
            Moment::Now | Moment::Time(_) => version == 0,
        };
        if missing {
            return Err(ReadError::Unknown(format!("such state of the stream `{stream}`")));
        }
        let unreadable = |error: serde_json::Error| Corrupt(format!("the state of {key} can't be told: {error}"));
        let text = String::from_utf8(aggregate.dump(&state)?).map_err(|error| Corrupt(error.to_string()))?;
        Ok(StateAt { stream: stream.clone(), version, at, state: RawValue::from_string(text).map_err(unreadable)? })
    }

    /// The stream's aggregate, if there is one and the reader may see the stream.
    fn open(&self, reader: Reader<'_>, stream: &StreamId) -> Result<(&Aggregate, StreamKey), ReadError> {
        let aggregate = self.catalog.find(stream.aggregate()).ok_or_else(|| unknown(stream))?;
        let attributes = vec![("aggregate", stream.aggregate().into()), ("id", stream.id().into())];
        allow(self.policies, reader.actor, "read", ("Stream", stream.as_str()), attributes)?;
        Ok((aggregate, StreamKey::new(reader.tenant.clone(), stream.clone())))
    }

    /// The newest commit of a stream that has events.
    async fn newest(&self, key: &StreamKey) -> Result<Arc<Stored>, ReadError> {
        let page = self.commits.newest(&[(key.clone(), 0)]).await?.into_iter().next().unwrap_or_default();
        let newest = page.commits.into_iter().next();
        if let (None, Some(corrupt)) = (&newest, page.corrupt) {
            return Err(corrupt.into());
        }
        newest.filter(|stored| stored.commit.last > 0).ok_or_else(|| unknown(&key.stream))
    }

    /// The commit that holds an event, by binary search: numbers, versions and times rise together.
    async fn seq_of(&self, key: &StreamKey, version: u64, newest: u64) -> Result<u64, ReadError> {
        let (mut low, mut high) = (1, newest);
        while low < high {
            let middle = low + (high - low) / 2;
            let page = self.commits.read(key, middle, 1).await?;
            let missing = || page.corrupt.unwrap_or_else(|| Corrupt(format!("{key} has no commit {middle}")));
            let stored = page.commits.into_iter().next().ok_or_else(missing)?;
            if stored.commit.last >= version { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }
}

fn unknown(stream: &StreamId) -> ReadError {
    ReadError::Unknown(format!("stream `{stream}` with events"))
}
