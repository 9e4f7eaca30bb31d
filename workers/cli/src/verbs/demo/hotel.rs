//! A hotel's season: guests book, wait, change their minds and come; staff check them in and out.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};
use serde_json::{Value, json};

use super::people::{full_name, handle};
use super::script::{Person, Script};
use crate::failure::Failure;

/// The first day of the season.
const OPENING: Date = Date::constant(2026, 6, 1);
const DAYS: i32 = 92;
const HOTELS: [&str; 6] = ["seaview", "alpenhof", "old-mill", "harbour", "lindenhof", "north-star"];
/// Code, name, rooms, minor units a night.
const ROOM_TYPES: [(&str, &str, u32, u32); 3] = [
    ("single", "Single room", 3, 7_900),
    ("double", "Double room", 4, 11_900),
    ("suite", "Suite with a balcony", 1, 24_900),
];
const NOTES: [&str; 6] = [
    "sea view please",
    "arriving late, after ten",
    "a quiet room, away from the lift",
    "travelling with a small dog",
    "a cot for the baby",
    "vegetarian breakfast",
];
const REASONS: [&str; 3] = ["the plans have changed", "found something nearer to the beach", "fell ill"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Waiting,
    Confirmed,
    In,
    Gone,
}

struct Booking {
    stream: String,
    guest: Person,
    arrival: Date,
    departure: Date,
    status: Status,
}

/// One hotel while its season lasts.
struct Season<'a, 'c> {
    script: &'a mut Script<'c>,
    staff: Person,
    streams: Vec<String>,
    bookings: BTreeMap<String, Booking>,
    hotel: String,
}

/// Writes as many seasons as the scale says, one after the other.
pub(super) fn write(script: &mut Script<'_>, scale: u32) -> Result<(), Failure> {
    for n in 0..scale as usize {
        let name = match n / HOTELS.len() {
            0 => HOTELS[n].to_owned(),
            round => format!("{}-{}", HOTELS[n % HOTELS.len()], round + 1),
        };
        let (hotel, staff) = (script.own(name), Person::new(script.own("reception"), "staff"));
        let mut season = Season { script, staff, streams: Vec::new(), bookings: BTreeMap::new(), hotel };
        season.open()?;
        for day in 0..DAYS {
            season.day(OPENING.saturating_add(day.days()))?;
        }
    }
    Ok(())
}

impl Season<'_, '_> {
    fn open(&mut self) -> Result<(), Failure> {
        for (code, name, rooms, rate) in ROOM_TYPES {
            let stream = format!("room-type/{}:{code}", self.hotel);
            let rate = json!({"amount": rate, "currency": "EUR"});
            let data = json!({"hotel": self.hotel, "name": name, "rooms": rooms, "rate": rate});
            self.script.send(&self.staff, &stream, "OpenRoomType", data)?;
            self.streams.push(stream);
        }
        Ok(())
    }

    fn day(&mut self, today: Date) -> Result<(), Failure> {
        self.leave(today)?;
        self.arrive(today)?;
        let bookings = 2 + self.script.dice.u32(0..2);
        for _ in 0..bookings {
            self.book(today)?;
        }
        if self.script.chance(35) {
            self.change_minds(today)?;
        }
        // a room is lost to a pipe for a while; it can't be one that is sold
        if today.day() == 10 || today.day() == 20 {
            let rooms = ROOM_TYPES[1].2 - u32::from(today.day() == 10);
            let stream = self.streams[1].clone();
            self.staff_sends(&stream, "ChangeRoomCount", json!({"rooms": rooms}))?;
        }
        Ok(())
    }

    /// Who is due to leave leaves.
    fn leave(&mut self, today: Date) -> Result<(), Failure> {
        for (id, stream) in self.due(|booking| booking.status == Status::In && booking.departure <= today) {
            self.staff_sends(&stream, "CheckOut", json!({"bookingId": id, "on": today}))?;
        }
        Ok(())
    }

    /// Who is due comes, or does not; who still waits asks in vain, and gives up.
    fn arrive(&mut self, today: Date) -> Result<(), Failure> {
        for (id, stream) in self.due(|booking| booking.status == Status::Confirmed && booking.arrival <= today) {
            let kind = if self.script.chance(5) { "MarkNoShow" } else { "CheckIn" };
            self.staff_sends(&stream, kind, json!({"bookingId": id, "on": today}))?;
        }
        for (id, stream) in self.due(|booking| booking.status == Status::Waiting && booking.arrival <= today) {
            if self.script.chance(40) {
                self.staff_sends(&stream, "CheckIn", json!({"bookingId": id, "on": today}))?;
            }
            self.staff_sends(&stream, "CancelBooking", json!({"bookingId": id, "reason": "no room came free"}))?;
        }
        Ok(())
    }

