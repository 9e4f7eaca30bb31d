//! The aggregate: every booking of one room type, so that the last room is sold once.

use events::room_type::{
    BookingCancelled, BookingChanged, BookingWaitListed, Event, Guest, GuestCheckedIn, GuestCheckedOut, GuestNotShown,
    Party, RoomBooked, RoomCountChanged, RoomTypeOpened, Stay,
};
use jiff::civil::Date;
use kernel::{Attributes, Context, Decider, Id, StreamId, Violations};

use super::{
    commands::{BookRoom, CancelBooking, ChangeBooking, ChangeRoomCount, Command, OpenRoomType},
    promotions::Draft,
    rejection::Rejection,
    state::{Booking, Offer, State, Status},
    stream,
};

/// How many bookings may wait for a room type.
pub const LONGEST_WAITING_LIST: usize = 500;

/// A room type.
pub struct RoomType;

type Decision = kernel::Decision<Event, Rejection>;
type Decided = Result<Decision, Rejection>;

impl Decider for RoomType {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "room-type";
    const REVISION: u32 = 1;

    fn check_stream(stream: &StreamId, violations: &mut Violations) {
        stream::check(stream, violations);
    }

    fn evolve(state: State, event: &Event) -> State {
        state.evolve(event)
    }

    fn decide(state: &State, command: &Command, context: &Context<'_>) -> Decided {
        let offer = match (command, &state.offer) {
            (Command::OpenRoomType(open), offer) => return self::open(offer.as_ref(), open),
            (_, None) => return Err(Rejection::NotOpen),
            (_, Some(offer)) => offer,
        };
        let room_type = Open { state, rooms: offer.rooms };
        match command {
            Command::OpenRoomType(open) => self::open(Some(offer), open),
            Command::ChangeRoomCount(change) => room_type.change_room_count(change),
            Command::BookRoom(book) => room_type.book(book, context),
            Command::ChangeBooking(change) => room_type.change_booking(change),
            Command::CancelBooking(cancel) => room_type.cancel(cancel),
            Command::CheckIn(check_in) => room_type.check_in(&check_in.booking_id, check_in.on),
            Command::CheckOut(check_out) => room_type.check_out(&check_out.booking_id, check_out.on),
            Command::MarkNoShow(no_show) => room_type.mark_no_show(&no_show.booking_id, no_show.on),
        }
    }

    /// Whose the named booking is.
    fn resource(state: &State, command: &Command) -> Attributes {
        let booking = command.booking().and_then(|id| state.bookings.get(id));
        booking.map(|booking| ("bookedBy", booking.booked_by.as_str().into())).into_iter().collect()
    }
}

fn open(offer: Option<&Offer>, open: &OpenRoomType) -> Decided {
    let (hotel, name, rooms) = (open.hotel.clone(), open.name.clone(), open.rooms);
    let rate = open.rate.as_ref().map(events::Money::from);
    match offer {
        None => Ok(Decision::one(RoomTypeOpened { hotel, name, rooms, rate })),
        Some(offer) if *offer == Offer { hotel, name, rooms, rate } => Ok(Decision::already_so()),
        Some(_) => Err(Rejection::AlreadyOpen),
    }
}

/// A room type that is open.
struct Open<'a> {
    state: &'a State,
    rooms: u32,
}

