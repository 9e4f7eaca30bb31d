//! What is remembered of a customer: the details, those of earlier versions, and the points.
//!
//! A restore needs the details of an earlier version, and a decision knows nothing but its state. So the state keeps
//! them: one entry for each change of details, none for rewards, at most [`REMEMBERED`]. Reading the stream instead
//! would make one command as slow as its stream is long, and need a decider that reads.

use std::collections::VecDeque;

use events::customer::{Details, Event};
use serde::{Deserialize, Serialize};

/// How many earlier details are remembered: a version before so many changes is unknown to a restore.
pub const REMEMBERED: usize = 1_000;

/// Details that were so before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Earlier {
    /// The last version at which they were so.
    pub until: u64,
    /// The details.
    #[serde(flatten)]
    pub details: Details,
}

/// All that decisions need to know of somebody who was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The stream's version.
    pub version: u64,
    /// The details now.
    #[serde(flatten)]
    pub details: Details,
    /// The points.
    pub points: u64,
    /// The details of versions before, oldest first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub earlier: VecDeque<Earlier>,
    /// The last version whose details are no longer remembered.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub forgotten: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Record {
    /// The details at a version.
    pub fn at(&self, version: u64) -> Option<&Details> {
        if version <= self.forgotten || version > self.version {
            return None;
        }
        let earlier = self.earlier.partition_point(|earlier| earlier.until < version);
        Some(self.earlier.get(earlier).map_or(&self.details, |earlier| &earlier.details))
    }

    fn change(&mut self, details: Details) {
        let before = std::mem::replace(&mut self.details, details);
        self.earlier.push_back(Earlier { until: self.version, details: before });
        if self.earlier.len() > REMEMBERED
            && let Some(oldest) = self.earlier.pop_front()
        {
            self.forgotten = oldest.until;
        }
    }
}

/// Where a customer is in their life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum State {
    /// Nobody registered.
    #[default]
    Absent,
    /// They are a customer.
    Active(Record),
    /// They left.
    Deleted(Record),
}

impl State {
    pub(super) fn evolve(self, event: &Event) -> Self {
        let (mut record, active) = match (self, event) {
            (Self::Absent, Event::CustomerRegistered(e)) => {
                let details = e.details.clone();
                let earlier = VecDeque::new();
                return Self::Active(Record { version: 1, details, points: 0, earlier, forgotten: 0 });
            }
            // nothing else is decided on nobody
            (Self::Absent, _) => return Self::Absent,
            (Self::Active(record), _) => (record, true),
            (Self::Deleted(record), _) => (record, false),
        };
        let active = match event {
            Event::CustomerRegistered(_) => active,
            Event::CustomerUpdated(e) => {
                let details = e.over(record.details.clone());
                record.change(details);
                active
            }
            Event::CustomerDeleted(_) => false,
            Event::CustomerRestored(e) => {
                if e.details != record.details {
                    record.change(e.details.clone());
                }
                true
            }
            Event::RewardAdded(e) => {
                record.points = record.points.saturating_add(e.points);
                active
            }
            Event::RewardRedeemed(e) => {
                record.points = record.points.saturating_sub(e.points);
                active
            }
        };
        record.version += 1;
        if active { Self::Active(record) } else { Self::Deleted(record) }
    }
}
