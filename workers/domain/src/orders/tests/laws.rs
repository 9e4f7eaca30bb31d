//! What holds whatever is asked, in whichever order.

use kernel::{CommandSet, Context, Decider, Rejection as _, spec};
use proptest::prelude::*;

use super::*;
use crate::orders::{Command, OrderLines, Orders, State, Status};

fn asked() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..commands().len(), 1..30)
}

fn decide(state: &State, (kind, data): &(&'static str, Value)) -> Result<Vec<Event>, &'static str> {
    let (stream, id) = (STREAM.parse().unwrap(), "c-1".parse().unwrap());
    let actor = kernel::Actor { sub: "alice".into(), roles: ["customer".to_owned()].into() };
    let context = Context { stream: &stream, version: 0, command: &id, actor: &actor, now: spec::now() };
    let command = Command::decode(kind, data).unwrap();
    Order::decide(state, &command, &context).map(|decision| decision.events).map_err(|rejection| rejection.code())
}

fn fold<'a>(state: State, events: impl IntoIterator<Item = &'a Event>) -> State {
    events.into_iter().fold(state, Order::evolve)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_order_goes_only_forward_and_a_closed_one_nowhere(asked in asked()) {
        let all = commands();
        let mut state = State::default();
        for index in asked {
            let events = decide(&state, &all[index]).unwrap_or_default();
            let before = state.status;
            state = fold(state, &events);
            let allowed = match before {
                Status::Absent => vec![Status::Placed],
                Status::Placed => vec![Status::Confirmed, Status::Declined, Status::Cancelled],
                Status::Confirmed => vec![Status::Shipped, Status::Cancelled],
                Status::Shipped => vec![Status::Delivered],
                Status::Delivered | Status::Declined | Status::Cancelled => vec![],
            };
            prop_assert!(state.status == before || allowed.contains(&state.status), "{before:?} to {:?}", state.status);
        }
    }

    #[test]
    fn a_command_that_was_done_decides_nothing_when_it_is_repeated(asked in asked()) {
        let all = commands();
        let mut state = State::default();
        for index in asked {
            let first = decide(&state, &all[index]);
            state = fold(state, first.iter().flatten());
            let again = decide(&state, &all[index]);
            match (all[index].0, first) {
                ("PlaceOrder", Ok(_)) => prop_assert_eq!(again, Err("already-placed")),
                (_, Ok(_)) => prop_assert_eq!(again, Ok(vec![])),
                (_, Err(code)) => prop_assert_eq!(again, Err(code)),
            }
        }
    }

    #[test]
    fn state_and_views_tell_the_same(asked in asked()) {
        let all = commands();
        let (mut state, mut events) = (State::default(), Vec::new());
        for index in asked {
            let decided = decide(&state, &all[index]).unwrap_or_default();
            state = fold(state, &decided);
            events.extend(decided);
        }
        let stored: State = serde_json::from_slice(&serde_json::to_vec(&state).unwrap()).unwrap();
        prop_assert_eq!(&stored, &state);
        if state.status != Status::Absent {
            let status = json!({ "status": state.status });
            spec::given_view::<Orders>(STREAM, events.clone()).then("o-1", status.clone());
            spec::given_view::<OrderLines>(STREAM, events).then("o-1:1", status.clone()).then("o-1:2", status);
        }
    }
}
