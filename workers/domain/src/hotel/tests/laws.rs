//! What holds whatever is asked, in whichever order: laws of the room type, on random commands.

use std::collections::{BTreeMap, HashMap};

use kernel::{CommandSet, Context, Decider, Rejection as _, spec};
use proptest::prelude::*;

use super::*;
use crate::hotel::{Availability, Bookings, Command, State, Status};

/// Few rooms, few bookings, few nights: so that they meet often. Days reach beyond what is remembered.
fn command() -> impl Strategy<Value = (&'static str, Value)> {
    let id = || (0..12u8).prop_map(|n| format!("b-{n}"));
    let dates = || (1..12i32, 1..5i32).prop_map(|(arrival, nights)| (arrival, arrival + nights));
    let today = || prop_oneof![9 => 1..14i32, 1 => 30..45i32];
    prop_oneof![
        8 => (id(), dates(), any::<bool>())
            .prop_map(|(id, dates, wait)| ("BookRoom", with(book(&id, dates), json!({ "waitList": wait })))),
        3 => (id(), dates()).prop_map(|(id, dates)| ("ChangeBooking", change(&id, dates))),
        3 => id().prop_map(|id| ("CancelBooking", of(&id))),
        2 => (id(), today()).prop_map(|(id, day)| ("CheckIn", on(&id, day))),
        2 => (id(), today()).prop_map(|(id, day)| ("CheckOut", on(&id, day))),
        1 => (id(), today()).prop_map(|(id, day)| ("MarkNoShow", on(&id, day))),
        1 => (1..4u32).prop_map(|rooms| ("ChangeRoomCount", json!({ "rooms": rooms }))),
    ]
}

fn commands() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    prop::collection::vec(command(), 1..60)
}

type Decided = Result<Vec<Event>, &'static str>;

fn decide(state: &State, (kind, data): &(&'static str, Value)) -> Decided {
    let (stream, id) = (STREAM.parse().unwrap(), "c-1".parse().unwrap());
    let actor = kernel::Actor { sub: "alice".into(), roles: ["staff".to_owned()].into() };
    let context = Context { stream: &stream, version: 0, command: &id, actor: &actor, now: spec::now() };
    let command = Command::decode(kind, data).unwrap();
    RoomType::decide(state, &command, &context).map(|decision| decision.events).map_err(|rejection| rejection.code())
}

fn fold<'a>(state: State, events: impl IntoIterator<Item = &'a Event>) -> State {
    events.into_iter().fold(state, RoomType::evolve)
}

