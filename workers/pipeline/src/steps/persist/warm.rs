//! Streams that this process has loaded: bounded, and only ever a short cut. What is read from the store decides.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use kernel::{Id, StreamKey, catalog::State};
use lru::LruCache;

use crate::ports::commits::{Position, Seen, Stored};

/// The most command ids that are kept of one stream; of a longer one, the newest.
const MOST_IDS: usize = 20_000;
/// What keeping a stream costs at least, in bytes.
const STREAM_WEIGHT: usize = 1_024;
/// What keeping a command's id costs, in bytes.
const ID_WEIGHT: usize = 160;

/// A stream as it was loaded.
pub(super) struct Loaded {
    pub(super) position: Position,
    pub(super) state: State,
    pub(super) ids: Ids,
    /// The commit that the last known snapshot was taken at.
    pub(super) snapshot: Option<u64>,
    /// Bytes of the commits since then.
    pub(super) since_snapshot: usize,
    /// Bytes of that snapshot.
    pub(super) snapshot_bytes: usize,
}

impl Loaded {
    fn weight(&self) -> usize {
        STREAM_WEIGHT + self.ids.seen.len() * ID_WEIGHT + self.since_snapshot + self.snapshot_bytes
    }
}

/// The commands that a stream has seen, back to a time.
#[derive(Default)]
pub(super) struct Ids {
    seen: HashMap<Id, Seen>,
    order: VecDeque<(Id, Timestamp)>,
    /// All commits later than this are covered; `None`: all there are.
    after: Option<Timestamp>,
}

impl Ids {
    /// None seen yet of a stream whose commits up to a time are not known.
    pub(super) fn behind(time: Timestamp) -> Self {
        Self { after: Some(time), ..Self::default() }
    }

    /// Notes a commit's commands.
    pub(super) fn note(&mut self, stored: &Stored) {
        for (command, record) in stored.commit.commands.iter().enumerate() {
            self.seen.insert(record.id.clone(), Seen { seq: stored.commit.seq, command });
            self.order.push_back((record.id.clone(), stored.commit.time));
        }
        while self.order.len() > MOST_IDS {
            if let Some((id, time)) = self.order.pop_front() {
                self.seen.remove(&id);
                self.after = Some(time);
            }
        }
    }

    pub(super) fn get(&self, id: &Id) -> Option<Seen> {
        self.seen.get(id).copied()
    }

    /// Whether every commit from this time on is covered.
    pub(super) fn cover(&self, from: Timestamp) -> bool {
        self.after.is_none_or(|after| from > after)
    }
}

/// The streams that this process has loaded, the least used first to go.
pub struct Warm {
    streams: Mutex<Streams>,
    conflicts: AtomicU64,
    dropped_releases: AtomicU64,
    lost_snapshots: AtomicU64,
}

struct Streams {
    loaded: LruCache<StreamKey, Loaded>,
    weight: usize,
    most: usize,
}

impl Warm {
    /// Keeps up to about so many bytes.
    pub fn new(most: usize) -> Self {
        let streams = Streams { loaded: LruCache::unbounded(), weight: 0, most };
        let none = || AtomicU64::new(0);
        Self { streams: Mutex::new(streams), conflicts: none(), dropped_releases: none(), lost_snapshots: none() }
    }

    /// Takes a stream out: whoever works on it owns it, and forgets it when the work fails.
    pub(super) fn take(&self, key: &StreamKey) -> Option<Loaded> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = streams.loaded.pop(key)?;
        streams.weight = streams.weight.saturating_sub(loaded.weight());
        Some(loaded)
    }

    pub(super) fn keep(&self, key: StreamKey, loaded: Loaded) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.weight += loaded.weight();
        if let Some(replaced) = streams.loaded.put(key, loaded) {
            streams.weight = streams.weight.saturating_sub(replaced.weight());
        }
        while streams.weight > streams.most {
            let Some((_, dropped)) = streams.loaded.pop_lru() else { break };
            streams.weight = streams.weight.saturating_sub(dropped.weight());
        }
    }

    pub(super) fn count_conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_dropped_release(&self) {
        self.dropped_releases.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_lost_snapshot(&self) {
        self.lost_snapshots.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a stream gave back a claim that it did not hold.
    pub fn dropped_releases(&self) -> u64 {
        self.dropped_releases.load(Ordering::Relaxed)
    }

    /// How many snapshots could not be kept.
    pub fn lost_snapshots(&self) -> u64 {
        self.lost_snapshots.load(Ordering::Relaxed)
    }

    /// How often another writer was faster.
    pub fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }
}
