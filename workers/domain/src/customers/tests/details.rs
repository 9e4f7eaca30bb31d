//! Registering, changing and deleting.

use super::*;

#[test]
fn registering_keeps_the_details() {
    customer([]).when("RegisterCustomer", register()).then([registered()]);
    let data = json!({ "name": "Bob", "email": "bob@example.org", "phone": "+49 30 1" });
    let event = CustomerRegistered { details: details("Bob", "bob@example.org", Some("+49 30 1")) };
    customer([]).when("RegisterCustomer", data).then([event.into()]);
}

#[test]
fn an_id_is_registered_once_also_with_equal_data_and_after_it_was_deleted() {
    ada([]).when("RegisterCustomer", register()).then_rejected("already-registered");
    ada([deleted("Ada@example.org")]).when("RegisterCustomer", register()).then_rejected("already-registered");
}

#[test]
fn updating_tells_only_what_changed() {
    ada([]).when("UpdateCustomer", json!({ "name": "Ada King" })).then([updated(Some("Ada King"), None, None)]);
    ada([]).when("UpdateCustomer", json!({ "name": "Ada", "email": "ada@example.com", "phone": "1" })).then([updated(
        None,
        Some("ada@example.com"),
        Some("1"),
    )]);
}

#[test]
fn updating_to_what_is_so_changes_nothing() {
    ada([]).when("UpdateCustomer", json!({})).then_nothing();
    ada([]).when("UpdateCustomer", register()).then_nothing();
    let changed = || ada([updated(Some("Ada King"), None, Some("1"))]);
    changed().when("UpdateCustomer", json!({ "name": "Ada King", "phone": "1" })).then_nothing();
    changed().when("UpdateCustomer", json!({ "name": "Ada" })).then([updated(Some("Ada"), None, None)]);
}

#[test]
fn deleting_tells_which_email_is_free() {
    ada([]).when("DeleteCustomer", json!({})).then([deleted("Ada@example.org")]);
    ada([moved("a@example.org")]).when("DeleteCustomer", json!({})).then([deleted("a@example.org")]);
}

/// Every command but the registration, with data that is valid.
fn others() -> [(&'static str, Value); 5] {
    [
        ("UpdateCustomer", json!({ "name": "Ada King" })),
        ("DeleteCustomer", json!({})),
        ("RestoreCustomer", version(1)),
        ("AddReward", reward(1)),
        ("RedeemReward", json!({ "points": 1 })),
    ]
}

#[test]
fn nothing_is_done_with_who_is_not_registered() {
    for (kind, data) in others() {
        customer([]).when(kind, data).then_rejected("not-registered");
    }
}

#[test]
fn nothing_but_a_restore_is_done_with_who_is_deleted() {
    for (kind, data) in others().into_iter().filter(|(kind, _)| *kind != "RestoreCustomer") {
        ada([deleted("Ada@example.org")]).when(kind, data).then_rejected("deleted");
    }
}

#[test]
fn data_is_as_declared() {
    let long = |length: usize| "x".repeat(length);
    for (kind, data, violations) in [
        ("RegisterCustomer", json!({}), &["/data/email required", "/data/name required"][..]),
        (
            "RegisterCustomer",
            json!({ "name": "", "email": "ada" }),
            &["/data/email bad-format", "/data/name too-short"],
        ),
        ("RegisterCustomer", json!({ "name": long(201), "email": "a@b.example" }), &["/data/name too-long"]),
        (
            "RegisterCustomer",
            json!({ "name": "A", "email": "a@b.example", "phone": "", "points": 5 }),
            &["/data/phone too-short", "/data/points unknown-field"],
        ),
        ("UpdateCustomer", json!({ "email": "" }), &["/data/email bad-format"]),
        ("UpdateCustomer", json!({ "name": "", "phone": long(51) }), &["/data/name too-short", "/data/phone too-long"]),
        ("DeleteCustomer", json!({ "reason": "x" }), &["/data/reason unknown-field"]),
        ("RestoreCustomer", json!({}), &["/data/version required"]),
        ("RestoreCustomer", json!({ "version": -1 }), &["/data/version out-of-range"]),
        ("RestoreCustomer", json!({ "version": 1.5 }), &["/data/version wrong-type"]),
        ("AddReward", json!({ "points": 0 }), &["/data/points out-of-range", "/data/reason required"]),
        ("AddReward", reward(1_000_001), &["/data/points out-of-range"]),
        ("AddReward", json!({ "points": 1, "reason": long(2001) }), &["/data/reason too-long"]),
        ("RedeemReward", json!({ "points": 0 }), &["/data/points out-of-range"]),
    ] {
        ada([]).when(kind, data).then_invalid(violations);
    }
    assert_eq!(ada([]).when("AddReward", reward(1_000_000)).events().len(), 1);
}
