//! What holds whatever is asked, of several customers who want the same few emails.

use std::collections::BTreeMap;

use kernel::{Claim, CommandSet, Context, Decider, Rejection as _, spec};
use proptest::prelude::*;

use super::*;
use crate::customers::{Command, Customers, State};

const MANY: usize = 4;

fn email() -> impl Strategy<Value = String> {
    (0..3u8, any::<bool>())
        .prop_map(|(n, upper)| if upper { format!("E{n}@X.EXAMPLE") } else { format!("e{n}@x.example") })
}

fn command() -> impl Strategy<Value = (usize, &'static str, Value)> {
    let asked = prop_oneof![
        4 => email().prop_map(|email| ("RegisterCustomer", json!({ "name": "A", "email": email }))),
        3 => email().prop_map(|email| ("UpdateCustomer", json!({ "email": email }))),
        1 => (0..3u8).prop_map(|n| ("UpdateCustomer", json!({ "name": format!("N{n}"), "phone": format!("{n}") }))),
        2 => Just(("DeleteCustomer", json!({}))),
        3 => (0..8u64).prop_map(|number| ("RestoreCustomer", version(number))),
        2 => (1..5u64).prop_map(|points| ("AddReward", reward(points))),
        2 => (1..9u64).prop_map(|points| ("RedeemReward", json!({ "points": points }))),
    ];
    (0..MANY, asked).prop_map(|(who, (kind, data))| (who, kind, data))
}

/// The customers, and who holds which email: what a store keeps.
#[derive(Default)]
struct Shop {
    states: [State; MANY],
    histories: [Vec<Event>; MANY],
    held: BTreeMap<String, usize>,
}

impl Shop {
    fn ask(&mut self, (who, kind, data): &(usize, &'static str, Value)) -> Result<usize, &'static str> {
        let (stream, id) = (format!("customer/c-{who}").parse().unwrap(), "c-1".parse().unwrap());
        let actor = kernel::Actor { sub: "sam".into(), roles: ["staff".to_owned()].into() };
        let context = Context { stream: &stream, version: 0, command: &id, actor: &actor, now: spec::now() };
        let command = Command::decode(kind, data).unwrap();
        let decision =
            Customer::decide(&self.states[*who], &command, &context).map_err(|rejection| rejection.code())?;
        let released: Vec<_> = decision
            .claims
            .iter()
            .filter_map(|claim| if let Claim::Release { value, .. } = claim { Some(value) } else { None })
            .collect();
        for claim in &decision.claims {
            if let Claim::Unique { value, otherwise, .. } = claim
                && self.held.get(value).is_some_and(|holder| holder != who)
            {
                return Err(otherwise.code());
            }
        }
        for claim in &decision.claims {
            match claim {
                Claim::Unique { value, .. } => drop(self.held.insert(value.clone(), *who)),
                // what is taken and released at once is kept
                Claim::Release { value, .. } => {
                    let kept = decision
                        .claims
                        .iter()
                        .any(|other| matches!(other, Claim::Unique { value: v, .. } if v == value));
                    if !kept {
                        assert_eq!(self.held.remove(value), Some(*who), "what is released was held: {released:?}");
                    }
                }
            }
        }
        for event in &decision.events {
            self.states[*who] = Customer::evolve(std::mem::take(&mut self.states[*who]), event);
        }
        self.histories[*who].extend(decision.events.iter().cloned());
        Ok(decision.events.len())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_email_has_one_owner(commands in prop::collection::vec(command(), 1..60)) {
        let mut shop = Shop::default();
        for command in &commands {
            let _outcome = shop.ask(command);
            let mut owned = BTreeMap::new();
            for (who, state) in shop.states.iter().enumerate() {
                if let State::Active(record) = state {
                    let other = owned.insert(record.details.email.to_lowercase(), who);
                    prop_assert_eq!(other, None, "two have one email after {:?}", command);
                }
            }
            prop_assert_eq!(&owned, &shop.held, "what is held is what those who are active have");
        }
    }

    #[test]
    fn points_are_what_was_given_and_not_spent(commands in prop::collection::vec(command(), 1..60)) {
        let mut shop = Shop::default();
        for command in &commands {
            let _outcome = shop.ask(command);
            for (state, history) in shop.states.iter().zip(&shop.histories) {
                let (State::Active(record) | State::Deleted(record)) = state else { continue };
                let change = |event: &Event| match event {
                    Event::RewardAdded(e) => i128::from(e.points),
                    Event::RewardRedeemed(e) => -i128::from(e.points),
                    _ => 0,
                };
                let balance: i128 = history.iter().map(change).sum();
                prop_assert!(balance >= 0);
                prop_assert_eq!(i128::from(record.points), balance);
                prop_assert_eq!(record.version, history.len() as u64);
            }
        }
    }

    #[test]
    fn a_restore_to_any_version_gives_exactly_the_details_of_that_version(
        commands in prop::collection::vec(command(), 1..60)
    ) {
        let mut shop = Shop::default();
        for command in &commands {
            let _outcome = shop.ask(command);
        }
        for (state, history) in shop.states.iter().zip(&shop.histories) {
            let (State::Active(record) | State::Deleted(record)) = state else { continue };
            let mut then = State::default();
            for (index, event) in history.iter().enumerate() {
                then = Customer::evolve(then, event);
                let (State::Active(was) | State::Deleted(was)) = &then else { panic!("{then:?}") };
                prop_assert_eq!(record.at(index as u64 + 1), Some(&was.details));
            }
            prop_assert_eq!(record.at(0), None);
            prop_assert_eq!(record.at(history.len() as u64 + 1), None);
        }
    }

    #[test]
    fn a_command_that_was_done_decides_nothing_when_it_is_repeated(
        commands in prop::collection::vec(command(), 1..60)
    ) {
        let mut shop = Shop::default();
        for command in &commands {
            let first = shop.ask(command);
            if matches!(command.1, "AddReward" | "RedeemReward") {
                continue;
            }
            let again = shop.ask(command);
            match (command.1, first) {
                ("RegisterCustomer", Ok(_)) => prop_assert_eq!(again, Err("already-registered")),
                ("DeleteCustomer", Ok(_)) => prop_assert_eq!(again, Err("deleted")),
                (_, Ok(_)) => prop_assert_eq!(again, Ok(0)),
                (_, Err(code)) => prop_assert_eq!(again, Err(code)),
            }
        }
    }

    #[test]
    fn folding_on_from_a_snapshot_is_folding_all_and_the_view_shows_the_same(
        commands in prop::collection::vec(command(), 1..60), cut in any::<prop::sample::Index>()
    ) {
        let mut shop = Shop::default();
        for command in &commands {
            let _outcome = shop.ask(command);
        }
        for (state, history) in shop.states.iter().zip(&shop.histories) {
            let (State::Active(record) | State::Deleted(record)) = state else { continue };
            let (before, after) = history.split_at(cut.index(history.len()));
            let stored = serde_json::to_vec(&before.iter().fold(State::default(), Customer::evolve)).unwrap();
            let restored: State = serde_json::from_slice(&stored).unwrap();
            prop_assert_eq!(&after.iter().fold(restored, Customer::evolve), state);
            let status = if matches!(state, State::Active(_)) { "active" } else { "deleted" };
            spec::given_view::<Customers>(STREAM, history.iter().cloned()).then("ada", json!({
                "name": record.details.name, "email": record.details.email, "phone": record.details.phone,
                "points": record.points, "status": status
            }));
        }
    }
}
