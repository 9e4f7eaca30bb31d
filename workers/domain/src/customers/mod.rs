//! Customers: their details, with a way back to each earlier version, and their reward points.
//!
//! | file | what it owns |
//! |---|---|
//! | `commands` | what can be asked |
//! | `state` | what is remembered, of earlier details too |
//! | `customer` | the decisions, and who has which email |
//! | `view` | what can be searched |

mod commands;
mod customer;
mod state;
#[cfg(test)]
mod tests;
mod view;

use kernel::catalog::PolicySource;

pub use commands::{
    AddReward, Command, DeleteCustomer, RedeemReward, RegisterCustomer, RestoreCustomer, UpdateCustomer,
};
pub use customer::{Customer, EMAIL, Rejection};
pub use state::{Earlier, REMEMBERED, Record, State};
pub use view::{Customers, Document, Status};

/// Who may change customers, and who may read them.
pub const POLICIES: PolicySource = PolicySource {
    name: "customers",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
