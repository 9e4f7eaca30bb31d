//! What a room type remembers: the nights that are taken, the bookings that may still be asked about, who waits.

use std::collections::{BTreeMap, BTreeSet};

use events::{
    Money,
    room_type::{Event, Stay},
};
use jiff::{Span, civil::Date};
use kernel::Id;
use serde::{Deserialize, Serialize};

/// How long a booking is remembered after its departure, by the stream's clock, in days.
const REMEMBERED: i32 = 30;

/// What the hotel offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Which hotel.
    pub hotel: String,
    /// The room type's name.
    pub name: String,
    /// How many rooms there are.
    pub rooms: u32,
    /// What a night costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Money>,
}

/// Where a booking is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Waiting,
    Confirmed,
    CheckedIn,
    CheckedOut,
    Cancelled,
    NoShow,
}

/// A booking, as far as decisions need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Booking {
    /// Where it is in its life.
    pub status: Status,
    /// The first night that is booked.
    pub arrival: Date,
    /// The day after the last night that is booked.
    pub departure: Date,
    /// Whose it is.
    pub booked_by: String,
}

impl Booking {
    /// The nights that are booked.
    pub fn stay(&self) -> Stay {
        Stay { arrival: self.arrival, departure: self.departure }
    }
}

/// All that decisions need to know of a room type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "Stored")]
pub struct State {
    /// What is offered, once it is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// The latest day that anything happened on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Date>,
    /// How many rooms are taken, of every night that has any taken.
    pub taken: BTreeMap<Date, u32>,
    /// The bookings whose departure lies at most 30 days before the clock.
    pub bookings: BTreeMap<Id, Booking>,
    /// Those of them that wait, in waiting order.
    pub waiting: Vec<Id>,
    /// The same bookings by departure, so that forgetting costs only what is forgotten.
    #[serde(skip)]
    departures: BTreeSet<(Date, Id)>,
}

/// A state as snapshots hold it: what can be made from the rest is left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    offer: Option<Offer>,
    clock: Option<Date>,
    taken: BTreeMap<Date, u32>,
    bookings: BTreeMap<Id, Booking>,
    waiting: Vec<Id>,
}

impl From<Stored> for State {
    fn from(stored: Stored) -> Self {
        let Stored { offer, clock, taken, bookings, waiting } = stored;
        let departures = bookings.iter().map(|(id, booking)| (booking.departure, id.clone())).collect();
        Self { offer, clock, taken, bookings, waiting, departures }
    }
}

/// The first departure that is still remembered at this time of the clock.
pub(super) fn horizon(clock: Option<Date>) -> Option<Date> {
    clock.map(|clock| clock.saturating_sub(Span::new().days(REMEMBERED)))
}

impl State {
    /// How many rooms of the night are taken.
    pub fn taken(&self, night: Date) -> u32 {
        self.taken.get(&night).copied().unwrap_or(0)
    }

    pub(super) fn evolve(mut self, event: &Event) -> Self {
        for night in event.frees().into_iter().flat_map(Stay::nights) {
            self.free(night);
        }
        for night in event.takes().into_iter().flat_map(Stay::nights) {
            *self.taken.entry(night).or_default() += 1;
        }
        match event {
            Event::RoomTypeOpened(e) => {
                let (hotel, name) = (e.hotel.clone(), e.name.clone());
                self.offer = Some(Offer { hotel, name, rooms: e.rooms, rate: e.rate.clone() });
            }
            Event::RoomCountChanged(e) => {
                if let Some(offer) = &mut self.offer {
                    offer.rooms = e.rooms;
                }
            }
            Event::RoomBooked(e) => self.add(&e.booking_id, Status::Confirmed, e.arrival, e.departure, &e.booked_by),
            Event::BookingWaitListed(e) => {
                self.add(&e.booking_id, Status::Waiting, e.arrival, e.departure, &e.booked_by);
                self.waiting.push(e.booking_id.clone());
            }
            Event::BookingChanged(e) => self.reschedule(&e.booking_id, e.arrival, e.departure),
            Event::BookingCancelled(e) => self.becomes(&e.booking_id, Status::Cancelled),
            Event::WaitingBookingConfirmed(e) => self.becomes(&e.booking_id, Status::Confirmed),
            Event::GuestCheckedIn(e) => self.becomes(&e.booking_id, Status::CheckedIn),
            Event::GuestCheckedOut(e) => self.becomes(&e.booking_id, Status::CheckedOut),
            Event::GuestNotShown(e) => self.becomes(&e.booking_id, Status::NoShow),
        }
        self.clock = self.clock.max(event.on());
        self.forget();
        self
    }

    fn free(&mut self, night: Date) {
        if let Some(taken) = self.taken.get_mut(&night) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                self.taken.remove(&night);
            }
        }
    }

    fn add(&mut self, id: &Id, status: Status, arrival: Date, departure: Date, booked_by: &str) {
        let booking = Booking { status, arrival, departure, booked_by: booked_by.to_owned() };
        self.departures.insert((departure, id.clone()));
        self.bookings.insert(id.clone(), booking);
    }

    fn reschedule(&mut self, id: &Id, arrival: Date, departure: Date) {
        if let Some(booking) = self.bookings.get_mut(id) {
            self.departures.remove(&(booking.departure, id.clone()));
            self.departures.insert((departure, id.clone()));
            (booking.arrival, booking.departure) = (arrival, departure);
        }
    }

    fn becomes(&mut self, id: &Id, status: Status) {
        if let Some(booking) = self.bookings.get_mut(id) {
            if booking.status == Status::Waiting {
                self.waiting.retain(|waiting| waiting != id);
            }
            booking.status = status;
        }
    }

    /// Drops the bookings that departed too long ago, with their places in the waiting list. Their nights stay
    /// counted: a later booking may still ask for a night of the past.
    fn forget(&mut self) {
        let Some(horizon) = horizon(self.clock) else { return };
        while self.departures.first().is_some_and(|(departure, _)| *departure < horizon)
            && let Some((_, id)) = self.departures.pop_first()
        {
            if self.bookings.remove(&id).is_some_and(|booking| booking.status == Status::Waiting) {
                self.waiting.retain(|waiting| *waiting != id);
            }
        }
    }
}
