//! Orders: their lives, who handles them, and who sees them.

use serde_json::{Value, json};

use crate::support::{Table, Tenant, command, ids, order};

fn why(reason: &str) -> Value {
    json!({ "reason": reason })
}

fn ship() -> Value {
    json!({ "carrier": "Post", "tracking": "T-1" })
}

fn two_lines(customer: &str) -> Value {
    order(customer, &[("mug", "Blue mug", 2, 1250), ("tea", "Green tea", 1, 420)])
}

#[test]
fn an_order_lives() {
    let tenant = Tenant::new();
    let (alice, staff, checkout) = (tenant.customer("alice"), tenant.staff(), tenant.checkout());
    let stream = "order/o-1";
    alice.rejected(stream, "CancelOrder", why("a"), "not-placed");
    checkout.rejected(stream, "ConfirmOrder", json!({}), "not-placed");
    staff.rejected(stream, "ShipOrder", ship(), "not-placed");
    let placed = alice.makes(stream, "PlaceOrder", two_lines("alice"), &["OrderPlaced"]);
    alice.rejected(stream, "PlaceOrder", two_lines("alice"), "already-placed");
    let mut doc = alice.document("orders", &placed, "o-1").unwrap();
    let event = staff.history(stream).pop().unwrap();
    assert_eq!(doc["placedAt"], event["time"]);
    doc.as_object_mut().unwrap().retain(|name, _| !name.ends_with("At"));
    let told = json!({ "customer": "alice", "status": "placed", "lines": 2, "skus": ["mug", "tea"],
        "names": ["Blue mug", "Green tea"], "totalAmount": 2920, "totalCurrency": "EUR", "stream": stream });
    assert_eq!(doc, told);
    let mut data = two_lines("alice");
    data["total"] = json!({ "amount": 2920, "currency": "EUR" });
    assert_eq!(event["data"], data);

    staff.rejected(stream, "ShipOrder", ship(), "not-confirmed");
    staff.rejected(stream, "DeliverOrder", json!({}), "not-shipped");
    checkout.makes(stream, "ConfirmOrder", json!({}), &["OrderConfirmed"]);
    checkout.makes(stream, "ConfirmOrder", json!({}), &[]);
    checkout.rejected(stream, "DeclineOrder", why("late"), "not-placed");
    staff.rejected(stream, "DeliverOrder", json!({}), "not-shipped");
    staff.makes(stream, "ShipOrder", ship(), &["OrderShipped"]);
    staff.makes(stream, "ShipOrder", ship(), &[]);
    alice.rejected(stream, "CancelOrder", why("late"), "already-shipped");
    checkout.makes(stream, "ConfirmOrder", json!({}), &[]);
    let delivered = staff.makes(stream, "DeliverOrder", json!({}), &["OrderDelivered"]);
    staff.makes(stream, "DeliverOrder", json!({}), &[]);
    alice.rejected(stream, "CancelOrder", why("late"), "already-shipped");
    let doc = alice.document("orders", &delivered, "o-1").unwrap();
    let shown = (&doc["status"], &doc["carrier"], &doc["tracking"]);
    assert_eq!(shown, (&json!("delivered"), &json!("Post"), &json!("T-1")));

    // as it was
    let statuses: Vec<_> = (1..=4)
        .map(|version| {
            staff.get(format!("/streams/{stream}/state?version={version}")).is(200)["state"]["status"].clone()
        })
        .collect();
    assert_eq!(statuses, ["placed", "confirmed", "shipped", "delivered"]);
    let history = staff.history(stream);
    let time = history[1]["time"].as_str().unwrap();
    let then = staff.get(format!("/streams/{stream}/state?at={time}")).is(200);
    let last = history.iter().rposition(|event| event["time"] == time).unwrap();
    assert_eq!(then["version"], json!(last + 1), "{then}");
}

#[test]
fn a_declined_or_cancelled_order_is_closed() {
    let tenant = Tenant::new();
    let (alice, staff, checkout) = (tenant.customer("alice"), tenant.staff(), tenant.checkout());
    let ends = [
        ("order/o-1", (&checkout, "DeclineOrder"), "OrderDeclined", "declined", (&alice, "CancelOrder")),
        ("order/o-2", (&alice, "CancelOrder"), "OrderCancelled", "cancelled", (&checkout, "DeclineOrder")),
    ];
    for (stream, (by, end), event, status, (other, late)) in ends {
        alice.commits(stream, "PlaceOrder", two_lines("alice"));
        by.makes(stream, end, why("no stock"), &[event]);
        let again = by.makes(stream, end, why("again"), &[]);
        assert_eq!(staff.history(stream)[1]["data"], why("no stock"));
        alice.rejected(stream, "PlaceOrder", two_lines("alice"), "already-placed");
        checkout.rejected(stream, "ConfirmOrder", json!({}), "closed");
        staff.rejected(stream, "ShipOrder", ship(), "closed");
        staff.rejected(stream, "DeliverOrder", json!({}), "closed");
        other.rejected(stream, late, why("a"), "closed");
        let lines = staff.find("order-lines", &again, &format!("order={}", &stream[6..]));
        let statuses: Vec<_> =
            lines["hits"].as_array().unwrap().iter().map(|hit| hit["doc"]["status"].clone()).collect();
        assert_eq!(statuses, [status, status]);
    }
    // a confirmed one may be cancelled too
    alice.commits("order/o-3", "PlaceOrder", two_lines("alice"));
    checkout.commits("order/o-3", "ConfirmOrder", json!({}));
    alice.makes("order/o-3", "CancelOrder", why("changed my mind"), &["OrderCancelled"]);
}

