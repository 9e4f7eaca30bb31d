//! A customer: who they are, how to reach them, and the points they were rewarded with.

use kernel::EventData;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who a customer is, and how to reach them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// Their name.
    pub name: String,
    /// Theirs alone.
    pub email: String,
    /// Where to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// Somebody became a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerRegistered {
    /// Their details.
    #[serde(flatten)]
    pub details: Details,
}
impl EventData for CustomerRegistered {}

/// Some details became others; what is absent stayed as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerUpdated {
    /// Their name now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their email now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Where to call them now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}
impl EventData for CustomerUpdated {}

/// They left, and freed their email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerDeleted {
    /// The email that others may have now.
    pub email: String,
}
impl EventData for CustomerDeleted {}

/// Their details are again what they were at an earlier version; who was deleted is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerRestored {
    /// At which version of the stream they were so.
    pub version: u64,
    /// All details, as they are now.
    #[serde(flatten)]
    pub details: Details,
}
impl EventData for CustomerRestored {}

/// They were given points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RewardAdded {
    /// How many.
    pub points: u64,
    /// What for.
    pub reason: String,
}
impl EventData for RewardAdded {}

/// They spent points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RewardRedeemed {
    /// How many.
    pub points: u64,
}
impl EventData for RewardRedeemed {}

kernel::events! {
    /// What happens to a customer.
    pub enum Event {
        CustomerRegistered, CustomerUpdated, CustomerDeleted, CustomerRestored, RewardAdded, RewardRedeemed,
    }
}

impl CustomerUpdated {
    /// The details after it.
    pub fn over(&self, details: Details) -> Details {
        Details {
            name: self.name.clone().unwrap_or(details.name),
            email: self.email.clone().unwrap_or(details.email),
            phone: self.phone.clone().or(details.phone),
        }
    }
}