impl Open<'_> {
    fn change_room_count(&self, change: &ChangeRoomCount) -> Decided {
        if change.rooms == self.rooms {
            return Ok(Decision::already_so());
        }
        let from = self.state.clock;
        let mut nights = self.state.taken.range(from.unwrap_or(Date::MIN)..);
        if let Some((&night, &taken)) = nights.find(|(_, taken)| **taken > change.rooms) {
            return Err(Rejection::WouldOverbook { night, taken });
        }
        let mut draft = Draft::new(self.state, change.rooms);
        draft.push(RoomCountChanged { rooms: change.rooms, previous: self.rooms, from }.into());
        Ok(draft.promote().into())
    }

    fn book(&self, book: &BookRoom, context: &Context<'_>) -> Decided {
        if self.state.bookings.contains_key(&book.booking_id) {
            return Err(Rejection::BookingExists(book.booking_id.clone()));
        }
        let BookRoom { booking_id, guest, arrival, departure, party, notes, wait_list } = book.clone();
        let guest = Guest { name: guest.name, email: guest.email };
        let party = Party { adults: party.adults, children: party.children };
        let booked_by = context.actor.sub.clone();
        let full = Stay { arrival, departure }.nights().find(|night| self.state.taken(*night) >= self.rooms);
        let Some(night) = full else {
            return Ok(Decision::one(RoomBooked { booking_id, guest, arrival, departure, party, notes, booked_by }));
        };
        let ahead = self.state.waiting.len();
        if !wait_list {
            return Err(Rejection::NoRoomsLeft { night });
        }
        if ahead >= LONGEST_WAITING_LIST {
            return Err(Rejection::WaitingListFull);
        }
        let position = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        Ok(Decision::one(BookingWaitListed {
            booking_id,
            position,
            guest,
            arrival,
            departure,
            party,
            notes,
            booked_by,
        }))
    }

    fn change_booking(&self, change: &ChangeBooking) -> Decided {
        let booking = self.booking(&change.booking_id)?;
        let waiting = match booking.status {
            Status::Waiting => true,
            Status::Confirmed => false,
            _ => return Err(Rejection::NotChangeable(change.booking_id.clone())),
        };
        let ChangeBooking { booking_id, arrival, departure } = change.clone();
        let (previous, stay) = (booking.stay(), Stay { arrival, departure });
        if stay == previous {
            return Ok(Decision::already_so());
        }
        if !waiting {
            // it frees its own nights before it looks
            let others = |night| self.state.taken(night).saturating_sub(u32::from(previous.has(night)));
            if let Some(night) = stay.nights().find(|night| others(*night) >= self.rooms) {
                return Err(Rejection::NoRoomsLeft { night });
            }
        }
        Ok(self.freeing(BookingChanged { booking_id, arrival, departure, previous, waiting }))
    }

    fn cancel(&self, cancel: &CancelBooking) -> Decided {
        let booking = self.booking(&cancel.booking_id)?;
        let waiting = match booking.status {
            Status::Waiting => true,
            Status::Confirmed => false,
            Status::Cancelled => return Ok(Decision::already_so()),
            Status::CheckedIn | Status::CheckedOut | Status::NoShow => {
                return Err(Rejection::NotCancellable(cancel.booking_id.clone()));
            }
        };
        let CancelBooking { booking_id, reason } = cancel.clone();
        let Stay { arrival, departure } = booking.stay();
        let cancelled = BookingCancelled { booking_id, reason, arrival, departure, waiting };
        Ok(if waiting { Decision::one(cancelled) } else { self.freeing(cancelled) })
    }

    fn check_in(&self, id: &Id, on: Date) -> Decided {
        match self.booking(id)?.status {
            Status::Confirmed => Ok(Decision::one(GuestCheckedIn { booking_id: id.clone(), on })),
            Status::CheckedIn => Ok(Decision::already_so()),
            _ => Err(Rejection::NotConfirmed(id.clone())),
        }
    }

    fn check_out(&self, id: &Id, on: Date) -> Decided {
        let booking = self.booking(id)?;
        let Stay { arrival, departure } = booking.stay();
        match booking.status {
            Status::CheckedIn => Ok(self.freeing(GuestCheckedOut { booking_id: id.clone(), on, arrival, departure })),
            Status::CheckedOut => Ok(Decision::already_so()),
            _ => Err(Rejection::NotCheckedIn(id.clone())),
        }
    }

    fn mark_no_show(&self, id: &Id, on: Date) -> Decided {
        let booking = self.booking(id)?;
        let Stay { arrival, departure } = booking.stay();
        match booking.status {
            Status::Confirmed => Ok(self.freeing(GuestNotShown { booking_id: id.clone(), on, arrival, departure })),
            Status::NoShow => Ok(Decision::already_so()),
            _ => Err(Rejection::NotConfirmed(id.clone())),
        }
    }

    fn booking(&self, id: &Id) -> Result<&Booking, Rejection> {
        self.state.bookings.get(id).ok_or_else(|| Rejection::UnknownBooking(id.clone()))
    }

    /// The event, and those who move up to the nights that it frees.
    fn freeing(&self, event: impl Into<Event>) -> Decision {
        let mut draft = Draft::new(self.state, self.rooms);
        draft.push(event.into());
        draft.promote().into()
    }
}
