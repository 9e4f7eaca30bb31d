//! What can be asked of a device.

use jiff::Timestamp;
use kernel::{CommandData, StreamId, Violations};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Takes a device into use.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterDevice {
    /// What kind of device it is.
    #[schemars(length(min = 1, max = 200))]
    pub model: String,
    /// Where it stands.
    #[schemars(length(min = 1, max = 200))]
    pub site: String,
}
impl CommandData for RegisterDevice {}

/// Something that was measured.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reading {
    /// What was measured, such as `temperature`.
    #[schemars(length(min = 1, max = 200))]
    pub metric: String,
    /// How much.
    #[schemars(range(min = -1e15, max = 1e15))]
    pub value: f64,
    /// When, from 1678 to 2261.
    pub at: Timestamp,
}

/// Records what was measured.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordReadings {
    /// The readings, in any order.
    #[schemars(length(min = 1, max = 500))]
    pub readings: Vec<Reading>,
}

impl CommandData for RecordReadings {
    /// Instants are kept as nanoseconds of 64 bits. The year is compared as text: a reading is parsed once.
    fn check(data: &Value, _: &StreamId, violations: &mut Violations) {
        let readings = data.get("readings").and_then(Value::as_array).into_iter().flatten();
        for (index, reading) in readings.enumerate() {
            let at = reading.get("at").and_then(Value::as_str).unwrap_or_default();
            let is_time = || at.parse::<Timestamp>().is_ok();
            if at.get(..4).is_some_and(|year| !("1678"..="2261").contains(&year)) && is_time() {
                violations.add(format!("/data/readings/{index}/at"), "out-of-range", "must be from 1678 to 2261");
            }
        }
    }
}

/// Sets the limits of a metric; without any it is watched no longer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetThreshold {
    /// Of which metric.
    #[schemars(length(min = 1, max = 200))]
    pub metric: String,
    /// What is more than this is too much.
    #[schemars(range(min = -1e15, max = 1e15))]
    pub above: Option<f64>,
    /// What is less than this is too little; not more than `above`.
    #[schemars(range(min = -1e15, max = 1e15))]
    pub below: Option<f64>,
}

impl CommandData for SetThreshold {
    fn check(data: &Value, _: &StreamId, violations: &mut Violations) {
        let limit = |name: &str| data.get(name).and_then(Value::as_f64);
        if let (Some(above), Some(below)) = (limit("above"), limit("below"))
            && below > above
        {
            violations.add("/data/below", "out-of-range", "must not be more than `above`");
        }
    }
}

kernel::commands! {
    /// What can be asked of a device.
    pub enum Command { RegisterDevice, RecordReadings, SetThreshold }
}
