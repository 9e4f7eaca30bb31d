//! Which keys an index may hold: most commands begin a stream, whose entries need not be looked for in the index.

use std::sync::{
    RwLock,
    atomic::{AtomicBool, Ordering},
};

use fastbloom::BloomFilter;
use pipeline::ports::search::Key;

/// How many keys the first filter is made for; each next one is made for twice as many.
const FIRST: usize = 1 << 16;
/// How many of the keys that an index lacks are looked for all the same, in each filter.
const FALSE_POSITIVES: f64 = 0.01;

/// A set of keys that may hold more than it should, never less.
///
/// INVARIANT: once it is complete, every key in the index is in it. Keys that have left the index stay in it.
#[derive(Default)]
pub(super) struct Filter {
    /// The last one is being filled.
    filters: RwLock<Vec<Generation>>,
    complete: AtomicBool,
}

struct Generation {
    filter: BloomFilter,
    room: usize,
}

impl Filter {
    /// Whether the index may hold this key.
    pub(super) fn may_hold(&self, key: &Key) -> bool {
        if !self.complete.load(Ordering::Acquire) {
            return true;
        }
        let Ok(filters) = self.filters.read() else { return true };
        filters.iter().any(|generation| generation.filter.contains(key.as_str()))
    }

    /// Adds keys before they are put into the index.
    pub(super) fn add<'a>(&self, keys: impl IntoIterator<Item = &'a str>) {
        let Ok(mut filters) = self.filters.write() else { return };
        for key in keys {
            let full = filters.last().is_none_or(|generation| generation.room == 0);
            if full {
                let size = FIRST << filters.len().min(16);
                let filter = BloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(size);
                filters.push(Generation { filter, room: size });
            }
            if let Some(last) = filters.last_mut()
                && !last.filter.insert(key)
            {
                last.room -= 1;
            }
        }
    }

    /// From now on all keys of the index are in it.
    pub(super) fn complete(&self) {
        self.complete.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use kernel::Tenant;

    use super::*;

    fn key(n: usize) -> Key {
        let tenant: Tenant = "acme".parse().unwrap();
        Key::document(&tenant, &"toy/1".parse().unwrap(), &n.to_string())
    }

    #[test]
    fn what_was_added_may_be_held_and_hardly_anything_else() {
        let filter = Filter::default();
        assert!(filter.may_hold(&key(0)), "nothing is known before it is complete");
        filter.complete();
        assert!(!filter.may_hold(&key(0)));
        let many = 3 * FIRST;
        for n in 0..many {
            filter.add([key(n).as_str()]);
        }
        assert!((0..many).all(|n| filter.may_hold(&key(n))));
        let wrong = (many..2 * many).filter(|n| filter.may_hold(&key(*n))).count();
        assert!(wrong < many / 20, "{wrong} of {many} keys are looked for in vain");
    }
}
