//! What can be asked of an order.

use kernel::{CommandData, Id, StreamId, Violations, command::member};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::common::Money;

/// The most that an order may cost, in minor units: whole numbers beyond it are not exact in every client.
pub const LARGEST_TOTAL: i64 = (1 << 53) - 1;

/// Orders something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceOrder {
    /// Who orders.
    pub customer: Id,
    /// What, all in one currency.
    #[schemars(length(min = 1, max = 100))]
    pub lines: Vec<Line>,
    /// What the payment gateway knows the means of payment by.
    #[schemars(length(min = 1, max = 200))]
    pub payment_token: String,
}

/// What is ordered of one article.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// The article.
    pub sku: Id,
    /// What it is called.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// How many.
    #[schemars(range(min = 1))]
    pub quantity: i64,
    /// What one costs, at least nothing.
    pub unit_price: Money,
}

impl From<Line> for events::order::Line {
    fn from(line: Line) -> Self {
        let unit_price = events::Money::from(&line.unit_price);
        Self { sku: line.sku, name: line.name, quantity: line.quantity, unit_price }
    }
}

impl CommandData for PlaceOrder {
    fn check(data: &Value, _: &StreamId, violations: &mut Violations) {
        let lines: &[Value] = data.get("lines").and_then(Value::as_array).map_or(&[], Vec::as_slice);
        let (mut currency, mut total) = (None, 0_i128);
        for (index, line) in lines.iter().enumerate() {
            let Some(Money { amount, currency: own }) = member(line, "unitPrice") else { continue };
            let at = |name| format!("/data/lines/{index}/unitPrice/{name}");
            if amount < 0 {
                violations.add(at("amount"), "out-of-range", "must be at least 0");
            }
            let is_code = own.len() == 3 && own.bytes().all(|letter| letter.is_ascii_uppercase());
            let currency = currency.get_or_insert_with(|| own.clone());
            // one that is none is told by the schema
            if is_code && *currency != own {
                violations.add(at("currency"), "mismatch", format!("must be `{currency}`, as in the first line"));
            }
            total += i128::from(amount) * i128::from(member::<i64>(line, "quantity").unwrap_or(0));
        }
        if total > LARGEST_TOTAL.into() {
            violations.add("/data/lines", "out-of-range", format!("must cost at most {LARGEST_TOTAL} in all"));
        }
    }
}

/// The stock is reserved and the payment authorised.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfirmOrder {}
impl CommandData for ConfirmOrder {}

/// It can't be confirmed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclineOrder {
    /// Why.
    #[schemars(length(min = 1, max = 2000))]
    pub reason: String,
}
impl CommandData for DeclineOrder {}

/// Calls it off.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelOrder {
    /// Why.
    #[schemars(length(min = 1, max = 2000))]
    pub reason: String,
}
impl CommandData for CancelOrder {}

/// Hands it to a carrier.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShipOrder {
    /// Who carries it.
    #[schemars(length(min = 1, max = 200))]
    pub carrier: String,
    /// What the carrier knows it by.
    #[schemars(length(min = 1, max = 200))]
    pub tracking: String,
}
impl CommandData for ShipOrder {}

/// The customer has it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliverOrder {}
impl CommandData for DeliverOrder {}

kernel::commands! {
    /// What can be asked of an order.
    pub enum Command { PlaceOrder, ConfirmOrder, DeclineOrder, CancelOrder, ShipOrder, DeliverOrder }
}
