//! What all systems share: the roles, who reads what by default, and the form of money.

#[cfg(test)]
pub(crate) mod tests;

use kernel::catalog::PolicySource;
use schemars::JsonSchema;
use serde::Deserialize;

/// The policies that hold for every system, and the entities that all policies name.
pub const POLICIES: PolicySource = PolicySource {
    name: "common",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};

/// An amount of money as clients send it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Money {
    /// In minor units: cents of a euro.
    pub amount: i64,
    /// ISO 4217, such as `EUR`.
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    pub currency: String,
}

impl From<&Money> for events::Money {
    fn from(money: &Money) -> Self {
        Self { amount: money.amount, currency: money.currency.clone() }
    }
}
