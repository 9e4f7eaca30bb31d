//! Orders, and what is sold by them.
//!
//! | file | what it owns |
//! |---|---|
//! | `commands` | what can be asked |
//! | `order` | the decisions |
//! | `orders`, `order_lines` | what can be searched |
//! | `sales`, `history` | what is reported |

mod commands;
mod history;
mod order;
mod order_lines;
mod orders;
mod sales;
#[cfg(test)]
mod tests;

use kernel::catalog::PolicySource;

pub use commands::{
    CancelOrder, Command, ConfirmOrder, DeclineOrder, DeliverOrder, LARGEST_TOTAL, Line, PlaceOrder, ShipOrder,
};
pub use history::OrderHistory;
pub use order::{Order, Rejection, State, Status};
pub use order_lines::OrderLines;
pub use orders::Orders;
pub use sales::{ItemsSales, MonthlySalesByItem};

/// Who may order, who handles orders, and who may read them.
pub const POLICIES: PolicySource = PolicySource {
    name: "orders",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
