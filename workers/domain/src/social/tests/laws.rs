//! What holds whatever is asked, in whichever order: laws of profiles and posts, on random commands.

use std::collections::BTreeSet;

use kernel::{Actor, CommandSet, Context, Decider, Rejection as _, spec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::social::{Follows, Post, Profile};

type Asked = (&'static str, Value);

fn of_profile() -> impl Strategy<Value = Asked> {
    let handle = || prop::sample::select(vec!["ada", "bob", "cy", "dan"]);
    let text = || prop::option::of(prop::sample::select(vec!["a", "b"]));
    prop_oneof![
        1 => (text(), text()).prop_map(|(name, bio)| ("CreateProfile", told(Some(name.unwrap_or("c")), bio))),
        2 => (text(), text()).prop_map(|(name, bio)| ("EditProfile", told(name, bio))),
        6 => handle().prop_map(|handle| ("Follow", json!({ "handle": handle }))),
        4 => handle().prop_map(|handle| ("Unfollow", json!({ "handle": handle }))),
    ]
}

fn told(name: Option<&str>, bio: Option<&str>) -> Value {
    let mut data = json!({});
    for (member, value) in [("displayName", name), ("bio", bio)] {
        if let Some(value) = value {
            data[member] = json!(value);
        }
    }
    data
}

fn of_post() -> impl Strategy<Value = Asked> {
    let text = || prop::sample::select(vec!["a", "b", "c"]).prop_map(|text| json!({ "text": text }));
    prop_oneof![
        2 => text().prop_map(|data| ("PublishPost", data)),
        4 => text().prop_map(|data| ("EditPost", data)),
        1 => Just(("DeletePost", json!({}))),
    ]
}

fn decide<D: Decider>(stream: &str, state: &D::State, (kind, data): &Asked) -> Result<Vec<D::Event>, &'static str> {
    let (stream, id) = (stream.parse().unwrap(), "c-1".parse().unwrap());
    let actor = Actor { sub: "ada".into(), roles: ["member".to_owned()].into() };
    let context = Context { stream: &stream, version: 0, command: &id, actor: &actor, now: spec::now() };
    let command = D::Command::decode(kind, data).unwrap();
    D::decide(state, &command, &context).map(|decision| decision.events).map_err(|rejection| rejection.code())
}

fn fold<'a, D: Decider>(state: D::State, events: impl IntoIterator<Item = &'a D::Event>) -> D::State {
    events.into_iter().fold(state, D::evolve)
}

/// All events that come of the commands.
fn history<D: Decider>(stream: &str, commands: &[Asked]) -> Vec<D::Event> {
    let (mut events, mut state) = (Vec::new(), D::State::default());
    for command in commands {
        let decided = decide::<D>(stream, &state, command).unwrap_or_default();
        state = fold::<D>(state, &decided);
        events.extend(decided);
    }
    events
}

/// Whatever was done decides nothing more, but what makes a thing, which is told that it is there.
fn repeated_decides_nothing<D: Decider>(stream: &str, commands: &[Asked], makes: &str) -> Result<(), TestCaseError>
where
    D::Event: std::fmt::Debug + PartialEq,
{
    let mut state = D::State::default();
    for command in commands {
        let first = decide::<D>(stream, &state, command);
        state = fold::<D>(state, first.iter().flatten());
        let again = decide::<D>(stream, &state, command);
        match first {
            Err(code) => prop_assert_eq!(again, Err(code)),
            Ok(_) if command.0 == makes => prop_assert!(again.is_err()),
            Ok(_) => prop_assert_eq!(again, Ok(vec![])),
        }
    }
    Ok(())
}

fn a_snapshot_is_folded_on<D: Decider>(
    stream: &str,
    commands: &[Asked],
    cut: prop::sample::Index,
) -> Result<(), TestCaseError>
where
    D::State: std::fmt::Debug + PartialEq,
{
    let events = history::<D>(stream, commands);
    let (before, after) = events.split_at(cut.index(events.len() + 1));
    let stored = serde_json::to_vec(&fold::<D>(D::State::default(), before)).unwrap();
    let restored: D::State = serde_json::from_slice(&stored).unwrap();
    prop_assert_eq!(fold::<D>(restored, after), fold::<D>(D::State::default(), &events));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_follow_is_counted_once(commands in prop::collection::vec(of_profile(), 1..60)) {
        let events = history::<Profile>("profile/ada", &commands);
        let mut following = BTreeSet::new();
        for event in &events {
            match event {
                profile::Event::Followed(e) => prop_assert!(following.insert(e.handle.clone()), "{} twice", e.handle),
                profile::Event::Unfollowed(e) => prop_assert!(following.remove(&e.handle), "{} not followed", e.handle),
                _ => {}
            }
        }
        prop_assert!(!following.iter().any(|handle| handle.as_str() == "ada"));
        prop_assert_eq!(&fold::<Profile>(crate::social::profile::State::default(), &events).follows, &following);
        let view = spec::given_view::<Follows>("profile/ada", events);
        let ids: Vec<_> = following.iter().map(|handle| format!("ada:{handle}")).collect();
        prop_assert_eq!(view.ids(), ids);
    }

    #[test]
    fn a_command_of_a_profile_that_was_done_decides_nothing_when_it_is_repeated(
        commands in prop::collection::vec(of_profile(), 1..60),
    ) {
        repeated_decides_nothing::<Profile>("profile/ada", &commands, "")?;
    }

    #[test]
    fn a_command_of_a_post_that_was_done_decides_nothing_when_it_is_repeated(
        commands in prop::collection::vec(of_post(), 1..30),
    ) {
        repeated_decides_nothing::<Post>("post/1", &commands, "PublishPost")?;
    }

    #[test]
    fn folding_on_from_a_snapshot_is_folding_all(
        profile in prop::collection::vec(of_profile(), 1..60),
        post in prop::collection::vec(of_post(), 1..30),
        cut in any::<prop::sample::Index>(),
    ) {
        a_snapshot_is_folded_on::<Profile>("profile/ada", &profile, cut)?;
        a_snapshot_is_folded_on::<Post>("post/1", &post, cut)?;
    }
}
