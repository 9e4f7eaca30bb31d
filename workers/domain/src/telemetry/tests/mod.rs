//! Given/when/then of telemetry's rules.

mod laws;
mod policies;
mod recording;
mod registering;
mod thresholds;
mod views;

use events::device::{DeviceRegistered, Event, Reading, ReadingsRecorded, Side, ThresholdCrossed, ThresholdSet};
use jiff::{SignedDuration, Timestamp};
use kernel::spec::{Given, given};
use serde_json::{Value, json};

use super::Device;

const STREAM: &str = "device/d-1";

/// A device that is registered, with these further events.
fn device(events: impl IntoIterator<Item = Event>) -> Given<Device> {
    given(STREAM, std::iter::once(registered()).chain(events))
}

fn registered() -> Event {
    DeviceRegistered { model: "TH-2".into(), site: "greenhouse".into() }.into()
}

/// So many seconds after eight o'clock.
fn at(seconds: i64) -> Timestamp {
    let eight: Timestamp = "2026-12-01T08:00:00Z".parse().unwrap();
    eight + SignedDuration::from_secs(seconds)
}

fn reading(metric: &str, value: f64, seconds: i64) -> Reading {
    Reading { metric: metric.into(), value, at: at(seconds) }
}

/// Readings of the temperature: value and seconds.
fn temperatures(readings: impl IntoIterator<Item = (f64, i64)>) -> Vec<Reading> {
    readings.into_iter().map(|(value, seconds)| reading("temperature", value, seconds)).collect()
}

fn recorded(readings: impl IntoIterator<Item = (f64, i64)>) -> Event {
    ReadingsRecorded { readings: temperatures(readings) }.into()
}

fn limits(above: Option<f64>, below: Option<f64>) -> Event {
    ThresholdSet { metric: "temperature".into(), above, below }.into()
}

fn crossed(side: Side, limit: f64, (value, seconds): (f64, i64)) -> Event {
    ThresholdCrossed { metric: "temperature".into(), side, limit, value, at: at(seconds) }.into()
}

/// The data of `RecordReadings`.
fn record(readings: impl IntoIterator<Item = (f64, i64)>) -> Value {
    json!({ "readings": temperatures(readings) })
}