    fn book(&mut self, today: Date) -> Result<(), Failure> {
        let n = self.script.dice.usize(0..40);
        let guest = Person::new(self.script.own(handle(n)), "guest");
        let stream = self.streams[self.script.dice.usize(0..self.streams.len())].clone();
        let arrival = today.saturating_add(self.script.dice.i32(1..25).days());
        let departure = arrival.saturating_add(self.script.dice.i32(1..7).days());
        let id = self.script.own(format_args!("{}-{}", self.short(), self.bookings.len() + 1));
        let mut data = json!({
            "bookingId": id, "guest": {"name": full_name(n), "email": format!("{}@example.org", guest.sub)},
            "arrival": arrival, "departure": departure,
            "party": {"adults": self.script.dice.u32(1..3), "children": self.script.dice.u32(0..3)},
            "waitList": !self.script.chance(20),
        });
        if self.script.chance(40) {
            data["notes"] = self.script.one(&NOTES).into();
        }
        let status = Status::Gone;
        self.bookings.insert(id, Booking { stream: stream.clone(), guest: guest.clone(), arrival, departure, status });
        self.send(&guest, &stream, "BookRoom", data)
    }

    /// Somebody cancels or moves a booking: their own, or, in vain, one that has begun or is another's.
    fn change_minds(&mut self, today: Date) -> Result<(), Failure> {
        let open = self.due(|booking| matches!(booking.status, Status::Waiting | Status::Confirmed));
        let begun = self.due(|booking| booking.status == Status::In);
        let of = if self.script.chance(12) { begun } else { open };
        if of.is_empty() {
            return Ok(());
        }
        let (id, stream) = of[self.script.dice.usize(0..of.len())].clone();
        let Some(guest) = self.bookings.get(&id).map(|booking| booking.guest.clone()) else { return Ok(()) };
        if self.script.chance(8) {
            let other = Person::new(self.script.own("mallory"), "guest");
            self.script.forbidden(&other, &stream, "CancelBooking", json!({"bookingId": id}));
        } else if self.script.chance(35) {
            let arrival = today.saturating_add(self.script.dice.i32(2..20).days());
            let departure = arrival.saturating_add(self.script.dice.i32(1..6).days());
            let data = json!({"bookingId": id, "arrival": arrival, "departure": departure});
            self.send(&guest, &stream, "ChangeBooking", data)?;
        } else {
            let reason = self.script.one(&REASONS);
            self.send(&guest, &stream, "CancelBooking", json!({"bookingId": id, "reason": reason}))?;
        }
        Ok(())
    }

    /// The bookings of which something is so, with their streams.
    fn due(&self, is: impl Fn(&Booking) -> bool) -> Vec<(String, String)> {
        let due = self.bookings.iter().filter(|(_, booking)| is(booking));
        due.map(|(id, booking)| (id.clone(), booking.stream.clone())).collect()
    }

    fn staff_sends(&mut self, stream: &str, kind: &'static str, data: Value) -> Result<(), Failure> {
        let staff = self.staff.clone();
        self.send(&staff, stream, kind, data)
    }

    /// Sends, and takes note of what became of the bookings.
    fn send(&mut self, by: &Person, stream: &str, kind: &'static str, data: Value) -> Result<(), Failure> {
        for (event, data) in self.script.send(by, stream, kind, data)?.events {
            let booking = data["bookingId"].as_str().and_then(|id| self.bookings.get_mut(id));
            let Some(booking) = booking else { continue };
            booking.status = match event {
                "RoomBooked" | "WaitingBookingConfirmed" => Status::Confirmed,
                "BookingWaitListed" => Status::Waiting,
                "GuestCheckedIn" => Status::In,
                "BookingChanged" => {
                    let day = |name: &str| data[name].as_str().and_then(|day| day.parse().ok());
                    booking.arrival = day("arrival").unwrap_or(booking.arrival);
                    booking.departure = day("departure").unwrap_or(booking.departure);
                    booking.status
                }
                _ => Status::Gone,
            };
        }
        Ok(())
    }

    /// The hotel's name without the story's tag.
    fn short(&self) -> String {
        self.hotel.split('.').next().unwrap_or_default().to_owned()
    }
}
