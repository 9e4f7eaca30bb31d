//! Who records payments, and who reads them.

use crate::common::tests::engine::{Resource, only, resource};

const PAYMENT: Resource = resource(r#"Payment::"payment/o-1""#, &[]);

#[test]
fn only_the_checkout_records_payments() {
    for command in ["AuthorizePayment", "CapturePayment", "VoidPayment"] {
        only(&["workflow"], &format!("payment/{command}"), &PAYMENT);
    }
}

#[test]
fn the_stream_of_a_payment_is_read_by_staff_and_operators() {
    let stream = resource(r#"Stream::"payment/o-1""#, &[("aggregate", "payment"), ("id", "o-1")]);
    only(&["staff", "operator"], "read", &stream);
}
