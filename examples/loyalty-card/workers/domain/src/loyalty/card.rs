//! The aggregate: opened once, stamped, and redeemed when it is full.

use events::loyalty_card::{CardOpened, CardRedeemed, CardStamped, Event};
use kernel::{CommandData, Context, Decider, Decision};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many stamps are a coffee.
const FULL: u32 = 10;

/// Gives somebody a card.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenCard {
    /// Whose it is.
    #[schemars(length(min = 1, max = 200))]
    pub holder: String,
}
impl CommandData for OpenCard {}

/// Stamps it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StampCard {
    /// In which shop.
    #[schemars(length(min = 1, max = 200))]
    pub shop: String,
}
impl CommandData for StampCard {}

/// Turns a full card into a coffee.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedeemCard {}
impl CommandData for RedeemCard {}

kernel::commands! {
    /// What can be asked of a loyalty card.
    pub enum Command { OpenCard, StampCard, RedeemCard }
}

/// What decisions need to know of a card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whose it is; nobody's until it is opened.
    pub holder: Option<String>,
    /// How many stamps it has.
    pub stamps: u32,
}

/// Why a card says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such card.
    NotOpen,
    /// It is another's.
    AlreadyOpen,
    /// There is no room for another stamp.
    Full,
    /// Stamps are missing.
    NotFull,
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotOpen => "not-open",
            Self::AlreadyOpen => "already-open",
            Self::Full => "full",
            Self::NotFull => "not-full",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotOpen => "there is no such card",
            Self::AlreadyOpen => "the card is another's",
            Self::Full => "the card is full: redeem it",
            Self::NotFull => "stamps are missing",
        }
        .into()
    }
}

/// A loyalty card.
pub struct Card;

impl Decider for Card {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "loyalty-card";
    const REVISION: u32 = 1;

    fn evolve(state: State, event: &Event) -> State {
        match event {
            Event::CardOpened(e) => State { holder: Some(e.holder.clone()), ..state },
            Event::CardStamped(_) => State { stamps: state.stamps + 1, ..state },
            Event::CardRedeemed(e) => State { stamps: state.stamps.saturating_sub(e.stamps), ..state },
        }
    }

    fn decide(state: &State, command: &Command, _: &Context<'_>) -> Result<Decision<Event, Rejection>, Rejection> {
        match (&state.holder, command) {
            (None, Command::OpenCard(open)) => Ok(Decision::one(CardOpened { holder: open.holder.clone() })),
            (None, _) => Err(Rejection::NotOpen),
            (Some(holder), Command::OpenCard(open)) if *holder == open.holder => Ok(Decision::already_so()),
            (Some(_), Command::OpenCard(_)) => Err(Rejection::AlreadyOpen),
            (Some(_), Command::StampCard(_)) if state.stamps == FULL => Err(Rejection::Full),
            (Some(_), Command::StampCard(stamp)) => Ok(Decision::one(CardStamped { shop: stamp.shop.clone() })),
            (Some(_), Command::RedeemCard(_)) if state.stamps < FULL => Err(Rejection::NotFull),
            (Some(_), Command::RedeemCard(_)) => Ok(Decision::one(CardRedeemed { stamps: FULL })),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::spec::{Given, given};
    use serde_json::json;

    use super::*;

    fn card(stamps: u32) -> Given<Card> {
        let stamped = (0..stamps).map(|_| CardStamped { shop: "harbour".into() }.into());
        given("loyalty-card/7", std::iter::once(CardOpened { holder: "Ada".into() }.into()).chain(stamped))
    }

    #[test]
    fn a_card_is_opened_once() {
        given::<Card>("loyalty-card/7", [])
            .when("OpenCard", json!({"holder": "Ada"}))
            .then([CardOpened { holder: "Ada".into() }.into()]);
        card(0).when("OpenCard", json!({"holder": "Ada"})).then_nothing();
        card(0).when("OpenCard", json!({"holder": "Grace"})).then_rejected("already-open");
        given::<Card>("loyalty-card/7", []).when("RedeemCard", json!({})).then_rejected("not-open");
    }

    #[test]
    fn a_full_card_is_redeemed_and_takes_no_more_stamps() {
        card(9).when("RedeemCard", json!({})).then_rejected("not-full");
        card(9).when("StampCard", json!({"shop": "harbour"})).then([CardStamped { shop: "harbour".into() }.into()]);
        card(10).when("StampCard", json!({"shop": "harbour"})).then_rejected("full");
        card(10).when("RedeemCard", json!({})).then([CardRedeemed { stamps: 10 }.into()]);
    }

    #[test]
    fn a_holder_has_a_name() {
        card(0).when("OpenCard", json!({"holder": ""})).then_invalid(&["/data/holder too-short"]);
    }
}
