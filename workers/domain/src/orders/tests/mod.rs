//! Given/when/then of orders.

mod laws;
mod life;
mod placing;
mod policies;
mod views;

use events::{
    Money,
    order::{Event, Line, OrderCancelled, OrderConfirmed, OrderDeclined, OrderDelivered, OrderPlaced, OrderShipped},
};
use kernel::spec::{Given, given};
use serde_json::{Value, json};

use super::Order;

const STREAM: &str = "order/o-1";

fn order(events: impl IntoIterator<Item = Event>) -> Given<Order> {
    given(STREAM, events)
}

fn line(sku: &str, name: &str, quantity: i64, amount: i64) -> Line {
    let unit_price = Money { amount, currency: "EUR".into() };
    Line { sku: sku.parse().unwrap(), name: name.into(), quantity, unit_price }
}

/// Two mugs at 12.50 and a tea at 4.20, by alice.
fn placed() -> Event {
    let lines = vec![line("mug", "Blue mug", 2, 1250), line("tea", "Green tea", 1, 420)];
    let total = Money { amount: 2920, currency: "EUR".into() };
    OrderPlaced { customer: "alice".parse().unwrap(), lines, total, payment_token: "tok_ok".into() }.into()
}

fn place() -> Value {
    json!({ "customer": "alice", "paymentToken": "tok_ok", "lines": [
        { "sku": "mug", "name": "Blue mug", "quantity": 2, "unitPrice": { "amount": 1250, "currency": "EUR" } },
        { "sku": "tea", "name": "Green tea", "quantity": 1, "unitPrice": { "amount": 420, "currency": "EUR" } }
    ] })
}

fn confirmed() -> Event {
    OrderConfirmed {}.into()
}

fn declined() -> Event {
    OrderDeclined { reason: "no stock".into() }.into()
}

fn cancelled() -> Event {
    OrderCancelled { reason: "changed my mind".into() }.into()
}

fn shipped() -> Event {
    OrderShipped { carrier: "Post".into(), tracking: "T-1".into() }.into()
}

fn delivered() -> Event {
    OrderDelivered {}.into()
}

fn why(reason: &str) -> Value {
    json!({ "reason": reason })
}

fn ship() -> Value {
    json!({ "carrier": "Post", "tracking": "T-1" })
}

/// Every command with data that is valid.
fn commands() -> [(&'static str, Value); 6] {
    [
        ("PlaceOrder", place()),
        ("ConfirmOrder", json!({})),
        ("DeclineOrder", why("no stock")),
        ("CancelOrder", why("changed my mind")),
        ("ShipOrder", ship()),
        ("DeliverOrder", json!({})),
    ]
}
