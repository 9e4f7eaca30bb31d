//! What is known of keys without asking the index: everything not yet refreshed, and what was used lately.

use std::{collections::HashMap, sync::Arc};

use pipeline::ports::search::{Entry, Key};

type Entries = HashMap<Key, Arc<Entry>>;

/// What is known of a key: its entry, or that the index doesn't have it.
#[derive(Debug, Clone)]
pub(super) struct Known(pub(super) Option<Arc<Entry>>);

/// How many keys each of two generations remembers.
const GENERATION: usize = 2_048;

/// INVARIANT: an entry is `fresh` from when it was accepted until a commit takes it, then `committing` until the index
/// is refreshed; what is neither is in the index as last refreshed.
#[derive(Default)]
pub(super) struct Recent {
    fresh: Entries,
    committing: Entries,
    young: HashMap<Key, Known>,
    old: HashMap<Key, Known>,
    /// Counts refreshes: what was read before one may be out of date after it.
    pub(super) epoch: u64,
    accepted: u64,
    visible: u64,
}

impl Recent {
    /// What is known of a key; `None` says: ask the index.
    pub(super) fn get(&mut self, key: &Key) -> Option<Known> {
        if let Some(entry) = self.fresh.get(key).or_else(|| self.committing.get(key)) {
            return Some(Known(Some(entry.clone())));
        }
        if let Some(known) = self.young.get(key) {
            return Some(known.clone());
        }
        let known = self.old.remove(key)?;
        self.remember(key.clone(), known.clone());
        Some(known)
    }

    /// Notes what the index, as refreshed in `epoch`, has under a key.
    pub(super) fn learn(&mut self, epoch: u64, key: Key, known: Known) {
        if epoch == self.epoch && !self.fresh.contains_key(&key) && !self.committing.contains_key(&key) {
            self.remember(key, known);
        }
    }

    pub(super) fn accept(&mut self, entry: Entry) {
        self.young.remove(&entry.key);
        self.old.remove(&entry.key);
        self.accepted += 1;
        self.fresh.insert(entry.key.clone(), Arc::new(entry));
    }

    /// Hands what is fresh to a commit; returns what is visible when that is done.
    pub(super) fn begin_commit(&mut self) -> u64 {
        for (key, entry) in std::mem::take(&mut self.fresh) {
            self.committing.insert(key, entry);
        }
        self.accepted
    }

    pub(super) fn end_commit(&mut self, visible: u64) {
        self.epoch += 1;
        self.visible = visible;
        for (key, entry) in std::mem::take(&mut self.committing) {
            if !self.fresh.contains_key(&key) {
                self.remember(key, Known(Some(entry)));
            }
        }
    }

    /// Forgets everything, since the index went back to its last commit.
    pub(super) fn roll_back(&mut self) {
        *self = Self { epoch: self.epoch + 1, accepted: self.accepted, visible: self.accepted, ..Self::default() };
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(super) fn visible(&self) -> u64 {
        self.visible
    }

    /// How many entries wait for a commit.
    pub(super) fn waiting(&self) -> usize {
        self.fresh.len()
    }

    fn remember(&mut self, key: Key, known: Known) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, known);
    }
}
