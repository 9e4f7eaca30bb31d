//! The bus: what was committed and what was refused, told to whoever subscribes.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Unavailable;

/// An entry of the bus, in EventBridge's shape.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BusEntry {
    /// `factmill.feed`, or `factmill.<aggregate>` for a public event.
    pub source: String,
    /// `Commits`, `Refusals`, or the event's type.
    pub detail_type: String,
    /// The content, at most 200 KB.
    pub detail: Box<RawValue>,
}

/// The bus. Each entry succeeds or fails by itself.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Publishes entries in order; tells for each whether it was accepted.
    async fn publish(&self, entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>>;
}
