//! What the checkout does with an order, sent in its role: holds the stock, asks for the payment, confirms; or undoes
//! what was done, in reverse, and declines.

use serde_json::json;

use super::script::{Person, Script};
use super::shop::Order;
use crate::failure::Failure;

fn workflow(script: &Script<'_>) -> Person {
    Person::new(script.own("checkout"), "workflow")
}

/// Checks an order out; says whether it can be shipped.
pub(super) fn play(script: &mut Script<'_>, order: &Order) -> Result<bool, Failure> {
    let by = workflow(script);
    let (stream, payment) = (format!("order/{}", order.id), format!("payment/{}", order.id));
    for (held, (sku, quantity)) in order.lines.iter().enumerate() {
        let data = json!({"reservation": order.id, "quantity": quantity});
        if script.send(&by, &format!("stock/{sku}"), "ReserveStock", data)?.is_rejected() {
            release(script, order, held)?;
            return decline(script, &stream, &format!("`{sku}` is sold out"));
        }
    }
    let amount = json!({"amount": order.total, "currency": "EUR"});
    if order.payment == "tok_declined" {
        let data = json!({"amount": amount, "declined": "the card was declined"});
        script.send(&by, &payment, "AuthorizePayment", data)?;
        release(script, order, order.lines.len())?;
        return decline(script, &stream, "the payment was declined");
    }
    let data = json!({"amount": amount, "authorization": format!("auth-{}", order.id)});
    script.send(&by, &payment, "AuthorizePayment", data)?;
    if script.send(&by, &stream, "ConfirmOrder", json!({}))?.is_rejected() {
        // the customer called it off in the meantime
        script.send(&by, &payment, "VoidPayment", json!({"reason": "the order was cancelled"}))?;
        release(script, order, order.lines.len())?;
        return Ok(false);
    }
    for (sku, quantity) in &order.lines {
        let data = json!({"quantity": quantity, "reservation": order.id});
        script.send(&by, &format!("stock/{sku}"), "ShipStock", data)?;
    }
    script.send(&by, &payment, "CapturePayment", json!({}))?;
    Ok(true)
}

/// Undoes a checkout whose order was cancelled after all.
pub(super) fn give_back(script: &mut Script<'_>, order: &Order) -> Result<(), Failure> {
    let by = workflow(script);
    for (sku, quantity) in &order.lines {
        script.send(&by, &format!("stock/{sku}"), "ReceiveStock", json!({"quantity": quantity}))?;
    }
    let data = json!({"reason": "the order was cancelled"});
    script.send(&by, &format!("payment/{}", order.id), "VoidPayment", data).map(drop)
}

/// Gives back the first so many lines, the last one first.
fn release(script: &mut Script<'_>, order: &Order, held: usize) -> Result<(), Failure> {
    let by = workflow(script);
    for (sku, _) in order.lines[..held].iter().rev() {
        script.send(&by, &format!("stock/{sku}"), "ReleaseStock", json!({"reservation": order.id}))?;
    }
    Ok(())
}

fn decline(script: &mut Script<'_>, stream: &str, reason: &str) -> Result<bool, Failure> {
    let by = workflow(script);
    script.send(&by, stream, "DeclineOrder", json!({"reason": reason}))?;
    Ok(false)
}
