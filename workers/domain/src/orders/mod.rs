//! Orders, and what is sold by them.
//!
//! | file | what it owns |
//! |---|---|
//! | `commands` | what can be asked |
//! | `order` | the decisions |
//! | `orders_view`, `lines_view` | what can be searched |
//! | `sales`, `history` | what is reported |

mod commands;
mod history;
mod lines_view;
mod order;
mod orders_view;
mod sales;
#[cfg(test)]
mod tests;

use kernel::catalog::PolicySource;

pub use commands::{
    CancelOrder, Command, ConfirmOrder, DeclineOrder, DeliverOrder, LARGEST_TOTAL, Line, PlaceOrder, ShipOrder,
};
pub use history::OrderHistory;
pub use lines_view::OrderLines;
pub use order::{Order, Rejection, State, Status};
pub use orders_view::Orders;
pub use sales::{ItemsSales, MonthlySalesByItem};

/// Who may order, who handles orders, and who may read them.
pub const POLICIES: PolicySource = PolicySource {
    name: "orders",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
