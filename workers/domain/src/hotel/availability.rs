//! The view `availability`: how many rooms are left on which night; what a client asks before it offers the button.

use std::collections::BTreeSet;

use events::room_type::{Event, Stay};
use jiff::civil::Date;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

use super::stream;

/// One document for each night that was ever taken.
pub struct Availability;

/// A night as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    hotel: String,
    room_type: String,
    night: Date,
    rooms: i64,
    booked: i64,
    left: i64,
}

/// How many rooms there are, and the nights that follow when that changes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memo {
    rooms: i64,
    clock: Option<Date>,
    /// Every night ever taken, from the clock on.
    nights: BTreeSet<Date>,
}

impl View for Availability {
    type Event = Event;
    type Memo = Memo;
    type Doc = Document;

    const NAME: &'static str = "availability";
    const AGGREGATE: &'static str = "room-type";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![
            Field::keyword("hotel"),
            Field::keyword("roomType"),
            Field::date("night"),
            Field::integer("rooms"),
            Field::integer("booked"),
            Field::integer("left"),
        ]
    }

    fn remember(memo: &mut Memo, recorded: &Recorded<'_, Event>) {
        match recorded.event {
            Event::RoomTypeOpened(e) => memo.rooms = e.rooms.into(),
            Event::RoomCountChanged(e) => memo.rooms = e.rooms.into(),
            _ => {}
        }
        if let Some(on) = recorded.event.on().filter(|on| memo.clock < Some(*on)) {
            memo.clock = Some(on);
            memo.nights = memo.nights.split_off(&on);
        }
        let clock = memo.clock;
        let taken = recorded.event.takes().into_iter().flat_map(Stay::nights);
        memo.nights.extend(taken.filter(|night| clock.is_none_or(|clock| *night >= clock)));
    }

    fn touches(memo: &Memo, recorded: &Recorded<'_, Event>) -> Vec<String> {
        let id = |night: Date| format!("{}:{night}", recorded.stream.id());
        if let Event::RoomCountChanged(_) = recorded.event {
            return memo.nights.iter().copied().map(id).collect();
        }
        let (before, after) = (recorded.event.frees(), recorded.event.takes());
        let other = |nights: Option<Stay>, than: Option<Stay>| {
            nights.into_iter().flat_map(Stay::nights).filter(move |night| !than.is_some_and(|stay| stay.has(*night)))
        };
        other(before, after).chain(other(after, before)).map(id).collect()
    }

    fn evolve(memo: &Memo, id: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        let (hotel, code) = stream::parts(recorded.stream)?;
        let night: Date = id.rsplit_once(':')?.1.parse().ok()?;
        let (rooms, booked) = match (&doc, recorded.event) {
            (Some(doc), Event::RoomCountChanged(_)) => (memo.rooms, doc.booked),
            (Some(doc), _) => (doc.rooms, doc.booked),
            (None, _) => (memo.rooms, 0),
        };
        let has = |stay: Option<Stay>| i64::from(stay.is_some_and(|stay| stay.has(night)));
        let booked = booked + has(recorded.event.takes()) - has(recorded.event.frees());
        Some(Document { hotel: hotel.into(), room_type: code.into(), night, rooms, booked, left: rooms - booked })
    }
}
