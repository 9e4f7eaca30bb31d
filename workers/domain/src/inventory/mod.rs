//! The inventory: what is on hand of each article, and what of it is reserved.

mod commands;
mod state;
mod stock;
#[cfg(test)]
mod tests;
mod view;

use kernel::catalog::PolicySource;

pub use commands::{AdjustStock, Command, MOST, ReceiveStock, ReleaseStock, ReserveStock, ShipStock};
pub use state::{Held, REMEMBERED, State};
pub use stock::{Rejection, Stock};
pub use view::{Document, Stocks};

/// Who may move stock, and who may read it.
pub const POLICIES: PolicySource = PolicySource {
    name: "inventory",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
