//! An order: placed by a customer, confirmed or declined by the checkout, shipped and delivered by the staff.

use kernel::{EventData, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Money;

/// What is ordered of one article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The article, as in `stock/<sku>`.
    pub sku: Id,
    /// What it is called.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// What one costs.
    pub unit_price: Money,
}

impl Line {
    /// What all of it costs, in minor units.
    pub fn amount(&self) -> i64 {
        self.quantity.saturating_mul(self.unit_price.amount)
    }
}

/// A customer ordered. It carries all that the checkout needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// Who.
    pub customer: Id,
    /// What.
    pub lines: Vec<Line>,
    /// What it costs in all.
    pub total: Money,
    /// What the payment gateway knows the means of payment by.
    pub payment_token: String,
}
impl EventData for OrderPlaced {
    const PUBLIC: bool = true;
}

/// The stock is reserved and the payment authorised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {}
impl EventData for OrderConfirmed {}

/// It could not be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDeclined {
    /// Why.
    pub reason: String,
}
impl EventData for OrderDeclined {}

/// It was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// Why.
    pub reason: String,
}
impl EventData for OrderCancelled {}

/// It is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderShipped {
    /// Who carries it.
    pub carrier: String,
    /// What the carrier knows it by.
    pub tracking: String,
}
impl EventData for OrderShipped {}

/// The customer has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {}
impl EventData for OrderDelivered {}

kernel::events! {
    /// What happens to an order.
    pub enum Event { OrderPlaced, OrderConfirmed, OrderDeclined, OrderCancelled, OrderShipped, OrderDelivered }
}
