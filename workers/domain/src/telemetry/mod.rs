//! Telemetry: devices that measure, thresholds that are watched, and figures by the hour.
//!
//! | file | what it owns |
//! |---|---|
//! | `commands` | what can be asked |
//! | `window` | which readings of a metric were recorded already |
//! | `threshold` | the limits of a metric, and when they are crossed |
//! | `device` | the decisions, and what they remember |
//! | `decimal` | sums of broken numbers that are the same in any order |
//! | `devices`, `readings_hourly`, `dashboard` | what can be searched and reported |

mod commands;
mod dashboard;
mod decimal;
mod device;
mod devices;
mod readings_hourly;
#[cfg(test)]
mod tests;
mod threshold;
mod window;

use kernel::catalog::PolicySource;

pub use commands::{Command, RecordReadings, RegisterDevice, SetThreshold};
pub use dashboard::Dashboard;
pub use device::{Device, Rejection, State};
pub use devices::Devices;
pub use readings_hourly::ReadingsHourly;
pub use threshold::{Limits, Threshold};
pub use window::{LATEST, Window};

/// Who may measure, and who may read it.
pub const POLICIES: PolicySource = PolicySource {
    name: "telemetry",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
