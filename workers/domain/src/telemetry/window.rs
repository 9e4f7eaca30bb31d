//! Which readings of a metric were recorded already: its latest instants, and the rule that what is older than all of
//! them was recorded or comes too late.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many instants of a metric are remembered.
pub const LATEST: usize = 1_000;

/// The latest instants of a metric, as nanoseconds since 1970, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Window(VecDeque<i64>);

/// Where an instant belongs.
enum Place {
    /// Behind so many.
    At(usize),
    /// It is there already, or older than all that are remembered.
    Known,
}

impl Window {
    /// Remembers an instant that was recorded. What comes in order costs nothing but that.
    pub(super) fn remember(&mut self, at: Timestamp) {
        if let Place::At(place) = self.place(nanos(at)) {
            self.0.insert(place, nanos(at));
            if self.0.len() > LATEST {
                self.0.pop_front();
            }
        }
    }

    fn place(&self, at: i64) -> Place {
        if self.0.back().is_none_or(|latest| *latest < at) {
            return Place::At(self.0.len());
        }
        match self.0.binary_search(&at) {
            Ok(_) => Place::Known,
            Err(0) if self.0.len() >= LATEST => Place::Known,
            Err(place) => Place::At(place),
        }
    }
}

/// A window, and the instants that a command adds to it: tells the same as a copy to which they were added would.
pub(super) struct Adding<'a> {
    before: Option<&'a Window>,
    /// How many of the oldest before have made room.
    gone: usize,
    /// What was added and is still among the latest.
    added: Window,
}

impl<'a> Adding<'a> {
    pub(super) fn to(before: Option<&'a Window>) -> Self {
        Self { before, gone: 0, added: Window::default() }
    }

    /// Adds an instant; false if it was recorded already, or is older than all of as many as are remembered.
    pub(super) fn add(&mut self, at: Timestamp) -> bool {
        let at = nanos(at);
        let before = self.before.map(|window| &window.0);
        let oldest = before.and_then(|before| before.get(self.gone)).copied();
        let left = before.map_or(0, |before| before.len() - self.gone);
        let full = left + self.added.0.len() >= LATEST;
        let Place::At(place) = self.added.place(at) else { return false };
        let older_than_all = place == 0 && oldest.is_none_or(|oldest| at < oldest);
        let known = before.is_some_and(|before| before.binary_search(&at).is_ok());
        if known || full && older_than_all {
            return false;
        }
        self.added.0.insert(place, at);
        if full {
            // the oldest of all makes room
            match (oldest, self.added.0.front()) {
                (Some(oldest), Some(added)) if oldest < *added => self.gone += 1,
                _ => drop(self.added.0.pop_front()),
            }
        }
        true
    }
}

/// A window as snapshots hold it: the latest instant, and backwards from it how many nanoseconds lie between.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<u64>,
}

impl From<Window> for Stored {
    fn from(Window(instants): Window) -> Self {
        let latest = instants.back().and_then(|latest| Timestamp::from_nanosecond((*latest).into()).ok());
        let gaps =
            instants.iter().rev().zip(instants.iter().rev().skip(1)).map(|(newer, older)| newer.abs_diff(*older));
        Self { latest, gaps: gaps.collect() }
    }
}

impl From<Stored> for Window {
    fn from(Stored { latest, gaps }: Stored) -> Self {
        let mut instants = VecDeque::with_capacity(gaps.len() + 1);
        let Some(mut at) = latest.map(nanos) else { return Self::default() };
        instants.push_front(at);
        for gap in gaps {
            at = at.saturating_sub_unsigned(gap);
            instants.push_front(at);
        }
        Self(instants)
    }
}

/// An instant in nanoseconds since 1970. Commands are checked to lie within what 64 bits hold.
fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanosecond(nanos.into()).unwrap()
    }

    fn of(instants: impl IntoIterator<Item = i64>) -> Window {
        let mut window = Window::default();
        instants.into_iter().for_each(|instant| window.remember(at(instant)));
        window
    }

    #[test]
    fn the_latest_thousand_are_remembered() {
        let window = of(0..1_001);
        assert_eq!((window.0.len(), window.0.front(), window.0.back()), (LATEST, Some(&1), Some(&1_000)));
        // one that is older than all of them leaves no trace, one in between takes the oldest one's place
        assert_eq!(of((0..1_001).chain([0, -5])), window);
        let spaced = of((0..1_000).map(|n| n * 2).chain([3]));
        assert_eq!((spaced.0.len(), spaced.0[0], spaced.0[1], spaced.0[2]), (LATEST, 2, 3, 4));
    }

    #[test]
    fn a_window_is_stored_by_its_gaps() {
        let stored = serde_json::to_value(of([5_000_000_000, 1_000_000_000, 3_000_000_001])).unwrap();
        let gaps = [1_999_999_999_u64, 2_000_000_001];
        assert_eq!(stored, serde_json::json!({ "latest": "1970-01-01T00:00:05Z", "gaps": gaps }));
        assert_eq!(serde_json::to_value(Window::default()).unwrap(), serde_json::json!({}));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn adding_tells_the_same_as_remembering_one_by_one(
            before in prop::collection::vec(0..1_500_i64, 900..1_400),
            added in prop::collection::vec(0..1_600_i64, 0..300),
        ) {
            let mut window = of(before);
            let start = window.clone();
            let mut adding = Adding::to(Some(&start));
            for instant in added {
                let mut next = window.clone();
                next.remember(at(instant));
                prop_assert_eq!(adding.add(at(instant)), next != window, "{}", instant);
                window = next;
            }
        }

        #[test]
        fn a_stored_window_is_read_back_as_it_was(instants in prop::collection::vec(any::<i64>(), 0..50)) {
            let window = of(instants);
            let stored = serde_json::to_string(&window).unwrap();
            prop_assert_eq!(serde_json::from_str::<Window>(&stored).unwrap(), window);
        }
    }
}
