//! Given/when/then of the hotel's rules, one file for each theme.

mod booking;
mod cancelling;
mod changing;
mod forgetting;
mod laws;
mod opening;
mod policies;
mod staying;
mod views;
mod waiting;

use events::room_type::{
    BookingCancelled, BookingChanged, BookingWaitListed, Event, Guest, GuestCheckedIn, GuestCheckedOut, GuestNotShown,
    Party, RoomBooked, RoomCountChanged, RoomTypeOpened, Stay, WaitingBookingConfirmed,
};
use jiff::civil::Date;
use kernel::spec::{Given, given};
use serde_json::{Value, json};

use super::RoomType;

const STREAM: &str = "room-type/resort:A";

/// A room type of the resort with these events.
fn room_type(events: impl IntoIterator<Item = Event>) -> Given<RoomType> {
    given(STREAM, events)
}

/// One that is open with so many rooms, and these further events.
fn open(rooms: u32, events: impl IntoIterator<Item = Event>) -> Given<RoomType> {
    room_type(std::iter::once(opened(rooms)).chain(events))
}

/// A day of December, counted from 1; 0 and less are days before.
fn day(number: i32) -> Date {
    jiff::civil::date(2026, 11, 30).saturating_add(jiff::Span::new().days(number))
}

fn stay((arrival, departure): (i32, i32)) -> Stay {
    Stay { arrival: day(arrival), departure: day(departure) }
}

fn opened(rooms: u32) -> Event {
    RoomTypeOpened { hotel: "resort".into(), name: "Double room".into(), rooms, rate: None }.into()
}

fn count_changed(previous: u32, rooms: u32, from: Option<i32>) -> Event {
    RoomCountChanged { rooms, previous, from: from.map(day) }.into()
}

fn guest() -> Guest {
    Guest { name: "Ada".into(), email: None }
}

fn booked_by(by: &str, id: &str, dates: (i32, i32)) -> Event {
    let Stay { arrival, departure } = stay(dates);
    let (party, notes) = (Party { adults: 2, children: 0 }, None);
    let booking_id = id.parse().unwrap();
    RoomBooked { booking_id, guest: guest(), arrival, departure, party, notes, booked_by: by.into() }.into()
}

fn booked(id: &str, dates: (i32, i32)) -> Event {
    booked_by("alice", id, dates)
}

fn wait_listed(id: &str, position: u32, dates: (i32, i32)) -> Event {
    let Stay { arrival, departure } = stay(dates);
    let (party, notes, booked_by) = (Party { adults: 2, children: 0 }, None, "alice".into());
    let booking_id = id.parse().unwrap();
    BookingWaitListed { booking_id, position, guest: guest(), arrival, departure, party, notes, booked_by }.into()
}

fn changed(id: &str, previous: (i32, i32), dates: (i32, i32), waiting: bool) -> Event {
    let Stay { arrival, departure } = stay(dates);
    let booking_id = id.parse().unwrap();
    BookingChanged { booking_id, arrival, departure, previous: stay(previous), waiting }.into()
}

fn cancelled(id: &str, dates: (i32, i32), waiting: bool) -> Event {
    let Stay { arrival, departure } = stay(dates);
    BookingCancelled { booking_id: id.parse().unwrap(), reason: None, arrival, departure, waiting }.into()
}

fn promoted(id: &str, dates: (i32, i32)) -> Event {
    let Stay { arrival, departure } = stay(dates);
    WaitingBookingConfirmed { booking_id: id.parse().unwrap(), arrival, departure }.into()
}

fn checked_in(id: &str, on: i32) -> Event {
    GuestCheckedIn { booking_id: id.parse().unwrap(), on: day(on) }.into()
}

fn checked_out(id: &str, on: i32, dates: (i32, i32)) -> Event {
    let Stay { arrival, departure } = stay(dates);
    GuestCheckedOut { booking_id: id.parse().unwrap(), on: day(on), arrival, departure }.into()
}

fn not_shown(id: &str, on: i32, dates: (i32, i32)) -> Event {
    let Stay { arrival, departure } = stay(dates);
    GuestNotShown { booking_id: id.parse().unwrap(), on: day(on), arrival, departure }.into()
}

fn open_it(rooms: u32) -> Value {
    json!({"hotel": "resort", "name": "Double room", "rooms": rooms})
}

fn book(id: &str, dates: (i32, i32)) -> Value {
    let Stay { arrival, departure } = stay(dates);
    let party = json!({"adults": 2, "children": 0});
    json!({"bookingId": id, "guest": {"name": "Ada"}, "arrival": arrival, "departure": departure, "party": party})
}

fn change(id: &str, dates: (i32, i32)) -> Value {
    let Stay { arrival, departure } = stay(dates);
    json!({"bookingId": id, "arrival": arrival, "departure": departure})
}

fn of(id: &str) -> Value {
    json!({ "bookingId": id })
}

fn on(id: &str, number: i32) -> Value {
    json!({"bookingId": id, "on": day(number)})
}

/// Members of one object put over another's.
fn with(mut data: Value, members: Value) -> Value {
    if let (Value::Object(data), Value::Object(members)) = (&mut data, members) {
        data.extend(members);
    }
    data
}
