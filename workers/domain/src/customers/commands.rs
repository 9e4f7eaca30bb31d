//! What can be asked of a customer.

use kernel::CommandData;
use schemars::JsonSchema;
use serde::Deserialize;

/// Makes somebody a customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterCustomer {
    /// Their name.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Theirs alone among the customers, in whatever case it is written.
    #[schemars(email, length(max = 254))]
    pub email: String,
    /// Where to call them.
    #[schemars(length(min = 1, max = 50))]
    pub phone: Option<String>,
}
impl CommandData for RegisterCustomer {}

/// Changes some details; what is left out stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateCustomer {
    /// Their name.
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Theirs alone among the customers.
    #[schemars(email, length(max = 254))]
    pub email: Option<String>,
    /// Where to call them.
    #[schemars(length(min = 1, max = 50))]
    pub phone: Option<String>,
}
impl CommandData for UpdateCustomer {}

/// Deletes the customer and frees their email; the history stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteCustomer {}
impl CommandData for DeleteCustomer {}

/// Gives them back the details that they had at an earlier version, and brings back who was deleted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreCustomer {
    /// Which version of the stream.
    pub version: u64,
}
impl CommandData for RestoreCustomer {}

/// Gives them points.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddReward {
    /// How many.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub points: u64,
    /// What for.
    #[schemars(length(min = 1, max = 2000))]
    pub reason: String,
}
impl CommandData for AddReward {}

/// Spends points.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedeemReward {
    /// How many.
    #[schemars(range(min = 1))]
    pub points: u64,
}
impl CommandData for RedeemReward {}

kernel::commands! {
    /// What can be asked of a customer.
    pub enum Command {
        RegisterCustomer, UpdateCustomer, DeleteCustomer, RestoreCustomer, AddReward, RedeemReward,
    }
}
