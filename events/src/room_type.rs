//! A room type of a hotel: all its bookings, so that the last room is sold once.
//!
//! A night belongs to the day on which it begins. Events that take or free nights say which: [`Event::takes`] and
//! [`Event::frees`] read it from one event alone.

use jiff::civil::Date;
use kernel::{EventData, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Money;

/// The nights of a booking: `arrival <= night < departure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stay {
    /// The first night.
    pub arrival: Date,
    /// The day after the last night.
    pub departure: Date,
}

impl Stay {
    /// Its nights, first to last.
    pub fn nights(self) -> impl Iterator<Item = Date> {
        self.arrival.series(jiff::Span::new().days(1)).take_while(move |night| *night < self.departure)
    }

    /// Whether the night is one of its nights.
    pub fn has(self, night: Date) -> bool {
        (self.arrival..self.departure).contains(&night)
    }

    /// How many nights it has.
    pub fn length(self) -> i32 {
        (self.departure - self.arrival).get_days()
    }
}

/// Who is to stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Guest {
    /// Their name.
    pub name: String,
    /// Where to write to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// How many come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// At least one.
    pub adults: u64,
    /// Any number.
    pub children: u64,
}

/// The hotel offers rooms of this type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomTypeOpened {
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
impl EventData for RoomTypeOpened {}

/// There are more or fewer rooms than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomCountChanged {
    /// How many rooms there are now.
    pub rooms: u32,
    /// How many there were.
    pub previous: u32,
    /// The first night that it holds for: the stream's clock; every night while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
}
impl EventData for RoomCountChanged {}

/// A booking took a room for each of its nights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomBooked {
    /// Which booking.
    pub booking_id: Id,
    /// Who is to stay.
    pub guest: Guest,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night.
    pub departure: Date,
    /// How many come.
    pub party: Party,
    /// What else the guest said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Who booked.
    pub booked_by: String,
}
impl EventData for RoomBooked {}

/// A booking waits, since one of its nights is full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookingWaitListed {
    /// Which booking.
    pub booking_id: Id,
    /// Its place among all who wait at that moment, from 1.
    pub position: u32,
    /// Who is to stay.
    pub guest: Guest,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night.
    pub departure: Date,
    /// How many come.
    pub party: Party,
    /// What else the guest said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Who booked.
    pub booked_by: String,
}
impl EventData for BookingWaitListed {}

/// A booking moved to other dates; a confirmed one freed its nights and took others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookingChanged {
    /// Which booking.
    pub booking_id: Id,
    /// The first night now.
    pub arrival: Date,
    /// The day after the last night now.
    pub departure: Date,
    /// The dates before.
    pub previous: Stay,
    /// True if it only waits: it took nothing, before and now.
    pub waiting: bool,
}
impl EventData for BookingChanged {}

/// A booking was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookingCancelled {
    /// Which booking.
    pub booking_id: Id,
    /// Why, if it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its first night.
    pub arrival: Date,
    /// The day after its last night.
    pub departure: Date,
    /// True if it only waited: it frees nothing.
    pub waiting: bool,
}
impl EventData for BookingCancelled {}

/// A waiting booking took a room for each of its nights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingBookingConfirmed {
    /// Which booking.
    pub booking_id: Id,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night.
    pub departure: Date,
}
impl EventData for WaitingBookingConfirmed {}

/// The guest came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GuestCheckedIn {
    /// Which booking.
    pub booking_id: Id,
    /// On which day.
    pub on: Date,
}
impl EventData for GuestCheckedIn {}

/// The guest left: the nights from that day on are free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GuestCheckedOut {
    /// Which booking.
    pub booking_id: Id,
    /// On which day.
    pub on: Date,
    /// The first night that was booked.
    pub arrival: Date,
    /// The day after the last night that was booked.
    pub departure: Date,
}
impl EventData for GuestCheckedOut {}

/// The guest didn't come: all nights are free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GuestNotShown {
    /// Which booking.
    pub booking_id: Id,
    /// On which day that was found.
    pub on: Date,
    /// The first night that was booked.
    pub arrival: Date,
    /// The day after the last night that was booked.
    pub departure: Date,
}
impl EventData for GuestNotShown {}

kernel::events! {
    /// What happens to a room type and its bookings.
    pub enum Event {
        RoomTypeOpened,
        RoomCountChanged,
        RoomBooked,
        BookingWaitListed,
        BookingChanged,
        BookingCancelled,
        WaitingBookingConfirmed,
        GuestCheckedIn,
        GuestCheckedOut,
        GuestNotShown,
    }
}

impl Event {
    /// The booking that it tells of.
    pub fn booking(&self) -> Option<&Id> {
        match self {
            Self::RoomTypeOpened(_) | Self::RoomCountChanged(_) => None,
            Self::RoomBooked(e) => Some(&e.booking_id),
            Self::BookingWaitListed(e) => Some(&e.booking_id),
            Self::BookingChanged(e) => Some(&e.booking_id),
            Self::BookingCancelled(e) => Some(&e.booking_id),
            Self::WaitingBookingConfirmed(e) => Some(&e.booking_id),
            Self::GuestCheckedIn(e) => Some(&e.booking_id),
            Self::GuestCheckedOut(e) => Some(&e.booking_id),
            Self::GuestNotShown(e) => Some(&e.booking_id),
        }
    }

    /// The nights of which one room less is taken.
    pub fn frees(&self) -> Option<Stay> {
        match self {
            Self::BookingChanged(e) if !e.waiting => Some(e.previous),
            Self::BookingCancelled(e) if !e.waiting => Some(Stay { arrival: e.arrival, departure: e.departure }),
            Self::GuestCheckedOut(e) => Some(Stay { arrival: e.arrival.max(e.on), departure: e.departure }),
            Self::GuestNotShown(e) => Some(Stay { arrival: e.arrival, departure: e.departure }),
            _ => None,
        }
    }

    /// The nights of which one room more is taken.
    pub fn takes(&self) -> Option<Stay> {
        let (arrival, departure) = match self {
            Self::RoomBooked(e) => (e.arrival, e.departure),
            Self::BookingChanged(e) if !e.waiting => (e.arrival, e.departure),
            Self::WaitingBookingConfirmed(e) => (e.arrival, e.departure),
            _ => return None,
        };
        Some(Stay { arrival, departure })
    }

    /// The day that it happened on: the latest of a stream is the stream's clock.
    pub fn on(&self) -> Option<Date> {
        match self {
            Self::GuestCheckedIn(e) => Some(e.on),
            Self::GuestCheckedOut(e) => Some(e.on),
            Self::GuestNotShown(e) => Some(e.on),
            _ => None,
        }
    }
}
