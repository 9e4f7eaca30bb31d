//! What is remembered of an article: how many there are, who reserved some, and which reservations ended lately.

use std::collections::{BTreeMap, VecDeque};

use events::stock::Event;
use kernel::Id;
use serde::{Deserialize, Serialize};

/// How many ended reservations are remembered. Whoever names one that ended before so many others is told that it is
/// unknown: the state of an article that sells for years must not grow with every sale.
pub const REMEMBERED: usize = 10_000;

/// A reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// How many it holds, or held.
    pub quantity: i64,
    /// Whether it was released or shipped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

/// All that decisions need to know of an article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// How many there are.
    pub on_hand: i64,
    /// How many of them are reserved.
    pub reserved: i64,
    /// The reservations that hold some, and those that ended lately.
    pub reservations: BTreeMap<Id, Held>,
    /// Those that ended, oldest first.
    pub ended: VecDeque<Id>,
}

impl State {
    pub(super) fn evolve(mut self, event: &Event) -> Self {
        self.on_hand = self.on_hand.saturating_add(event.on_hand());
        self.reserved = self.reserved.saturating_add(event.reserved());
        match event {
            Event::StockReserved(e) => {
                let held = Held { quantity: e.quantity, ended: false };
                self.reservations.insert(e.reservation.clone(), held);
            }
            Event::StockReleased(e) => self.end(&e.reservation),
            Event::StockShipped(e) => {
                if let Some(ended) = &e.reserved {
                    self.end(&ended.reservation);
                }
            }
            Event::StockReceived(_) | Event::StockAdjusted(_) => {}
        }
        self
    }

    fn end(&mut self, id: &Id) {
        if let Some(held) = self.reservations.get_mut(id) {
            held.ended = true;
            self.ended.push_back(id.clone());
        }
        if self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.reservations.remove(&oldest);
        }
    }
}
