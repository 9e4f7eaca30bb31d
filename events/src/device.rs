//! A device that measures.

use jiff::Timestamp;
use kernel::EventData;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device came into use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRegistered {
    /// What kind of device it is.
    pub model: String,
    /// Where it stands.
    pub site: String,
}
impl EventData for DeviceRegistered {}

/// Something that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// What was measured, such as `temperature`.
    pub metric: String,
    /// How much.
    pub value: f64,
    /// When.
    pub at: Timestamp,
}

/// Readings that were not recorded before, in the order in which they were sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadingsRecorded {
    /// The readings; of one metric each has an instant of its own.
    pub readings: Vec<Reading>,
}
impl EventData for ReadingsRecorded {}

/// From now on readings are watched for crossing these limits, or no more if there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdSet {
    /// Of which metric.
    pub metric: String,
    /// What is more than this is too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// What is less than this is too little.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}
impl EventData for ThresholdSet {}

/// On which side of its limits a reading lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// It is too much.
    Above,
    /// It is too little.
    Below,
}

/// A metric crossed a limit: the reading before lay elsewhere, this one lies beyond it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdCrossed {
    /// Which metric.
    pub metric: String,
    /// To which side.
    pub side: Side,
    /// The limit.
    pub limit: f64,
    /// The reading.
    pub value: f64,
    /// When it was read.
    pub at: Timestamp,
}
impl EventData for ThresholdCrossed {
    const PUBLIC: bool = true;
}

kernel::events! {
    /// What happens to a device.
    pub enum Event { DeviceRegistered, ReadingsRecorded, ThresholdSet, ThresholdCrossed }
}
