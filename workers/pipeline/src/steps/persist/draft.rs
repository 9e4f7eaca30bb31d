//! The commit that is being made: what is in it, how big it is, and the time it will bear.

use jiff::{SignedDuration, Timestamp};
use kernel::{CommandRecord, Corrupt, EventRecord, Verdict};
use serde::Serialize;

use super::{decide::Step, warm::Loaded, work::Asked};
use crate::{ports::commits::ClaimWrite, steps::StepError};

/// The largest commit, in bytes of its JSON: what else would go in goes into the next.
pub(super) const LARGEST_COMMIT: usize = 128 * 1024;
/// What a commit takes beside its commands and events, at most, in bytes.
pub(super) const ENVELOPE: usize = 1_024;
/// How far a commit may lie before a command's `issuedAt`, as the door lets it.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A commit that is being made.
pub(super) struct Draft {
    pub(super) time: Timestamp,
    pub(super) bytes: usize,
    pub(super) commands: Vec<CommandRecord>,
    pub(super) events: Vec<EventRecord>,
    pub(super) claims: Vec<ClaimWrite>,
}

impl Draft {
    pub(super) fn new(time: Timestamp) -> Self {
        Self { time, bytes: ENVELOPE, commands: Vec::new(), events: Vec::new(), claims: Vec::new() }
    }

    /// The commit's time if it takes a command that was issued then: never more than the tolerance before that.
    pub(super) fn time_for(&self, issued_at: Timestamp) -> Timestamp {
        self.time.max(before(issued_at))
    }

    /// The stream's version behind what is in it.
    pub(super) fn version(&self, loaded: &Loaded) -> u64 {
        loaded.position.version() + self.events.len() as u64
    }

    /// Takes a rejected command, if there is room for it.
    pub(super) fn reject(
        &mut self,
        loaded: &Loaded,
        asked: &Asked,
        policies: Vec<String>,
        verdict: Verdict,
    ) -> Result<Step, StepError> {
        let mut record = record(asked, policies, self.version(loaded), Some(verdict));
        let mut bytes = size(&record)?;
        if bytes + ENVELOPE > LARGEST_COMMIT {
            record.rejection = Some(too_large(bytes));
            bytes = size(&record)?;
        }
        if !self.commands.is_empty() && self.bytes + bytes > LARGEST_COMMIT {
            return Ok(Step::Full);
        }
        self.record(record, bytes);
        Ok(Step::Taken)
    }

    pub(super) fn record(&mut self, record: CommandRecord, bytes: usize) {
        self.bytes += bytes;
        self.time = self.time_for(record.issued_at);
        self.commands.push(record);
    }
}

pub(super) fn record(asked: &Asked, policies: Vec<String>, version: u64, rejection: Option<Verdict>) -> CommandRecord {
    let command = &asked.authorized.command;
    CommandRecord {
        id: command.id.clone(),
        kind: command.kind.clone(),
        digest: command.digest.clone(),
        actor: asked.authorized.actor.clone(),
        policies,
        issued_at: command.issued_at,
        received_at: asked.received_at,
        version,
        rejection,
        correlation_id: command.correlation_id.clone(),
        causation_id: command.causation_id.clone(),
        traceparent: command.traceparent.clone(),
    }
}

pub(super) fn too_large(bytes: usize) -> Verdict {
    Verdict {
        code: "too-large".into(),
        message: format!("the decision has {bytes} bytes, more than a commit can hold"),
        detail: None,
    }
}

/// How many bytes a record takes as JSON, without writing them anywhere.
pub(super) fn size(record: &impl Serialize) -> Result<usize, Corrupt> {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(1); // the comma
    serde_json::to_writer(&mut count, record)
        .map_err(|error| Corrupt(format!("a commit can't be recorded: {error}")))?;
    Ok(count.0)
}

/// The earliest time that a commit may bear for a command that was issued then.
pub(super) fn before(issued_at: Timestamp) -> Timestamp {
    issued_at.checked_sub(TOLERANCE).unwrap_or(Timestamp::MIN)
}