#[test]
fn lines_are_found_by_what_was_ordered() {
    let tenant = Tenant::new();
    let (alice, staff) = (tenant.customer("alice"), tenant.staff());
    let shown = alice.commits("order/o-1", "PlaceOrder", two_lines("alice"));
    let mut doc = staff.document("order-lines", &shown, "o-1:1").unwrap();
    doc.as_object_mut().unwrap().retain(|name, _| !name.ends_with("At"));
    let told = json!({ "order": "o-1", "customer": "alice", "sku": "mug", "name": "Blue mug", "quantity": 2,
        "revenueAmount": 2500, "revenueCurrency": "EUR", "status": "placed", "stream": "order/o-1" });
    assert_eq!(doc, told);
    assert_eq!(ids(&staff.find("order-lines", &shown, "q=teas")), ["o-1:2"]);
    assert_eq!(ids(&staff.find("order-lines", &shown, "name=Green%20tea")), ["o-1:2"]);
    assert_eq!(ids(&staff.find("orders", &shown, "q=mug%20tea&skus=tea")), ["o-1"]);
    assert_eq!(staff.find("orders", &shown, "skus=pot")["total"], 0);
}

#[test]
fn customers_handle_and_see_their_own() {
    let tenant = Tenant::new();
    let (alice, bob, staff) = (tenant.customer("alice"), tenant.customer("bob"), tenant.staff());
    alice.refused("order/o-1", "PlaceOrder", two_lines("bob"), "forbidden");
    alice.commits("order/o-1", "PlaceOrder", two_lines("alice"));
    let shown = bob.commits("order/o-2", "PlaceOrder", two_lines("bob"));
    bob.refused("order/o-1", "CancelOrder", why("a"), "forbidden");
    bob.refused("order/o-1", "PlaceOrder", two_lines("alice"), "forbidden");
    bob.rejected("order/o-1", "PlaceOrder", two_lines("bob"), "already-placed");
    bob.rejected("order/none", "CancelOrder", why("a"), "not-placed");
    assert_eq!(ids(&alice.find("orders", &shown, "")), ["o-1"]);
    assert_eq!(ids(&alice.find("order-lines", &shown, "facets=customer")), ["o-1:1", "o-1:2"]);
    assert!(alice.document("orders", &shown, "o-2").is_none());
    assert_eq!(ids(&staff.find("orders", &shown, "")), ["o-1", "o-2"]);
    // the stream is the staff's to read
    alice.get("/streams/order/o-1").problem(403, "forbidden");
    alice.get("/streams/order/o-1/state").problem(403, "forbidden");
    alice.commits("order/o-1", "CancelOrder", why("changed my mind"));
}

#[test]
fn every_command_of_an_order_has_its_roles() {
    let tenant = Tenant::new();
    let allowed = [
        ("PlaceOrder", two_lines("x"), &["customer"][..]),
        ("ConfirmOrder", json!({}), &["workflow"]),
        ("DeclineOrder", why("a"), &["workflow"]),
        ("CancelOrder", why("a"), &["customer", "staff", "workflow"]),
        ("ShipOrder", ship(), &["staff"]),
        ("DeliverOrder", json!({}), &["staff"]),
    ];
    let mut table = Table::default();
    for role in ["staff", "guest", "customer", "member", "moderator", "device", "workflow", "operator"] {
        let actor = tenant.actor("x", &[role]);
        for (kind, data, roles) in &allowed {
            let answer = actor.post("/commands/check", &command("order/o-1", kind, data.clone()));
            if roles.contains(&role) {
                answer.is(200);
            } else {
                table.row(format!("{role} {kind}"), answer.check_problem(403, "forbidden"));
            }
        }
    }
    table.end();
}

#[test]
fn orders_data_is_checked() {
    let tenant = Tenant::new();
    let alice = tenant.customer("alice");
    let with = |change: fn(&mut Value)| {
        let mut data = two_lines("alice");
        change(&mut data);
        data
    };
    let rows: [(Value, &[&str]); 9] = [
        (json!({}), &["/data/customer required", "/data/lines required", "/data/paymentToken required"]),
        (with(|data| data["lines"] = json!([])), &["/data/lines too-short"]),
        (with(|data| data["lines"] = vec![data["lines"][0].clone(); 101].into()), &["/data/lines too-long"]),
        (with(|data| data["lines"][0]["quantity"] = json!(0)), &["/data/lines/0/quantity out-of-range"]),
        (with(|data| data["lines"][0]["sku"] = json!("a/b")), &["/data/lines/0/sku bad-format"]),
        (
            with(|data| data["lines"][1]["unitPrice"]["currency"] = json!("USD")),
            &["/data/lines/1/unitPrice/currency mismatch"],
        ),
        (
            with(|data| data["lines"][1]["unitPrice"]["currency"] = json!("eur")),
            &["/data/lines/1/unitPrice/currency bad-format"],
        ),
        (
            with(|data| data["lines"][1]["unitPrice"]["amount"] = json!(1.5)),
            &["/data/lines/1/unitPrice/amount wrong-type"],
        ),
        (with(|data| data["total"] = json!(1)), &["/data/total unknown-field"]),
    ];
    let mut table = Table::default();
    for (data, violations) in rows {
        let answer = alice.post("/commands/check", &command("order/o-1", "PlaceOrder", data));
        table.row(format!("{violations:?}"), answer.check_invalid(violations));
    }
    let answer = alice.post("/commands/check", &command("order/o-1", "CancelOrder", json!({})));
    table.row("no reason", answer.check_invalid(&["/data/reason required"]));
    let confirm = command("order/o-1", "ConfirmOrder", json!({ "at": "now" }));
    let answer = tenant.checkout().post("/commands/check", &confirm);
    table.row("a command without fields", answer.check_invalid(&["/data/at unknown-field"]));
    table.end();
}
