//! What becomes of an order.

use super::*;

/// An order that came so far.
fn after(events: impl IntoIterator<Item = Event>) -> Given<Order> {
    order(std::iter::once(placed()).chain(events))
}

#[test]
fn nothing_is_done_with_what_was_never_placed() {
    for (kind, data) in commands().into_iter().filter(|(kind, _)| *kind != "PlaceOrder") {
        order([]).when(kind, data).then_rejected("not-placed");
    }
}

#[test]
fn a_placed_order_is_confirmed_shipped_and_delivered() {
    after([]).when("ConfirmOrder", json!({})).then([confirmed()]);
    after([confirmed()]).when("ShipOrder", ship()).then([shipped()]);
    after([confirmed(), shipped()]).when("DeliverOrder", json!({})).then([delivered()]);
}

#[test]
fn a_placed_order_is_declined() {
    after([]).when("DeclineOrder", why("no stock")).then([declined()]);
}

#[test]
fn a_placed_or_confirmed_order_is_cancelled() {
    after([]).when("CancelOrder", why("changed my mind")).then([cancelled()]);
    after([confirmed()]).when("CancelOrder", why("changed my mind")).then([cancelled()]);
}

#[test]
fn confirming_what_is_confirmed_or_further_changes_nothing() {
    after([confirmed()]).when("ConfirmOrder", json!({})).then_nothing();
    after([confirmed(), shipped()]).when("ConfirmOrder", json!({})).then_nothing();
    after([confirmed(), shipped(), delivered()]).when("ConfirmOrder", json!({})).then_nothing();
}

#[test]
fn declining_after_confirmation_is_rejected() {
    for events in [vec![confirmed()], vec![confirmed(), shipped()], vec![confirmed(), shipped(), delivered()]] {
        after(events).when("DeclineOrder", why("late")).then_rejected("not-placed");
    }
}

#[test]
fn shipping_what_is_only_placed_is_rejected() {
    after([]).when("ShipOrder", ship()).then_rejected("not-confirmed");
}

#[test]
fn delivering_before_shipping_is_rejected() {
    after([]).when("DeliverOrder", json!({})).then_rejected("not-shipped");
    after([confirmed()]).when("DeliverOrder", json!({})).then_rejected("not-shipped");
}

#[test]
fn cancelling_what_was_shipped_is_rejected() {
    after([confirmed(), shipped()]).when("CancelOrder", why("late")).then_rejected("already-shipped");
    after([confirmed(), shipped(), delivered()]).when("CancelOrder", why("late")).then_rejected("already-shipped");
}

#[test]
fn shipping_or_delivering_twice_changes_nothing() {
    let other = json!({ "carrier": "Other", "tracking": "T-2" });
    after([confirmed(), shipped()]).when("ShipOrder", ship()).then_nothing();
    after([confirmed(), shipped()]).when("ShipOrder", other).then_nothing();
    after([confirmed(), shipped(), delivered()]).when("ShipOrder", ship()).then_nothing();
    after([confirmed(), shipped(), delivered()]).when("DeliverOrder", json!({})).then_nothing();
}

#[test]
fn declining_or_cancelling_again_changes_nothing() {
    after([declined()]).when("DeclineOrder", why("again")).then_nothing();
    after([cancelled()]).when("CancelOrder", why("again")).then_nothing();
    after([confirmed(), cancelled()]).when("CancelOrder", why("again")).then_nothing();
}

#[test]
fn anything_else_of_a_declined_or_cancelled_order_is_closed() {
    for (end, same) in [(declined(), "DeclineOrder"), (cancelled(), "CancelOrder")] {
        for (kind, data) in commands() {
            if kind != same && kind != "PlaceOrder" {
                after([end.clone()]).when(kind, data).then_rejected("closed");
            }
        }
    }
}

#[test]
fn reasons_carriers_and_tracking_numbers_are_told() {
    let long = "x".repeat(2001);
    for kind in ["DeclineOrder", "CancelOrder"] {
        after([]).when(kind, json!({})).then_invalid(&["/data/reason required"]);
        after([]).when(kind, why("")).then_invalid(&["/data/reason too-short"]);
        after([]).when(kind, why(&long)).then_invalid(&["/data/reason too-long"]);
    }
    after([]).when("ShipOrder", json!({})).then_invalid(&["/data/carrier required", "/data/tracking required"]);
    after([]).when("ConfirmOrder", json!({ "at": "now" })).then_invalid(&["/data/at unknown-field"]);
    after([]).when("DeliverOrder", json!({ "at": "now" })).then_invalid(&["/data/at unknown-field"]);
}
