//! An email belongs to one customer at a time.

use super::*;

#[test]
fn registering_takes_the_email_in_whatever_case_it_is_written() {
    customer([]).when("RegisterCustomer", register()).then_claims(&["+customer-email:ada@example.org"]);
    let data = json!({ "name": "Ada", "email": "ADA@EXAMPLE.ORG" });
    customer([]).when("RegisterCustomer", data).then_claims(&["+customer-email:ada@example.org"]);
}

#[test]
fn a_change_of_address_takes_the_new_one_and_frees_the_old() {
    ada([])
        .when("UpdateCustomer", json!({ "email": "ada@example.com" }))
        .then_claims(&["+customer-email:ada@example.com", "-customer-email:ada@example.org"]);
    ada([moved("ada@example.com")])
        .when("UpdateCustomer", json!({ "email": "Ada@Example.Org" }))
        .then_claims(&["+customer-email:ada@example.org", "-customer-email:ada@example.com"]);
}

#[test]
fn another_case_of_the_same_address_is_told_and_takes_nothing_new() {
    let change = || ada([]).when("UpdateCustomer", json!({ "email": "ADA@example.org" }));
    change().then([moved("ADA@example.org")]);
    // the two cancel out before they are written
    change().then_claims(&["+customer-email:ada@example.org", "-customer-email:ada@example.org"]);
}

#[test]
fn what_does_not_touch_the_email_claims_nothing() {
    ada([]).when("UpdateCustomer", json!({ "name": "Ada King" })).then_claims(&[]);
    ada([]).when("UpdateCustomer", register()).then_claims(&[]);
    ada([]).when("AddReward", reward(1)).then_claims(&[]);
}

#[test]
fn deleting_frees_the_email() {
    ada([]).when("DeleteCustomer", json!({})).then_claims(&["-customer-email:ada@example.org"]);
    ada([moved("a@example.org")]).when("DeleteCustomer", json!({})).then_claims(&["-customer-email:a@example.org"]);
}

#[test]
fn a_restore_moves_the_email_back() {
    ada([moved("a@example.org")])
        .when("RestoreCustomer", version(1))
        .then_claims(&["+customer-email:ada@example.org", "-customer-email:a@example.org"]);
}

#[test]
fn restoring_who_was_deleted_takes_the_email_again() {
    ada([deleted("Ada@example.org")])
        .when("RestoreCustomer", version(1))
        .then_claims(&["+customer-email:ada@example.org"]);
    ada([moved("a@example.org"), deleted("a@example.org")])
        .when("RestoreCustomer", version(1))
        .then_claims(&["+customer-email:ada@example.org"]);
}
