//! The view `bookings`: who stays when, and where that stands.

use events::room_type::{Event, Guest, Party, Stay};
use jiff::civil::Date;
use kernel::{Field, Recorded, RowFilter, StreamId, View};
use serde::{Deserialize, Serialize};

use super::{state::Status, stream};

/// One document for each booking. An id that is used again makes its document anew.
pub struct Bookings;

/// A booking as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    hotel: String,
    room_type: String,
    guest_name: String,
    arrival: Date,
    departure: Date,
    nights: i32,
    adults: u64,
    children: u64,
    status: Status,
    notes: Option<String>,
    booked_by: String,
}

impl View for Bookings {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "bookings";
    const AGGREGATE: &'static str = "room-type";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![
            Field::keyword("hotel"),
            Field::keyword("roomType"),
            Field::text_and_exact("guestName"),
            Field::date("arrival"),
            Field::date("departure"),
            Field::integer("nights"),
            Field::integer("adults"),
            Field::integer("children"),
            Field::keyword("status"),
            Field::text("notes"),
            Field::keyword("bookedBy"),
        ]
    }

    fn row_filters() -> Vec<RowFilter> {
        vec![RowFilter { role: "guest", field: "bookedBy" }]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        recorded.event.booking().map(ToString::to_string).into_iter().collect()
    }

    fn begins(event: &Event) -> bool {
        matches!(event, Event::RoomBooked(_) | Event::BookingWaitListed(_))
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        let status = match recorded.event {
            Event::RoomBooked(e) => {
                let stay = Stay { arrival: e.arrival, departure: e.departure };
                let new = New { guest: &e.guest, stay, party: e.party, notes: e.notes.as_ref(), by: &e.booked_by };
                return Some(new.document(recorded.stream, Status::Confirmed));
            }
            Event::BookingWaitListed(e) => {
                let stay = Stay { arrival: e.arrival, departure: e.departure };
                let new = New { guest: &e.guest, stay, party: e.party, notes: e.notes.as_ref(), by: &e.booked_by };
                return Some(new.document(recorded.stream, Status::Waiting));
            }
            Event::BookingChanged(e) => {
                let stay = Stay { arrival: e.arrival, departure: e.departure };
                let (arrival, departure, nights) = (e.arrival, e.departure, stay.length());
                return doc.map(|doc| Document { arrival, departure, nights, ..doc });
            }
            Event::BookingCancelled(_) => Status::Cancelled,
            Event::WaitingBookingConfirmed(_) => Status::Confirmed,
            Event::GuestCheckedIn(_) => Status::CheckedIn,
            Event::GuestCheckedOut(_) => Status::CheckedOut,
            Event::GuestNotShown(_) => Status::NoShow,
            Event::RoomTypeOpened(_) | Event::RoomCountChanged(_) => return doc,
        };
        doc.map(|doc| Document { status, ..doc })
    }
}

/// What the events that make a booking tell of it.
struct New<'a> {
    guest: &'a Guest,
    stay: Stay,
    party: Party,
    notes: Option<&'a String>,
    by: &'a str,
}

impl New<'_> {
    fn document(&self, stream: &StreamId, status: Status) -> Document {
        let (hotel, code) = stream::parts(stream).unwrap_or((stream.id(), ""));
        Document {
            hotel: hotel.to_owned(),
            room_type: code.to_owned(),
            guest_name: self.guest.name.clone(),
            arrival: self.stay.arrival,
            departure: self.stay.departure,
            nights: self.stay.length(),
            adults: self.party.adults,
            children: self.party.children,
            status,
            notes: self.notes.cloned(),
            booked_by: self.by.to_owned(),
        }
    }
}
