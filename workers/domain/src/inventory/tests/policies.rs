//! Who moves stock, and who reads it.

use crate::common::tests::engine::{Resource, only, resource};

const STOCK: Resource = resource(r#"Stock::"stock/mug""#, &[]);

#[test]
fn staff_and_the_checkout_move_what_is_ordered() {
    for command in ["ReserveStock", "ReleaseStock", "ShipStock", "ReceiveStock"] {
        only(&["staff", "workflow"], &format!("stock/{command}"), &STOCK);
    }
}

#[test]
fn only_staff_adjust() {
    only(&["staff"], "stock/AdjustStock", &STOCK);
}

#[test]
fn stock_is_read_by_staff_and_operators() {
    only(&["staff", "operator"], "read", &resource(r#"View::"stock""#, &[]));
    let stream = resource(r#"Stream::"stock/mug""#, &[("aggregate", "stock"), ("id", "mug")]);
    only(&["staff", "operator"], "read", &stream);
}
