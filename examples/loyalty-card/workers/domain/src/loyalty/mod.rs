//! Loyalty cards: stamps are collected, and ten of them redeemed.

mod card;
mod view;
mod visits;

use kernel::catalog::PolicySource;

pub use card::{Card, Command, OpenCard, RedeemCard, Rejection, StampCard, State};
pub use view::{Cards, Document};
pub use visits::Visits;

/// Who stamps and redeems, and who may read it.
pub const POLICIES: PolicySource = PolicySource {
    name: "loyalty",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
