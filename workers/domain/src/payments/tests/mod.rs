//! Given/when/then of payments.

mod laws;
mod policies;

use events::{
    Money,
    payment::{Event, PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentVoided},
};
use kernel::spec::{Given, given};
use serde_json::{Value, json};

use super::Payment;

fn payment(events: impl IntoIterator<Item = Event>) -> Given<Payment> {
    given("payment/o-1", events)
}

fn euros(amount: i64) -> Money {
    Money { amount, currency: "EUR".into() }
}

fn authorized() -> Event {
    PaymentAuthorized { amount: euros(2920), authorization: "a-1".into() }.into()
}

fn captured() -> Event {
    PaymentCaptured { amount: euros(2920), authorization: "a-1".into() }.into()
}

fn declined() -> Event {
    PaymentDeclined { amount: euros(2920), reason: "no funds".into() }.into()
}

/// Ended while so much was held by us.
fn voided(amount: Option<i64>, captured: bool) -> Event {
    let authorization = amount.map(|_| "a-1".into());
    PaymentVoided { amount: amount.map(euros), authorization, captured, reason: "no stock".into() }.into()
}

fn approve(amount: i64, authorization: &str) -> Value {
    json!({ "amount": { "amount": amount, "currency": "EUR" }, "authorization": authorization })
}

fn decline() -> Value {
    json!({ "amount": { "amount": 2920, "currency": "EUR" }, "declined": "no funds" })
}

fn void() -> Value {
    json!({ "reason": "no stock" })
}

#[test]
fn what_the_gateway_holds_is_authorized() {
    payment([]).when("AuthorizePayment", approve(2920, "a-1")).then([authorized()]);
}

#[test]
fn what_the_gateway_declines_is_recorded() {
    payment([]).when("AuthorizePayment", decline()).then([declined()]);
}

#[test]
fn the_same_answer_again_changes_nothing() {
    payment([authorized()]).when("AuthorizePayment", approve(2920, "a-1")).then_nothing();
    payment([authorized(), captured()]).when("AuthorizePayment", approve(2920, "a-1")).then_nothing();
    payment([declined()]).when("AuthorizePayment", decline()).then_nothing();
}

#[test]
fn another_answer_to_an_authorized_payment_is_rejected() {
    for events in [vec![authorized()], vec![authorized(), captured()]] {
        for answer in [approve(2920, "a-2"), approve(1, "a-1"), decline()] {
            payment(events.clone()).when("AuthorizePayment", answer).then_rejected("already-authorized");
        }
    }
}

#[test]
fn a_declined_payment_is_neither_authorized_nor_captured() {
    payment([declined()]).when("AuthorizePayment", approve(2920, "a-1")).then_rejected("declined");
    payment([declined()]).when("CapturePayment", json!({})).then_rejected("declined");
}

#[test]
fn what_is_authorized_is_captured_once() {
    payment([authorized()]).when("CapturePayment", json!({})).then([captured()]);
    payment([authorized(), captured()]).when("CapturePayment", json!({})).then_nothing();
}

#[test]
fn what_was_never_authorized_is_not_captured() {
    payment([]).when("CapturePayment", json!({})).then_rejected("not-authorized");
}

#[test]
fn voiding_frees_what_was_held_and_gives_back_what_was_captured() {
    payment([authorized()]).when("VoidPayment", void()).then([voided(Some(2920), false)]);
    payment([authorized(), captured()]).when("VoidPayment", void()).then([voided(Some(2920), true)]);
}

#[test]
fn voiding_before_the_gateways_answer_ends_the_payment_all_the_same() {
    payment([]).when("VoidPayment", void()).then([voided(None, false)]);
    let late = || payment([voided(None, false)]);
    late().when("AuthorizePayment", approve(2920, "a-1")).then_rejected("voided");
    late().when("AuthorizePayment", decline()).then_rejected("voided");
}

#[test]
fn nothing_is_taken_of_a_voided_payment() {
    for end in [voided(Some(2920), false), voided(None, false)] {
        payment([end.clone()]).when("CapturePayment", json!({})).then_rejected("voided");
        payment([end]).when("AuthorizePayment", approve(2920, "a-1")).then_rejected("voided");
    }
}

#[test]
fn voiding_what_holds_nothing_changes_nothing() {
    payment([declined()]).when("VoidPayment", void()).then_nothing();
    payment([authorized(), voided(Some(2920), false)]).when("VoidPayment", void()).then_nothing();
}

#[test]
fn an_answer_is_either_an_authorization_or_a_reason() {
    let amount = json!({ "amount": 1, "currency": "EUR" });
    for (data, violations) in [
        (json!({ "amount": amount }), &["/data/authorization required"][..]),
        (json!({ "amount": amount, "authorization": "a", "declined": "b" }), &["/data/declined mismatch"]),
        (json!({ "amount": amount, "declined": "" }), &["/data/declined too-short"]),
        (json!({ "authorization": "a" }), &["/data/amount required"]),
        (
            json!({ "amount": { "amount": 1, "currency": "euro" }, "authorization": "" }),
            &["/data/amount/currency bad-format", "/data/authorization too-short"],
        ),
    ] {
        payment([]).when("AuthorizePayment", data).then_invalid(violations);
    }
    payment([]).when("VoidPayment", json!({})).then_invalid(&["/data/reason required"]);
    payment([]).when("CapturePayment", json!({ "amount": 1 })).then_invalid(&["/data/amount unknown-field"]);
}
