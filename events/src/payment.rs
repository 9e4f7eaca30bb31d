//! The payment of an order: what the payment gateway said, and what was done about it.

use kernel::EventData;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Money;

/// The gateway holds the amount for us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentAuthorized {
    /// How much.
    pub amount: Money,
    /// What the gateway knows it by.
    pub authorization: String,
}
impl EventData for PaymentAuthorized {}

/// The gateway said no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentDeclined {
    /// How much was asked for.
    pub amount: Money,
    /// Why.
    pub reason: String,
}
impl EventData for PaymentDeclined {}

/// The amount that was held is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCaptured {
    /// How much.
    pub amount: Money,
    /// What the gateway knew the authorisation by.
    pub authorization: String,
}
impl EventData for PaymentCaptured {}

/// The payment ended: what was held is free, what was captured goes back, and nothing more will be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentVoided {
    /// How much is free or goes back; absent if nothing was known to be held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// What the gateway knew the authorisation by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// True if it was captured, and goes back.
    pub captured: bool,
    /// Why.
    pub reason: String,
}
impl EventData for PaymentVoided {}

kernel::events! {
    /// What happens to a payment.
    pub enum Event { PaymentAuthorized, PaymentDeclined, PaymentCaptured, PaymentVoided }
}
