//! What holds whatever is asked, in whichever order, however often.

use kernel::{CommandSet, Context, Decider, spec};
use proptest::prelude::*;

use super::*;
use crate::payments::{Command, State};

fn command() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        Just(("AuthorizePayment", approve(2920, "a-1"))),
        Just(("AuthorizePayment", approve(2920, "a-2"))),
        Just(("AuthorizePayment", decline())),
        Just(("CapturePayment", json!({}))),
        Just(("VoidPayment", void())),
    ]
}

fn decide(state: &State, (kind, data): &(&'static str, Value)) -> Result<Vec<Event>, ()> {
    let (stream, id) = ("payment/o-1".parse().unwrap(), "c-1".parse().unwrap());
    let actor = kernel::Actor { sub: "checkout/o-1".into(), roles: ["workflow".to_owned()].into() };
    let context = Context { stream: &stream, version: 0, command: &id, actor: &actor, now: spec::now() };
    let command = Command::decode(kind, data).unwrap();
    Payment::decide(state, &command, &context).map(|decision| decision.events).map_err(|_| ())
}

/// What we hold of the customer's money: authorised and not freed, or captured and not given back.
fn balance(events: &[Event]) -> i64 {
    let change = |event: &Event| match event {
        Event::PaymentAuthorized(e) => e.amount.amount,
        Event::PaymentVoided(e) => e.amount.as_ref().map_or(0, |amount| -amount.amount),
        Event::PaymentDeclined(_) | Event::PaymentCaptured(_) => 0,
    };
    events.iter().map(change).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_amount_is_taken_at_most_once_and_nothing_stays_held_after_voiding(
        commands in prop::collection::vec(command(), 1..20)
    ) {
        let (mut state, mut events) = (State::default(), Vec::new());
        for command in &commands {
            for event in decide(&state, command).unwrap_or_default() {
                state = Payment::evolve(state, &event);
                events.push(event);
            }
            prop_assert!([0, 2920].contains(&balance(&events)), "{events:?}");
            if matches!(state, State::Voided | State::Declined) {
                prop_assert_eq!(balance(&events), 0);
            }
        }
        let captures = events.iter().filter(|event| matches!(event, Event::PaymentCaptured(_))).count();
        prop_assert!(captures <= 1);
    }

    #[test]
    fn a_command_that_was_done_decides_nothing_when_it_is_repeated(
        commands in prop::collection::vec(command(), 1..20)
    ) {
        let mut state = State::default();
        for command in &commands {
            let first = decide(&state, command);
            state = first.iter().flatten().fold(state, Payment::evolve);
            prop_assert_eq!(decide(&state, command), first.map(|_| vec![]));
            let stored: State = serde_json::from_slice(&serde_json::to_vec(&state).unwrap()).unwrap();
            prop_assert_eq!(&stored, &state);
        }
    }
}
