//! An aggregate that does whatever a test needs: counts, claims names, grows, and breaks on command.

use std::collections::BTreeMap;

use kernel::{Attributes, Claim, CommandData, Context, Decider, Decision, EventData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Payloads with the same members on both sides: what is asked is what happens.
macro_rules! payloads {
    ($trait:ident: $($name:ident { $($field:ident: $type:ty),* }),+ $(,)?) => {
        $(
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub(crate) struct $name { $(pub(crate) $field: $type),* }
            impl $trait for $name {}
        )+
    };
}

payloads! { CommandData:
    Set { value: i64 },
    Fill { bytes: usize },
    Grow { bytes: usize },
    Deny { bytes: usize },
    Explode {},
    Spoil {},
    Close {},
    Hold { take: Vec<String>, give: Vec<String> },
    List { item: String, amount: Value },
    Delist { item: String },
    Curse { wherever: String, item: String },
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Add {
    #[schemars(range(min = 1))]
    pub(crate) count: i64,
}
impl CommandData for Add {}

kernel::commands! {
    pub(crate) enum Command { Add, Set, Fill, Grow, Deny, Explode, Spoil, Close, Hold, List, Delist, Curse }
}

payloads! { EventData:
    ValueSet { value: i64 },
    Filled { text: String },
    Grown { bytes: usize },
    Spoilt {},
    Closed { by: String },
    Held { take: Vec<String>, give: Vec<String> },
    Listed { item: String, amount: Value },
    Delisted { item: String },
    Cursed { wherever: String, item: String },
}

/// Told to other services one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Added {
    pub(crate) count: i64,
    /// The time that the decision knew.
    pub(crate) now: String,
}
impl EventData for Added {
    const PUBLIC: bool = true;
}

kernel::events! {
    pub(crate) enum Event { Added, ValueSet, Filled, Grown, Spoilt, Closed, Held, Listed, Delisted, Cursed }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) value: i64,
    pub(crate) owner: Option<String>,
    pub(crate) blob: String,
    pub(crate) names: BTreeMap<String, bool>,
}

pub(crate) enum Rejection {
    Taken(String),
    Denied(usize),
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::Denied(_) => "denied",
        }
    }
    fn message(&self) -> String {
        match self {
            Self::Taken(name) => format!("`{name}` is taken"),
            Self::Denied(_) => "it is denied".into(),
        }
    }
    fn detail(&self) -> Option<Value> {
        match self {
            Self::Taken(_) => None,
            Self::Denied(bytes) => Some(json!("x".repeat(*bytes))),
        }
    }
}

pub(crate) struct Toy;

impl Decider for Toy {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "toy";
    const REVISION: u32 = 1;

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::Added(added) => state.value += added.count,
            Event::ValueSet(set) => state.value = set.value,
            Event::Grown(grown) => state.blob = "g".repeat(grown.bytes),
            Event::Spoilt(_) => panic!("nobody can live with that"),
            Event::Closed(closed) => state.owner = Some(closed.by.clone()),
            Event::Held(held) => {
                state.names.extend(held.take.iter().map(|name| (name.clone(), true)));
                state.names.retain(|name, _| !held.give.contains(name));
            }
            Event::Filled(_) | Event::Listed(_) | Event::Delisted(_) | Event::Cursed(_) => {}
        }
        state
    }

    fn decide(
        state: &State,
        command: &Command,
        context: &Context<'_>,
    ) -> Result<Decision<Event, Rejection>, Rejection> {
        Ok(match command {
            Command::Add(add) => Decision::one(Added { count: add.count, now: context.now.to_string() }),
            Command::Set(set) if set.value == state.value => Decision::already_so(),
            Command::Set(set) => Decision::one(ValueSet { value: set.value }),
            Command::Fill(fill) => Decision::one(Filled { text: "f".repeat(fill.bytes) }),
            Command::Grow(grow) => Decision::one(Grown { bytes: grow.bytes }),
            Command::Deny(deny) => return Err(Rejection::Denied(deny.bytes)),
            Command::Explode(_) => panic!("it exploded"),
            Command::Spoil(_) => Decision::one(Spoilt {}),
            Command::Close(_) => Decision::one(Closed { by: context.actor.sub.clone() }),
            Command::Hold(hold) => {
                let event = Held { take: hold.take.clone(), give: hold.give.clone() };
                let take = hold.take.iter().map(|name| Claim::Unique {
                    scope: "name",
                    value: name.clone(),
                    otherwise: Rejection::Taken(name.clone()),
                });
                let give = hold.give.iter().map(|name| Claim::Release { scope: "name", value: name.clone() });
                give.chain(take).fold(Decision::one(event), Decision::claiming)
            }
            Command::List(list) => Decision::one(Listed { item: list.item.clone(), amount: list.amount.clone() }),
            Command::Delist(delist) => Decision::one(Delisted { item: delist.item.clone() }),
            Command::Curse(curse) => {
                Decision::one(Cursed { wherever: curse.wherever.clone(), item: curse.item.clone() })
            }
        })
    }

    fn resource(state: &State, _: &Command) -> Attributes {
        state.owner.iter().map(|owner| ("owner", owner.as_str().into())).collect()
    }
}
