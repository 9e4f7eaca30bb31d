//! Why a room type says no.

use jiff::civil::Date;
use kernel::Id;
use serde_json::{Value, json};

/// A rule that is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The room type is open with other data.
    AlreadyOpen,
    /// The room type was not opened yet.
    NotOpen,
    /// A night has more rooms taken than there would be.
    WouldOverbook {
        /// The first such night.
        night: Date,
        /// How many are taken.
        taken: u32,
    },
    /// There is a booking of this id.
    BookingExists(Id),
    /// A night is full.
    NoRoomsLeft {
        /// The first such night.
        night: Date,
    },
    /// As many wait as may wait.
    WaitingListFull,
    /// There is no booking of this id.
    UnknownBooking(Id),
    /// The booking is neither waiting nor confirmed.
    NotChangeable(Id),
    /// The guest came, left, or didn't come.
    NotCancellable(Id),
    /// The booking is not confirmed.
    NotConfirmed(Id),
    /// The guest is not in.
    NotCheckedIn(Id),
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyOpen => "already-open",
            Self::NotOpen => "not-open",
            Self::WouldOverbook { .. } => "would-overbook",
            Self::BookingExists(_) => "booking-exists",
            Self::NoRoomsLeft { .. } => "no-rooms-left",
            Self::WaitingListFull => "waiting-list-full",
            Self::UnknownBooking(_) => "unknown-booking",
            Self::NotChangeable(_) => "not-changeable",
            Self::NotCancellable(_) => "not-cancellable",
            Self::NotConfirmed(_) => "not-confirmed",
            Self::NotCheckedIn(_) => "not-checked-in",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::AlreadyOpen => "the room type is already open with other data".into(),
            Self::NotOpen => "the room type is not open".into(),
            Self::WouldOverbook { night, taken } => format!("on the night of `{night}` `{taken}` rooms are taken"),
            Self::BookingExists(id) => format!("there is already a booking `{id}`"),
            Self::NoRoomsLeft { night } => format!("no room is left on the night of `{night}`"),
            Self::WaitingListFull => "the waiting list is full".into(),
            Self::UnknownBooking(id) => format!("there is no booking `{id}`"),
            Self::NotChangeable(id) => format!("the booking `{id}` is neither waiting nor confirmed"),
            Self::NotCancellable(id) => format!("the guest of booking `{id}` came, or was expected and didn't come"),
            Self::NotConfirmed(id) => format!("the booking `{id}` is not confirmed"),
            Self::NotCheckedIn(id) => format!("the guest of booking `{id}` is not checked in"),
        }
    }

    fn detail(&self) -> Option<Value> {
        match self {
            Self::WouldOverbook { night, taken } => Some(json!({ "night": night, "taken": taken })),
            Self::NoRoomsLeft { night } => Some(json!({ "night": night })),
            _ => None,
        }
    }
}
