//! A loyalty card: ten stamps are a free coffee.

use kernel::EventData;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody got a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CardOpened {
    /// Whose it is.
    pub holder: String,
}
impl EventData for CardOpened {}

/// It was stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CardStamped {
    /// In which shop.
    pub shop: String,
}
impl EventData for CardStamped {}

/// It was full and became a free coffee; it begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CardRedeemed {
    /// How many stamps that took.
    pub stamps: u32,
}
impl EventData for CardRedeemed {}

kernel::events! {
    /// What happens to a loyalty card.
    pub enum Event { CardOpened, CardStamped, CardRedeemed }
}
