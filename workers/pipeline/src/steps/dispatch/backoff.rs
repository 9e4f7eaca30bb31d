//! How long messages stay away that are given back.

use std::time::Duration;

/// How long a message that is given back stays away: a time that doubles with each receive, with full jitter.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// What doubles.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(2), longest: Duration::from_mins(5) }
    }
}

impl Backoff {
    /// The delay of a message that was handed out so often.
    pub(super) fn delay(&self, receives: u32) -> Duration {
        use std::hash::{BuildHasher, RandomState};
        let bound = self.first.saturating_mul(1 << receives.min(10)).min(self.longest);
        let millis = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(RandomState::new().hash_one(receives) % millis.max(1))
    }
}
