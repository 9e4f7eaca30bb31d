//! The README's recipe: `examples/loyalty-card`, which is laid over these sources by who tries it, compiles and keeps
//! its rules.

// what the recipe adds to the crate of events
extern crate self as events;

#[path = "../../../examples/loyalty-card/workers/domain/src/loyalty/mod.rs"]
pub mod loyalty;
#[path = "../../../examples/loyalty-card/events/src/loyalty_card.rs"]
pub mod loyalty_card;

use kernel::spec::given_view;
use loyalty::{Cards, Visits};
use loyalty_card::{CardOpened, CardRedeemed, CardStamped, Event};
use serde_json::json;

fn story() -> Vec<Event> {
    let stamped = |shop: &str| CardStamped { shop: shop.into() }.into();
    let full = (0..9).map(|_| stamped("harbour"));
    let opened = CardOpened { holder: "Ada".into() }.into();
    let mut story: Vec<Event> = std::iter::once(opened).chain(full).collect();
    story.extend([stamped("station"), CardRedeemed { stamps: 10 }.into(), stamped("station")]);
    story
}

#[test]
fn a_view_shows_how_far_a_card_has_come() {
    given_view::<Cards>("loyalty-card/7", story()).then("7", json!({"holder": "Ada", "stamps": 1, "redeemed": 1}));
}

#[test]
fn another_view_of_the_same_data_counts_by_shop() {
    let visits = || given_view::<Visits>("loyalty-card/7", story());
    visits().then("7:harbour", json!({"card": "7", "shop": "harbour", "stamps": 9}));
    visits().then("7:station", json!({"card": "7", "shop": "station", "stamps": 2}));
}

#[test]
fn the_recipe_has_all_that_the_catalog_asks_for() {
    let catalog = kernel::Catalog::new()
        .aggregate::<loyalty::Card>()
        .view::<Cards>()
        .view::<Visits>()
        .policies(loyalty::POLICIES);
    let card = catalog.find("loyalty-card").map(|card| card.commands().len());
    assert_eq!((card, catalog.views().count()), (Some(3), 2));
}
