//! Who moves up from the waiting list when nights become free.

use std::collections::HashMap;

use events::room_type::{Event, Stay, WaitingBookingConfirmed};
use jiff::civil::Date;
use kernel::Id;

use super::state::{State, horizon};

/// The events decided so far, and what they make of the nights and the waiting list. It tells the same as folding
/// them would, without copying the state.
pub(super) struct Draft<'a> {
    state: &'a State,
    rooms: u32,
    events: Vec<Event>,
    /// The nights that became other than in the state.
    taken: HashMap<Date, u32>,
    clock: Option<Date>,
    /// A booking whose dates became other than in the state.
    moved: Option<(Id, Stay)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(state: &'a State, rooms: u32) -> Self {
        Self { state, rooms, events: Vec::new(), taken: HashMap::new(), clock: state.clock, moved: None }
    }

    /// Adds an event.
    pub(super) fn push(&mut self, event: Event) {
        for night in event.frees().into_iter().flat_map(Stay::nights) {
            let taken = self.taken(night).saturating_sub(1);
            self.taken.insert(night, taken);
        }
        for night in event.takes().into_iter().flat_map(Stay::nights) {
            let taken = self.taken(night) + 1;
            self.taken.insert(night, taken);
        }
        self.clock = self.clock.max(event.on());
        if let Event::BookingChanged(e) = &event {
            self.moved = Some((e.booking_id.clone(), Stay { arrival: e.arrival, departure: e.departure }));
        }
        self.events.push(event);
    }

    /// Confirms each waiting booking, in waiting order, whose every night now has a room left; one that doesn't fit
    /// keeps its place, one that is to be forgotten has none.
    pub(super) fn promote(mut self) -> Vec<Event> {
        let horizon = horizon(self.clock);
        for id in &self.state.waiting {
            let stay = match &self.moved {
                Some((moved, stay)) if moved == id => *stay,
                _ => match self.state.bookings.get(id) {
                    Some(booking) => booking.stay(),
                    None => continue,
                },
            };
            let forgotten = horizon.is_some_and(|horizon| stay.departure < horizon);
            if !forgotten && stay.nights().all(|night| self.taken(night) < self.rooms) {
                let Stay { arrival, departure } = stay;
                self.push(WaitingBookingConfirmed { booking_id: id.clone(), arrival, departure }.into());
            }
        }
        self.events
    }

    fn taken(&self, night: Date) -> u32 {
        self.taken.get(&night).copied().unwrap_or_else(|| self.state.taken(night))
    }
}
