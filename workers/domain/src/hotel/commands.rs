//! What can be asked of a room type.

use events::room_type::Stay;
use jiff::civil::Date;
use kernel::{CommandData, Id, StreamId, Violations, command::member, time::Day};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::stream::parts;
use crate::common::Money;

/// The longest stay, in nights.
pub const LONGEST_STAY: i32 = 90;

/// Offers rooms of this type.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenRoomType {
    /// The hotel, as in the stream's name.
    #[schemars(length(min = 1))]
    pub hotel: String,
    /// The room type's name.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// How many rooms there are.
    #[schemars(range(min = 1, max = 10_000))]
    pub rooms: u32,
    /// What a night costs.
    pub rate: Option<Money>,
}

impl CommandData for OpenRoomType {
    fn check(data: &Value, stream: &StreamId, violations: &mut Violations) {
        let told = data.get("hotel").and_then(Value::as_str).filter(|hotel| !hotel.is_empty());
        let (Some(told), Some((hotel, _))) = (told, parts(stream)) else { return };
        if told != hotel {
            violations.add("/data/hotel", "mismatch", format!("must be `{hotel}`, as in the stream's name"));
        }
    }
}

/// Changes how many rooms there are.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeRoomCount {
    /// How many rooms there shall be.
    #[schemars(range(min = 1, max = 10_000))]
    pub rooms: u32,
}
impl CommandData for ChangeRoomCount {}

/// Who is to stay.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guest {
    /// Their name.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Where to write to them.
    #[schemars(email)]
    pub email: Option<String>,
}

/// How many come.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// At least one.
    #[schemars(range(min = 1))]
    pub adults: u64,
    /// Any number.
    #[schemars(range(min = 0))]
    pub children: u64,
}

/// Books a room for some nights, or waits for one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BookRoom {
    /// The booking's id, the client's choice.
    pub booking_id: Id,
    /// Who is to stay.
    pub guest: Guest,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night: 1 to 90 nights.
    pub departure: Date,
    /// How many come.
    pub party: Party,
    /// Whether to wait if a night is full.
    #[serde(default = "yes")]
    pub wait_list: bool,
    /// What else the guest says.
    #[schemars(length(min = 1, max = 2000))]
    pub notes: Option<String>,
}

fn yes() -> bool {
    true
}

impl CommandData for BookRoom {
    fn check(data: &Value, _: &StreamId, violations: &mut Violations) {
        check_nights(data, violations);
    }
}

/// Moves a booking to other dates.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeBooking {
    /// Which booking.
    pub booking_id: Id,
    /// The first night.
    pub arrival: Date,
    /// The day after the last night: 1 to 90 nights.
    pub departure: Date,
}

impl CommandData for ChangeBooking {
    fn check(data: &Value, _: &StreamId, violations: &mut Violations) {
        check_nights(data, violations);
    }
}

fn check_nights(data: &Value, violations: &mut Violations) {
    let (Some(Day(arrival)), Some(Day(departure))) = (member(data, "arrival"), member(data, "departure")) else {
        return;
    };
    let nights = Stay { arrival, departure }.length();
    if !(1..=LONGEST_STAY).contains(&nights) {
        let message = format!("must be 1 to {LONGEST_STAY} days after the arrival");
        violations.add("/data/departure", "out-of-range", message);
    }
}

/// Cancels a booking.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelBooking {
    /// Which booking.
    pub booking_id: Id,
    /// Why.
    #[schemars(length(min = 1, max = 2000))]
    pub reason: Option<String>,
}
impl CommandData for CancelBooking {}

/// The guest comes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckIn {
    /// Which booking.
    pub booking_id: Id,
    /// On which day.
    pub on: Date,
}
impl CommandData for CheckIn {}

/// The guest leaves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckOut {
    /// Which booking.
    pub booking_id: Id,
    /// On which day.
    pub on: Date,
}
impl CommandData for CheckOut {}

/// The guest didn't come.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkNoShow {
    /// Which booking.
    pub booking_id: Id,
    /// On which day that was found.
    pub on: Date,
}
impl CommandData for MarkNoShow {}

kernel::commands! {
    /// What can be asked of a room type.
    pub enum Command {
        OpenRoomType, ChangeRoomCount, BookRoom, ChangeBooking, CancelBooking, CheckIn, CheckOut, MarkNoShow,
    }
}

impl Command {
    /// The booking that it names.
    pub fn booking(&self) -> Option<&Id> {
        match self {
            Self::OpenRoomType(_) | Self::ChangeRoomCount(_) => None,
            Self::BookRoom(c) => Some(&c.booking_id),
            Self::ChangeBooking(c) => Some(&c.booking_id),
            Self::CancelBooking(c) => Some(&c.booking_id),
            Self::CheckIn(c) => Some(&c.booking_id),
            Self::CheckOut(c) => Some(&c.booking_id),
            Self::MarkNoShow(c) => Some(&c.booking_id),
        }
    }
}