/// All events that come of the commands, on a room type of two rooms.
fn history(commands: &[(&'static str, Value)]) -> Vec<Event> {
    let mut events = vec![opened(2)];
    let mut state = fold(State::default(), &events);
    for command in commands {
        let decided = decide(&state, command).unwrap_or_default();
        state = fold(state, &decided);
        events.extend(decided);
    }
    events
}

/// How many rooms of each night ever taken are taken, counted anew from all events.
fn recount(events: &[Event]) -> BTreeMap<Date, i64> {
    let mut nights = BTreeMap::new();
    for event in events {
        for night in event.frees().into_iter().flat_map(Stay::nights) {
            *nights.entry(night).or_default() -= 1;
        }
        for night in event.takes().into_iter().flat_map(Stay::nights) {
            *nights.entry(night).or_default() += 1;
        }
    }
    nights
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_more_rooms_are_taken_than_there_are(commands in commands()) {
        let mut state = fold(State::default(), &[opened(2)]);
        for command in &commands {
            for event in decide(&state, command).unwrap_or_default() {
                let taken_before = state.taken.clone();
                state = RoomType::evolve(state, &event);
                let rooms = state.offer.as_ref().unwrap().rooms;
                for (night, taken) in &state.taken {
                    // what is past may have more since the count fell, but then nothing is added to it
                    let past = state.clock.is_some_and(|clock| *night < clock);
                    prop_assert!(taken <= &rooms || past && taken_before.get(night) >= Some(taken), "{night}: {taken}");
                }
            }
        }
    }

    #[test]
    fn folding_on_from_a_snapshot_is_folding_all(commands in commands(), cut in any::<prop::sample::Index>()) {
        let events = history(&commands);
        let (before, after) = events.split_at(cut.index(events.len()));
        let stored = serde_json::to_vec(&fold(State::default(), before)).unwrap();
        let restored: State = serde_json::from_slice(&stored).unwrap();
        prop_assert_eq!(fold(restored, after), fold(State::default(), &events));
    }

    #[test]
    fn a_command_that_was_done_decides_nothing_when_it_is_repeated(commands in commands()) {
        let mut state = fold(State::default(), &[opened(2)]);
        for command in &commands {
            let first = decide(&state, command);
            state = fold(state, first.iter().flatten());
            let again = decide(&state, command);
            let named = command.1.get("bookingId").and_then(Value::as_str).map(|id| id.parse().unwrap());
            let forgotten = named.is_some_and(|id| !state.bookings.contains_key(&id));
            match (command.0, first) {
                (_, Err(code)) => prop_assert_eq!(again, Err(code)),
                // it departed so long before the clock that it left the state with the command itself
                ("BookRoom", Ok(_)) if forgotten => prop_assert_ne!(again, Err("booking-exists")),
                (_, Ok(_)) if forgotten => prop_assert_eq!(again, Err("unknown-booking")),
                ("BookRoom", Ok(_)) => prop_assert_eq!(again, Err("booking-exists")),
                (_, Ok(_)) => prop_assert_eq!(again, Ok(vec![])),
            }
        }
    }

    #[test]
    fn promotions_keep_the_waiting_order_and_leave_nobody_out_who_fits(commands in commands()) {
        let mut state = fold(State::default(), &[opened(2)]);
        for command in &commands {
            let events = decide(&state, command).unwrap_or_default();
            let promoted: Vec<_> = events
                .iter()
                .filter_map(|event| if let Event::WaitingBookingConfirmed(e) = event { Some(&e.booking_id) } else { None })
                .collect();
            let in_order: Vec<_> = state.waiting.iter().filter(|id| promoted.contains(id)).collect();
            prop_assert_eq!(&promoted, &in_order);
            let left: Vec<_> = state.waiting.iter().filter(|id| !promoted.contains(id)).cloned().collect();
            state = fold(state, &events);
            prop_assert_eq!(
                state.waiting.iter().filter(|id| left.contains(id)).collect::<Vec<_>>(),
                left.iter().filter(|id| state.waiting.contains(id)).collect::<Vec<_>>()
            );
            let rooms = state.offer.as_ref().unwrap().rooms;
            for id in &state.waiting {
                let booking = &state.bookings[id];
                prop_assert_eq!(booking.status, Status::Waiting);
                prop_assert!(booking.stay().nights().any(|night| state.taken(night) >= rooms), "{} fits", id);
            }
        }
    }

    #[test]
    fn availability_equals_a_recount(commands in commands()) {
        let events = history(&commands);
        let (mut rooms, mut of_night) = (0, HashMap::new());
        for event in &events {
            match event {
                Event::RoomTypeOpened(e) => rooms = e.rooms,
                Event::RoomCountChanged(e) => {
                    rooms = e.rooms;
                    of_night.iter_mut().filter(|(night, _)| e.from <= Some(**night)).for_each(|(_, of)| *of = rooms);
                }
                _ => {}
            }
            for night in event.takes().into_iter().flat_map(Stay::nights) {
                of_night.entry(night).or_insert(rooms);
            }
        }
        let nights = recount(&events);
        let view = spec::given_view::<Availability>(STREAM, events);
        prop_assert_eq!(view.ids().len(), nights.len());
        for (night, booked) in nights {
            let rooms = i64::from(of_night[&night]);
            view.then(&format!("resort:A:{night}"), json!({"rooms": rooms, "booked": booked, "left": rooms - booked}));
        }
    }

    #[test]
    fn the_bookings_and_nights_of_the_state_are_those_of_the_events(commands in commands()) {
        let events = history(&commands);
        let state = fold(State::default(), &events);
        let counted = recount(&events).into_iter().filter(|(_, taken)| *taken != 0);
        let taken = state.taken.iter().map(|(night, taken)| (*night, i64::from(*taken)));
        prop_assert!(counted.eq(taken));
        let view = spec::given_view::<Bookings>(STREAM, events);
        for (id, booking) in &state.bookings {
            view.then(
                id.as_str(),
                json!({"status": booking.status, "arrival": booking.arrival, "departure": booking.departure}),
            );
            let horizon = state.clock.map(|clock| clock.saturating_sub(jiff::Span::new().days(30)));
            prop_assert!(horizon <= Some(booking.departure) || horizon.is_none());
        }
    }
}
