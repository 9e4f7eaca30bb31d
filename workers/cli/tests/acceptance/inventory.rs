//! The inventory: what is on hand, what is reserved, and who may move it.

use serde_json::{Value, json};

use crate::support::{Table, Tenant, command};

const STREAM: &str = "stock/mug";

fn many(quantity: i64) -> Value {
    json!({ "quantity": quantity })
}

fn reserve(id: &str, quantity: i64) -> Value {
    json!({ "reservation": id, "quantity": quantity })
}

fn of(id: &str) -> Value {
    json!({ "reservation": id })
}

fn counted(delta: i64) -> Value {
    json!({ "delta": delta, "reason": "counted" })
}

#[test]
fn stock_comes_is_reserved_and_goes() {
    let tenant = Tenant::new();
    let (staff, checkout) = (tenant.staff(), tenant.checkout());
    staff.makes(STREAM, "ReceiveStock", many(10), &["StockReceived"]);
    checkout.makes(STREAM, "ReserveStock", reserve("r-1", 4), &["StockReserved"]);
    let shown = checkout.makes(STREAM, "ReserveStock", reserve("r-1", 4), &[]);
    let mut doc = staff.document("stock", &shown, "mug").unwrap();
    doc.as_object_mut().unwrap().retain(|name, _| !name.ends_with("At"));
    assert_eq!(doc, json!({ "sku": "mug", "onHand": 10, "reserved": 4, "available": 6, "stream": STREAM }));
    checkout.rejected(STREAM, "ReserveStock", reserve("r-1", 5), "reservation-exists");
    checkout.rejected(STREAM, "ReserveStock", reserve("r-2", 7), "insufficient-stock");
    checkout.makes(STREAM, "ReserveStock", reserve("r-2", 6), &["StockReserved"]);
    staff.rejected(STREAM, "ShipStock", many(1), "insufficient-stock");
    staff.rejected(STREAM, "AdjustStock", counted(-1), "insufficient-stock");
    checkout.makes(STREAM, "ReleaseStock", of("r-2"), &["StockReleased"]);
    checkout.makes(STREAM, "ReleaseStock", of("r-2"), &[]);
    checkout.makes(STREAM, "ShipStock", reserve("r-1", 4), &["StockShipped"]);
    checkout.makes(STREAM, "ShipStock", reserve("r-1", 4), &[]);
    checkout.makes(STREAM, "ReleaseStock", of("r-1"), &[]);
    checkout.rejected(STREAM, "ReleaseStock", of("r-3"), "unknown-reservation");
    checkout.rejected(STREAM, "ShipStock", reserve("r-3", 99), "unknown-reservation");
    staff.makes(STREAM, "ShipStock", many(1), &["StockShipped"]);
    let shown = staff.makes(STREAM, "AdjustStock", counted(-2), &["StockAdjusted"]);
    let doc = staff.document("stock", &shown, "mug").unwrap();
    assert_eq!((&doc["onHand"], &doc["reserved"], &doc["available"]), (&json!(3), &json!(0), &json!(3)));
    let found = staff.find("stock", &shown, "available.lte=3&sort=-available");
    assert_eq!(found["hits"][0]["id"], "mug", "{found}");

    // what moved is in the events
    let history = tenant.operator().history(STREAM);
    let data: Vec<_> = history.iter().map(|event| event["data"].clone()).collect();
    let reserved = |id: &str, quantity: i64| json!({ "reservation": id, "quantity": quantity });
    let shipped = json!({ "quantity": 4, "reserved": reserved("r-1", 4) });
    let moves = [many(10), reserved("r-1", 4), reserved("r-2", 6), reserved("r-2", 6), shipped, many(1), counted(-2)];
    assert_eq!(data, moves);
    let then = staff.get("/streams/stock/mug/state?version=3").is(200);
    assert_eq!((&then["state"]["onHand"], &then["state"]["reserved"]), (&json!(10), &json!(10)), "{then}");
}

#[test]
fn only_staff_and_the_checkout_move_stock() {
    let tenant = Tenant::new();
    let mut table = Table::default();
    for role in ["guest", "customer", "member", "moderator", "device", "operator", "workflow"] {
        let actor = tenant.actor("x", &[role]);
        for (kind, data) in [
            ("ReceiveStock", many(1)),
            ("ShipStock", many(1)),
            ("AdjustStock", counted(1)),
            ("ReserveStock", reserve("r", 1)),
            ("ReleaseStock", of("r")),
        ] {
            let answer = actor.post("/commands/check", &command(STREAM, kind, data));
            if role == "workflow" && kind != "AdjustStock" {
                answer.is(200);
            } else {
                table.row(format!("{role} {kind}"), answer.check_problem(403, "forbidden"));
            }
        }
        if role != "operator" {
            table.row(format!("{role} view"), actor.get("/views/stock").check_problem(403, "forbidden"));
            table.row(format!("{role} stream"), actor.get("/streams/stock/mug").check_problem(403, "forbidden"));
        }
    }
    table.end();
}

#[test]
fn stock_data_is_checked() {
    let staff = Tenant::new().staff();
    let mut table = Table::default();
    for (kind, data, violations) in [
        ("ReceiveStock", many(0), &["/data/quantity out-of-range"][..]),
        ("ShipStock", json!({}), &["/data/quantity required"]),
        ("AdjustStock", counted(0), &["/data/delta out-of-range"]),
        ("AdjustStock", json!({ "delta": 1 }), &["/data/reason required"]),
        ("ReserveStock", reserve("a b", -1), &["/data/quantity out-of-range", "/data/reservation bad-format"]),
        ("ReleaseStock", json!({ "id": "r" }), &["/data/id unknown-field", "/data/reservation required"]),
    ] {
        let answer = staff.post("/commands/check", &command(STREAM, kind, data));
        table.row(format!("{kind} {violations:?}"), answer.check_invalid(violations));
    }
    table.end();
}
