//! Payments: what the checkout records of the gateway's answers.

use serde_json::{Value, json};

use crate::support::{Table, Tenant, command};

fn approve() -> Value {
    json!({ "amount": { "amount": 2920, "currency": "EUR" }, "authorization": "a-1" })
}

fn decline() -> Value {
    json!({ "amount": { "amount": 2920, "currency": "EUR" }, "declined": "no funds" })
}

fn void() -> Value {
    json!({ "reason": "cancelled" })
}

#[test]
fn a_payment_is_authorized_captured_and_given_back() {
    let tenant = Tenant::new();
    let (checkout, staff, stream) = (tenant.checkout(), tenant.staff(), "payment/o-1");
    checkout.rejected(stream, "CapturePayment", json!({}), "not-authorized");
    checkout.makes(stream, "AuthorizePayment", approve(), &["PaymentAuthorized"]);
    checkout.makes(stream, "AuthorizePayment", approve(), &[]);
    checkout.rejected(stream, "AuthorizePayment", decline(), "already-authorized");
    checkout.makes(stream, "CapturePayment", json!({}), &["PaymentCaptured"]);
    checkout.makes(stream, "CapturePayment", json!({}), &[]);
    checkout.makes(stream, "VoidPayment", void(), &["PaymentVoided"]);
    checkout.makes(stream, "VoidPayment", void(), &[]);
    checkout.rejected(stream, "CapturePayment", json!({}), "voided");
    let last = staff.history(stream).pop().unwrap();
    let amount = json!({ "amount": 2920, "currency": "EUR" });
    let told = json!({ "amount": amount, "authorization": "a-1", "captured": true, "reason": "cancelled" });
    assert_eq!(last["data"], told);
    let then = staff.get(format!("/streams/{stream}/state?version=1")).is(200);
    assert_eq!(then["state"], json!({ "status": "authorized", "amount": amount, "authorization": "a-1" }));
}

#[test]
fn an_answer_that_comes_after_the_end_is_rejected() {
    let tenant = Tenant::new();
    let checkout = tenant.checkout();
    checkout.makes("payment/o-2", "VoidPayment", void(), &["PaymentVoided"]);
    checkout.rejected("payment/o-2", "AuthorizePayment", approve(), "voided");
    checkout.makes("payment/o-3", "AuthorizePayment", decline(), &["PaymentDeclined"]);
    checkout.makes("payment/o-3", "AuthorizePayment", decline(), &[]);
    checkout.rejected("payment/o-3", "AuthorizePayment", approve(), "declined");
    checkout.makes("payment/o-3", "VoidPayment", void(), &[]);
}

#[test]
fn only_the_checkout_records_payments() {
    let tenant = Tenant::new();
    let mut table = Table::default();
    for role in ["guest", "customer", "member", "moderator", "device", "operator", "staff"] {
        let actor = tenant.actor("x", &[role]);
        for (kind, data) in [("AuthorizePayment", approve()), ("CapturePayment", json!({})), ("VoidPayment", void())] {
            let answer = actor.post("/commands", &command("payment/o-1", kind, data));
            table.row(format!("{role} {kind}"), answer.check_problem(403, "forbidden"));
        }
        if !["operator", "staff"].contains(&role) {
            table.row(format!("{role} stream"), actor.get("/streams/payment/o-1").check_problem(403, "forbidden"));
        }
    }
    table.end();
    let both = json!({ "amount": { "amount": 1, "currency": "EUR" }, "authorization": "a", "declined": "b" });
    let answer = tenant.checkout().post("/commands/check", &command("payment/o-1", "AuthorizePayment", both));
    answer.invalid(&["/data/declined mismatch"]);
}
