//! What holds whatever is asked, in whichever order.

use kernel::{CommandSet, Context, Decider, Rejection as _, spec};
use proptest::prelude::*;

use super::*;
use crate::inventory::{Command, State, Stocks};

/// Few reservations and small numbers: so that they meet often.
fn command() -> impl Strategy<Value = (&'static str, Value)> {
    let id = || (0..6u8).prop_map(|n| format!("r-{n}"));
    let quantity = || 1..6i64;
    prop_oneof![
        3 => quantity().prop_map(|quantity| ("ReceiveStock", many(quantity))),
        1 => quantity().prop_map(|quantity| ("ShipStock", many(quantity))),
        2 => (id(), quantity()).prop_map(|(id, quantity)| ("ShipStock", reserve(&id, quantity))),
        1 => (-6..6i64).prop_filter("not 0", |delta| *delta != 0).prop_map(|delta| ("AdjustStock", adjust(delta))),
        4 => (id(), quantity()).prop_map(|(id, quantity)| ("ReserveStock", reserve(&id, quantity))),
        2 => id().prop_map(|id| ("ReleaseStock", of(&id))),
    ]
}

fn commands() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    prop::collection::vec(command(), 1..60)
}

fn decide(state: &State, (kind, data): &(&'static str, Value)) -> Result<Vec<Event>, &'static str> {
    let (stream, id) = (STREAM.parse().unwrap(), "c-1".parse().unwrap());
    let actor = kernel::Actor { sub: "alice".into(), roles: ["staff".to_owned()].into() };
    let context = Context { stream: &stream, version: 0, command: &id, actor: &actor, now: spec::now() };
    let command = Command::decode(kind, data).unwrap();
    Stock::decide(state, &command, &context).map(|decision| decision.events).map_err(|rejection| rejection.code())
}

fn fold<'a>(state: State, events: impl IntoIterator<Item = &'a Event>) -> State {
    events.into_iter().fold(state, Stock::evolve)
}

fn history(commands: &[(&'static str, Value)]) -> Vec<Event> {
    let (mut state, mut events) = (State::default(), Vec::new());
    for command in commands {
        let decided = decide(&state, command).unwrap_or_default();
        state = fold(state, &decided);
        events.extend(decided);
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stock_is_never_below_what_is_reserved_and_that_never_below_zero(commands in commands()) {
        let mut state = State::default();
        for command in &commands {
            for event in decide(&state, command).unwrap_or_default() {
                state = Stock::evolve(state, &event);
                prop_assert!(0 <= state.reserved && state.reserved <= state.on_hand, "{state:?}");
                let held = state.reservations.values().filter(|held| !held.ended).map(|held| held.quantity);
                prop_assert_eq!(held.sum::<i64>(), state.reserved, "the reservations that are open hold what is reserved");
            }
        }
    }

    #[test]
    fn a_command_about_a_reservation_decides_nothing_when_it_is_repeated(commands in commands()) {
        let mut state = State::default();
        for command in &commands {
            let first = decide(&state, command);
            state = fold(state, first.iter().flatten());
            if command.1.get("reservation").is_some() {
                let again = decide(&state, command);
                prop_assert_eq!(again, first.map(|_| vec![]), "{:?}", command);
            }
        }
    }

    #[test]
    fn folding_on_from_a_snapshot_is_folding_all(commands in commands(), cut in any::<prop::sample::Index>()) {
        let events = history(&commands);
        let (before, after) = events.split_at(if events.is_empty() { 0 } else { cut.index(events.len()) });
        let stored = serde_json::to_vec(&fold(State::default(), before)).unwrap();
        let restored: State = serde_json::from_slice(&stored).unwrap();
        prop_assert_eq!(fold(restored, after), fold(State::default(), &events));
    }

    #[test]
    fn the_view_shows_what_the_state_knows(commands in commands()) {
        let events = history(&commands);
        let state = fold(State::default(), &events);
        let view = spec::given_view::<Stocks>(STREAM, events.clone());
        if !events.is_empty() {
            let (on_hand, reserved) = (state.on_hand, state.reserved);
            view.then("mug", json!({"onHand": on_hand, "reserved": reserved, "available": on_hand - reserved}));
        }
    }
}
