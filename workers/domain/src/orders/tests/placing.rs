//! Placing an order, and what its data must be.

use super::*;

#[test]
fn placing_tells_what_it_costs_in_all() {
    order([]).when("PlaceOrder", place()).then([placed()]);
}

#[test]
fn an_order_is_placed_once_also_with_equal_data() {
    order([placed()]).when("PlaceOrder", place()).then_rejected("already-placed");
    let mut other = place();
    other["customer"] = json!("bob");
    order([placed()]).when("PlaceOrder", other).then_rejected("already-placed");
}

#[test]
fn an_id_stays_used_whatever_became_of_the_order() {
    for events in [vec![declined()], vec![cancelled()], vec![confirmed(), shipped(), delivered()]] {
        let events = std::iter::once(placed()).chain(events);
        order(events).when("PlaceOrder", place()).then_rejected("already-placed");
    }
}

fn with_line(change: impl FnOnce(&mut Value)) -> Value {
    let mut data = place();
    change(&mut data["lines"][1]);
    data
}

#[test]
fn all_lines_are_of_one_currency() {
    let data = with_line(|line| line["unitPrice"]["currency"] = json!("USD"));
    order([]).when("PlaceOrder", data).then_invalid(&["/data/lines/1/unitPrice/currency mismatch"]);
}

#[test]
fn lines_are_as_declared() {
    let bad: [(Value, &[&str]); 8] = [
        (with_line(|line| line["quantity"] = json!(0)), &["/data/lines/1/quantity out-of-range"]),
        (with_line(|line| line["quantity"] = json!(1.5)), &["/data/lines/1/quantity wrong-type"]),
        (with_line(|line| line["sku"] = json!("a b")), &["/data/lines/1/sku bad-format"]),
        (with_line(|line| line["name"] = json!("")), &["/data/lines/1/name too-short"]),
        (with_line(|line| line["name"] = json!("x".repeat(201))), &["/data/lines/1/name too-long"]),
        (with_line(|line| line["unitPrice"]["amount"] = json!(-1)), &["/data/lines/1/unitPrice/amount out-of-range"]),
        (
            with_line(|line| line["unitPrice"]["currency"] = json!("eur")),
            &["/data/lines/1/unitPrice/currency bad-format"],
        ),
        (with_line(|line| line["size"] = json!("L")), &["/data/lines/1/size unknown-field"]),
    ];
    for (data, violations) in bad {
        order([]).when("PlaceOrder", data).then_invalid(violations);
    }
}

#[test]
fn an_order_has_1_to_100_lines() {
    let lines = |count: usize| {
        let mut data = place();
        data["lines"] = vec![data["lines"][0].clone(); count].into();
        data
    };
    order([]).when("PlaceOrder", lines(0)).then_invalid(&["/data/lines too-short"]);
    order([]).when("PlaceOrder", lines(101)).then_invalid(&["/data/lines too-long"]);
    assert_eq!(order([]).when("PlaceOrder", lines(100)).events().len(), 1);
}

#[test]
fn what_it_costs_in_all_is_a_number_that_every_client_can_read() {
    let costing = |quantity: i64| {
        let mut data = place();
        data["lines"] = json!([{ "sku": "gold", "name": "Gold", "quantity": quantity,
            "unitPrice": { "amount": 6361, "currency": "EUR" } }]);
        data
    };
    // 6361 × 1416003655831 = 2^53 - 1
    assert_eq!(order([]).when("PlaceOrder", costing(1_416_003_655_831)).events().len(), 1);
    order([]).when("PlaceOrder", costing(1_416_003_655_832)).then_invalid(&["/data/lines out-of-range"]);
}

#[test]
fn a_customer_and_a_means_of_payment_are_named() {
    order([]).when("PlaceOrder", json!({})).then_invalid(&[
        "/data/customer required",
        "/data/lines required",
        "/data/paymentToken required",
    ]);
    let mut data = place();
    (data["customer"], data["paymentToken"]) = (json!("a b"), json!(""));
    order([]).when("PlaceOrder", data).then_invalid(&["/data/customer bad-format", "/data/paymentToken too-short"]);
}

#[test]
fn free_articles_may_be_ordered() {
    let data = with_line(|line| line["unitPrice"]["amount"] = json!(0));
    let events = order([]).when("PlaceOrder", data).events();
    assert!(matches!(&events[..], [Event::OrderPlaced(e)] if e.total.amount == 2500));
}
