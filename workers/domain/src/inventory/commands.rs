//! What can be asked of the stock of an article.

use kernel::{CommandData, Id};
use schemars::JsonSchema;
use serde::Deserialize;

/// The most that one command moves.
pub const MOST: i64 = 1_000_000_000;

/// Some came in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiveStock {
    /// How many.
    #[schemars(range(min = 1, max = MOST))]
    pub quantity: i64,
}
impl CommandData for ReceiveStock {}

/// Some leave: of those that a reservation holds, which ends with it, or of those that nobody reserved.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShipStock {
    /// How many.
    #[schemars(range(min = 1, max = MOST))]
    pub quantity: i64,
    /// For which reservation.
    pub reservation: Option<Id>,
}
impl CommandData for ShipStock {}

/// Somebody counted: there is more or less than was known.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdjustStock {
    /// How many more, not 0; negative for less.
    #[schemars(range(min = -MOST, max = MOST), extend("not" = { "const": 0 }))]
    pub delta: i64,
    /// Why.
    #[schemars(length(min = 1, max = 2000))]
    pub reason: String,
}
impl CommandData for AdjustStock {}

/// Holds some for somebody.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReserveStock {
    /// The reservation's id, the client's choice.
    pub reservation: Id,
    /// How many.
    #[schemars(range(min = 1, max = MOST))]
    pub quantity: i64,
}
impl CommandData for ReserveStock {}

/// Gives back what a reservation holds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseStock {
    /// Which reservation.
    pub reservation: Id,
}
impl CommandData for ReleaseStock {}

kernel::commands! {
    /// What can be asked of the stock of an article.
    pub enum Command { ReceiveStock, ShipStock, AdjustStock, ReserveStock, ReleaseStock }
}
