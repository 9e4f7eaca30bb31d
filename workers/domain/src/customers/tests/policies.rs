//! Who changes customers, and who reads them.

use crate::common::tests::engine::{Resource, only, resource};

const NOBODY: Resource = resource(r#"Customer::"customer/zoe""#, &[("id", "zoe")]);
const SELF: Resource = resource(r#"Customer::"customer/alice""#, &[("id", "alice")]);
const OWN: Resource = resource(r#"Customer::"customer/alice""#, &[("id", "alice"), ("status", "active")]);
const ANOTHER: Resource = resource(r#"Customer::"customer/bob""#, &[("id", "bob"), ("status", "active")]);
const GONE: Resource = resource(r#"Customer::"customer/bob""#, &[("id", "bob"), ("status", "deleted")]);

const THEIR_OWN: [&str; 4] = ["UpdateCustomer", "DeleteCustomer", "RestoreCustomer", "RedeemReward"];

#[test]
fn customers_register_themselves_and_staff_anybody() {
    only(&["staff", "customer"], "customer/RegisterCustomer", &SELF);
    only(&["staff", "customer"], "customer/RegisterCustomer", &OWN);
    for other in [&NOBODY, &ANOTHER] {
        only(&["staff"], "customer/RegisterCustomer", other);
    }
}

#[test]
fn customers_change_their_own_record_and_staff_any() {
    for command in THEIR_OWN {
        only(&["staff", "customer"], &format!("customer/{command}"), &OWN);
        only(&["staff"], &format!("customer/{command}"), &ANOTHER);
        only(&["staff"], &format!("customer/{command}"), &GONE);
    }
}

#[test]
fn who_is_not_there_is_answered_by_the_decision() {
    for command in THEIR_OWN {
        only(&["staff", "customer"], &format!("customer/{command}"), &NOBODY);
    }
}

#[test]
fn nobody_rewards_themselves() {
    for customer in [&NOBODY, &OWN, &ANOTHER] {
        only(&["staff"], "customer/AddReward", customer);
    }
}

#[test]
fn the_view_is_read_by_staff_operators_and_customers() {
    only(&["staff", "customer", "operator"], "read", &resource(r#"View::"customers""#, &[]));
}

#[test]
fn the_history_of_a_customer_is_read_by_staff_operators_and_themselves() {
    let own = resource(r#"Stream::"customer/alice""#, &[("aggregate", "customer"), ("id", "alice")]);
    let anothers = resource(r#"Stream::"customer/bob""#, &[("aggregate", "customer"), ("id", "bob")]);
    let elsewhere = resource(r#"Stream::"order/alice""#, &[("aggregate", "order"), ("id", "alice")]);
    only(&["staff", "customer", "operator"], "read", &own);
    only(&["staff", "operator"], "read", &anothers);
    only(&["staff", "operator"], "read", &elsewhere);
}
