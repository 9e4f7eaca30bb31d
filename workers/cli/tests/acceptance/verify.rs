//! Verification: one bounded page after the other, for operators.

use serde_json::{Value, json};

use crate::support::{Ask, Table, Tenant, booking, comment, open};

#[test]
fn what_is_stored_is_as_it_should_be() {
    let tenant = Tenant::new();
    let (staff, operator) = (tenant.staff(), tenant.operator());
    let empty = operator.post("/verify", &json!({})).is(200);
    assert_eq!(empty, json!({ "checked": 0, "differences": [], "next": null }));
    open(&staff, "room-type/h:A", 1);
    let booked = staff.commits("room-type/h:A", "BookRoom", booking("b", "2027-01-01", "2027-01-02"));
    let created = tenant.member("alice").commits("comment/1", "CreateComment", comment("a"));
    for (view, shown) in [("bookings", &booked), ("availability", &booked), ("comments", &created)] {
        operator.find(view, shown, "");
    }
    let mut cursor = Value::Null;
    let mut checked = 0;
    loop {
        let page = operator.post("/verify", &json!({ "cursor": cursor })).is(200);
        assert_eq!(page["differences"], json!([]), "{page}");
        checked += page["checked"].as_u64().unwrap();
        cursor = page["next"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert!(checked >= 2, "{checked}");
    let one = operator.post("/verify", &json!({ "stream": "comment/1" })).is(200);
    assert!(one["checked"].as_u64().unwrap() >= 1, "{one}");
    assert_eq!((&one["differences"], &one["next"]), (&json!([]), &json!(null)));
}

#[test]
fn only_operators_verify() {
    let tenant = Tenant::new();
    let mut table = Table::default();
    for role in ["guest", "staff", "member", "moderator", "customer", "device", "workflow"] {
        let answer = tenant.actor("x", &[role]).post("/verify", &json!({}));
        table.row(role, answer.check_problem(403, "forbidden"));
    }
    table.end();
}

#[test]
fn a_question_for_verification_is_checked() {
    let operator = Tenant::new().operator();
    let mut table = Table::default();
    for (body, violation) in [
        (json!({ "stream": "comment" }), "/stream bad-format"),
        (json!({ "stream": 7 }), "/stream wrong-type"),
        (json!({ "cursor": 7 }), "/cursor wrong-type"),
        (json!({ "cursor": "hello" }), "/cursor mismatch"),
        (json!({ "x": 1 }), "/x unknown-field"),
    ] {
        table.row(&body, operator.post("/verify", &body).check_invalid(&[violation]));
    }
    table.row("parameter", operator.post("/verify?x=1", &json!({})).check_invalid(&["/x unknown-field"]));
    for body in ["{", r#"{"x":1,"x":1}"#] {
        table.row(body, Ask::post("/verify").by(&operator).body(body).send().check_problem(400, "malformed"));
    }
    table.end();
}
