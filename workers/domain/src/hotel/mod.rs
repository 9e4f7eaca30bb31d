//! The hotel: bookings of a room type, with a waiting list.
//!
//! | file | what it owns |
//! |---|---|
//! | `commands` | what can be asked |
//! | `state` | what is remembered, and for how long |
//! | `rejection` | the answers of the rules |
//! | `room_type` | the decisions |
//! | `promotions` | who moves up from the waiting list |
//! | `bookings`, `availability`, `occupancy` | what can be searched and reported |

mod availability;
mod bookings;
mod commands;
mod occupancy;
mod promotions;
mod rejection;
mod room_type;
mod state;
mod stream;
#[cfg(test)]
mod tests;

use kernel::catalog::PolicySource;

pub use availability::Availability;
pub use bookings::Bookings;
pub use commands::{
    BookRoom, CancelBooking, ChangeBooking, ChangeRoomCount, CheckIn, CheckOut, Command, Guest, LONGEST_STAY,
    MarkNoShow, OpenRoomType, Party,
};
pub use occupancy::Occupancy;
pub use rejection::Rejection;
pub use room_type::{LONGEST_WAITING_LIST, RoomType};
pub use state::{Booking, Offer, State, Status};

/// Who may run the hotel, who may book, and who may read it.
pub const POLICIES: PolicySource = PolicySource {
    name: "hotel",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
