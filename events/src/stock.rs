//! The stock of one article. Events that take or free some say how much.

use kernel::{EventData, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Some came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockReceived {
    /// How many.
    pub quantity: i64,
}
impl EventData for StockReceived {}

/// Some left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockShipped {
    /// How many.
    pub quantity: i64,
    /// The reservation that ended with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Reservation>,
}
impl EventData for StockShipped {}

/// A reservation, and how many it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// Which reservation.
    pub reservation: Id,
    /// How many it held.
    pub quantity: i64,
}

/// Somebody counted, and there was more or less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockAdjusted {
    /// How many more; negative for less.
    pub delta: i64,
    /// Why.
    pub reason: String,
}
impl EventData for StockAdjusted {}

/// A reservation took some of what is available.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockReserved {
    /// Which reservation.
    pub reservation: Id,
    /// How many it holds.
    pub quantity: i64,
}
impl EventData for StockReserved {}

/// A reservation gave back what it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockReleased {
    /// Which reservation.
    pub reservation: Id,
    /// How many it held.
    pub quantity: i64,
}
impl EventData for StockReleased {}

kernel::events! {
    /// What happens to the stock of an article.
    pub enum Event { StockReceived, StockShipped, StockAdjusted, StockReserved, StockReleased }
}

impl Event {
    /// How many more are on hand after it.
    pub fn on_hand(&self) -> i64 {
        match self {
            Self::StockReceived(e) => e.quantity,
            Self::StockShipped(e) => -e.quantity,
            Self::StockAdjusted(e) => e.delta,
            Self::StockReserved(_) | Self::StockReleased(_) => 0,
        }
    }

    /// How many more are reserved after it.
    pub fn reserved(&self) -> i64 {
        match self {
            Self::StockReserved(e) => e.quantity,
            Self::StockReleased(e) => -e.quantity,
            Self::StockShipped(e) => e.reserved.as_ref().map_or(0, |ended| -ended.quantity),
            Self::StockReceived(_) | Self::StockAdjusted(_) => 0,
        }
    }
}
