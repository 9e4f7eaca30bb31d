//! Who orders, who handles orders, and who reads them.

use crate::common::tests::engine::{Resource, only, resource};

const NONE: Resource = resource(r#"Order::"order/o-1""#, &[]);
const OWN: Resource = resource(r#"Order::"order/o-1""#, &[("customer", "alice")]);
const ANOTHERS: Resource = resource(r#"Order::"order/o-1""#, &[("customer", "bob")]);

#[test]
fn customers_place_their_own() {
    only(&["customer"], "order/PlaceOrder", &OWN);
    only(&[], "order/PlaceOrder", &ANOTHERS);
    only(&[], "order/PlaceOrder", &NONE);
}

#[test]
fn customers_cancel_their_own_and_what_is_not_there_is_answered_by_the_decision() {
    only(&["customer", "staff", "workflow"], "order/CancelOrder", &OWN);
    only(&["customer", "staff", "workflow"], "order/CancelOrder", &NONE);
    only(&["staff", "workflow"], "order/CancelOrder", &ANOTHERS);
}

#[test]
fn the_checkout_confirms_and_declines() {
    for order in [&NONE, &OWN, &ANOTHERS] {
        only(&["workflow"], "order/ConfirmOrder", order);
        only(&["workflow"], "order/DeclineOrder", order);
    }
}

#[test]
fn staff_ship_and_deliver() {
    for order in [&NONE, &OWN, &ANOTHERS] {
        only(&["staff"], "order/ShipOrder", order);
        only(&["staff"], "order/DeliverOrder", order);
    }
}

#[test]
fn orders_are_read_by_staff_operators_and_customers() {
    for view in [r#"View::"orders""#, r#"View::"order-lines""#, r#"Report::"order-history""#] {
        only(&["staff", "customer", "operator"], "read", &resource(view, &[]));
    }
}

#[test]
fn sales_are_read_by_staff_and_operators() {
    for report in [r#"Report::"items-sales""#, r#"Report::"monthly-sales-by-item""#] {
        only(&["staff", "operator"], "read", &resource(report, &[]));
    }
}

#[test]
fn the_stream_of_an_order_is_read_by_staff_and_operators() {
    let stream = resource(r#"Stream::"order/o-1""#, &[("aggregate", "order"), ("id", "o-1")]);
    only(&["staff", "operator"], "read", &stream);
}
