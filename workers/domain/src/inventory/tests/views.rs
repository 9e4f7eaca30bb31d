//! Given/then of the view `stock`.

use kernel::spec::given_view;

use super::*;
use crate::inventory::Stocks;

#[test]
fn stock_shows_what_is_there_reserved_and_left() {
    given_view::<Stocks>(STREAM, [received(10), reserved("r-1", 3), reserved("r-2", 2)])
        .then("mug", json!({"sku": "mug", "onHand": 10, "reserved": 5, "available": 5, "stream": STREAM}));
}

#[test]
fn stock_follows_what_is_released_shipped_and_counted() {
    let held = || [received(10), reserved("r-1", 3)].into_iter();
    let view = |more: Vec<Event>| given_view::<Stocks>(STREAM, held().chain(more));
    view(vec![released("r-1", 3)]).then("mug", json!({"onHand": 10, "reserved": 0, "available": 10}));
    view(vec![shipped(2)]).then("mug", json!({"onHand": 8, "reserved": 3, "available": 5}));
    view(vec![shipped_for("r-1", 3, 1)]).then("mug", json!({"onHand": 9, "reserved": 0, "available": 9}));
    view(vec![adjusted(-4)]).then("mug", json!({"onHand": 6, "reserved": 3, "available": 3}));
}
