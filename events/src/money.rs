//! Amounts of money.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Money {
    /// In minor units: cents of a euro.
    pub amount: i64,
    /// ISO 4217, such as `EUR`.
    pub currency: String,
}
