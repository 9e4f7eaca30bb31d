//! The way back: a customer's details as they were at an earlier version.

use serde_json::{Value, json};

use crate::support::{Actor, Tenant, customer};

const STREAM: &str = "customer/ada";

/// Version 1: Ada; 2: renamed, with a phone; 3: rewarded; 4: at another address.
fn ada() -> Actor {
    let staff = Tenant::new().staff();
    staff.commits(STREAM, "RegisterCustomer", customer("Ada", "ada@example.org"));
    staff.commits(STREAM, "UpdateCustomer", json!({ "name": "Ada King", "phone": "1" }));
    staff.commits(STREAM, "AddReward", json!({ "points": 7, "reason": "a year" }));
    staff.commits(STREAM, "UpdateCustomer", json!({ "email": "king@example.org" }));
    staff
}

fn to(version: u64) -> Value {
    json!({ "version": version })
}

#[test]
fn details_come_back_exactly_as_a_new_event_and_points_stay() {
    let staff = ada();
    staff.makes(STREAM, "RestoreCustomer", to(4), &[]);
    staff.makes(STREAM, "RestoreCustomer", to(3), &["CustomerRestored"]);
    let told = json!({ "version": 3, "name": "Ada King", "email": "ada@example.org", "phone": "1" });
    assert_eq!(staff.history(STREAM)[4]["data"], told);
    let shown = staff.makes(STREAM, "RestoreCustomer", to(1), &["CustomerRestored"]);
    assert_eq!(staff.history(STREAM)[5]["data"], json!({ "version": 1, "name": "Ada", "email": "ada@example.org" }));
    let doc = staff.document("customers", &shown, "ada").unwrap();
    assert_eq!((&doc["name"], doc.get("phone"), &doc["points"]), (&json!("Ada"), None, &json!(7)));
    // a restore can be undone
    staff.makes(STREAM, "RestoreCustomer", to(4), &["CustomerRestored"]);
    let state = staff.get(format!("/streams/{STREAM}/state")).is(200);
    let state = &state["state"];
    assert_eq!(
        (&state["name"], &state["email"], &state["points"]),
        (&json!("Ada King"), &json!("king@example.org"), &json!(7))
    );
    // and what was is as it was
    let then = staff.get(format!("/streams/{STREAM}/state?version=1")).is(200);
    assert_eq!((&then["state"]["name"], &then["state"]["points"]), (&json!("Ada"), &json!(0)), "{then}");
}

#[test]
fn a_version_that_was_never_is_unknown() {
    let staff = ada();
    for version in [0, 5, 1_000] {
        staff.rejected(STREAM, "RestoreCustomer", to(version), "unknown-version");
    }
}

#[test]
fn a_restore_moves_the_email_too_if_nobody_has_it() {
    let staff = ada();
    staff.commits("customer/bob", "RegisterCustomer", customer("Bob", "ADA@example.org"));
    staff.rejected(STREAM, "RestoreCustomer", to(1), "email-taken");
    // unknown comes before taken
    staff.rejected(STREAM, "RestoreCustomer", to(99), "unknown-version");
    staff.commits("customer/bob", "DeleteCustomer", json!({}));
    staff.makes(STREAM, "RestoreCustomer", to(1), &["CustomerRestored"]);
    // the address of before is free, and the one that came back is not
    staff.commits("customer/eve", "RegisterCustomer", customer("Eve", "king@example.org"));
    staff.rejected("customer/zoe", "RegisterCustomer", customer("Zoe", "ada@example.org"), "email-taken");
}

#[test]
fn a_restore_revives_who_was_deleted_if_nobody_has_their_email() {
    let staff = ada();
    staff.commits(STREAM, "DeleteCustomer", json!({}));
    staff.commits("customer/bob", "RegisterCustomer", customer("Bob", "king@example.org"));
    staff.rejected(STREAM, "RestoreCustomer", to(4), "email-taken");
    staff.rejected(STREAM, "UpdateCustomer", json!({ "name": "A" }), "deleted");
    let shown = staff.makes(STREAM, "RestoreCustomer", to(2), &["CustomerRestored"]);
    let doc = staff.document("customers", &shown, "ada").unwrap();
    assert_eq!(
        (&doc["status"], &doc["email"], &doc["points"]),
        (&json!("active"), &json!("ada@example.org"), &json!(7))
    );
    staff.commits("customer/bob", "DeleteCustomer", json!({}));
    staff.makes(STREAM, "RestoreCustomer", to(4), &["CustomerRestored"]);
    staff.makes(STREAM, "UpdateCustomer", json!({ "name": "Ada" }), &["CustomerUpdated"]);
}
