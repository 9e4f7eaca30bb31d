//! Payments: `payment/<order>` records what the payment gateway said about an order's payment.
//!
//! Deciding is pure, so whoever runs the checkout asks the gateway first (with the order as the key by which the
//! gateway knows a repeated question) and then records its answer. Whatever is repeated, late or out of order, a
//! payment goes only forward: nothing → authorised → captured → voided, or nothing → declined, or nothing → voided.
//! An answer that comes after the payment was voided is rejected: whoever brings it voids at the gateway again.

mod payment;
#[cfg(test)]
mod tests;

use kernel::catalog::PolicySource;

pub use payment::{AuthorizePayment, CapturePayment, Command, Payment, Rejection, State, VoidPayment};

/// Who may record payments.
pub const POLICIES: PolicySource = PolicySource {
    name: "payments",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
