//! The aggregate: a device, its readings, each recorded once, and the limits that they are watched for.

use std::collections::{BTreeMap, HashMap};

use events::device::{DeviceRegistered, Event, Reading, ReadingsRecorded, ThresholdSet};
use kernel::{Attribute, Attributes, Context, Decider, Decision};
use serde::{Deserialize, Serialize};

use super::{
    commands::{self, Command, RecordReadings, RegisterDevice, SetThreshold},
    threshold::{Limits, Threshold, crossed},
    window::{Adding, Window},
};

/// What is known of the device itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// What kind of device it is.
    pub model: String,
    /// Where it stands.
    pub site: String,
}

/// What is known of a metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// Its latest instants.
    #[serde(default)]
    pub recent: Window,
    /// Its limits, while it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
}

/// All that decisions need to know of a device.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The device, once it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Registered>,
    /// Its metrics.
    pub metrics: BTreeMap<String, Metric>,
}

impl State {
    fn metric(&mut self, name: &str) -> &mut Metric {
        self.metrics.entry(name.to_owned()).or_default()
    }

    fn threshold(&self, metric: &str) -> Option<Threshold> {
        self.metrics.get(metric).and_then(|metric| metric.threshold)
    }
}

/// Why a device says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The device is registered with other data.
    AlreadyRegistered,
    /// The device was not registered yet.
    NotRegistered,
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "already-registered",
            Self::NotRegistered => "not-registered",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::AlreadyRegistered => "the device is already registered with other data",
            Self::NotRegistered => "the device is not registered",
        }
        .into()
    }
}

/// A device.
pub struct Device;

impl Decider for Device {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "device";
    const REVISION: u32 = 1;

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::DeviceRegistered(e) => {
                state.device = Some(Registered { model: e.model.clone(), site: e.site.clone() });
            }
            Event::ReadingsRecorded(e) => {
                for reading in &e.readings {
                    state.metric(&reading.metric).recent.remember(reading.at);
                }
                if state.metrics.values().any(|metric| metric.threshold.is_some()) {
                    for reading in by_time(&e.readings) {
                        if let Some(threshold) = &mut state.metric(&reading.metric).threshold {
                            threshold.read(reading.value);
                        }
                    }
                }
            }
            Event::ThresholdSet(e) => {
                let threshold = Threshold::set(e);
                let has_limits = threshold.limits != Limits::default();
                state.metric(&e.metric).threshold = has_limits.then_some(threshold);
            }
            // the readings before it have told that already
            Event::ThresholdCrossed(_) => {}
        }
        state
    }

    fn decide(state: &State, command: &Command, _: &Context<'_>) -> Result<Decision<Event, Rejection>, Rejection> {
        match (command, &state.device) {
            (Command::RegisterDevice(register), device) => self::register(device.as_ref(), register),
            (_, None) => Err(Rejection::NotRegistered),
            (Command::RecordReadings(record), Some(_)) => Ok(self::record(state, record)),
            (Command::SetThreshold(set), Some(_)) => Ok(self::set(state, set)),
        }
    }

    /// Whether there is a device: what isn't there is answered before the question whose it is.
    fn resource(state: &State, _: &Command) -> Attributes {
        vec![("registered", Attribute::Boolean(state.device.is_some()))]
    }
}

fn register(device: Option<&Registered>, register: &RegisterDevice) -> Result<Decision<Event, Rejection>, Rejection> {
    let RegisterDevice { model, site } = register.clone();
    match device {
        None => Ok(Decision::one(DeviceRegistered { model, site })),
        Some(device) if *device == Registered { model, site } => Ok(Decision::already_so()),
        Some(_) => Err(Rejection::AlreadyRegistered),
    }
}

/// The readings that are new, one after the other in the order in which they were sent; and each crossing of a limit,
/// in the order of their instants.
fn record(state: &State, record: &RecordReadings) -> Decision<Event, Rejection> {
    let mut windows: HashMap<&str, Adding<'_>> = HashMap::new();
    let mut readings = Vec::with_capacity(record.readings.len());
    for commands::Reading { metric, value, at } in &record.readings {
        let before = || state.metrics.get(metric).map(|metric| &metric.recent);
        if windows.entry(metric).or_insert_with(|| Adding::to(before())).add(*at) {
            readings.push(Reading { metric: metric.clone(), value: *value, at: *at });
        }
    }
    if readings.is_empty() {
        return Decision::already_so();
    }
    let crossings = crossings(state, &readings);
    let mut events = vec![ReadingsRecorded { readings }.into()];
    events.extend(crossings);
    events.into()
}

fn crossings(state: &State, readings: &[Reading]) -> Vec<Event> {
    if state.metrics.values().all(|metric| metric.threshold.is_none()) {
        return Vec::new();
    }
    let mut thresholds: HashMap<&str, Option<Threshold>> = HashMap::new();
    let mut events = Vec::new();
    for reading in by_time(readings) {
        let threshold = thresholds.entry(&reading.metric).or_insert_with(|| state.threshold(&reading.metric));
        if let Some(crossing) = threshold.as_mut().and_then(|threshold| threshold.read(reading.value)) {
            events.push(crossed(&reading.metric, crossing, reading.value, reading.at).into());
        }
    }
    events
}

/// Readings in the order of their instants.
fn by_time(readings: &[Reading]) -> Vec<&Reading> {
    let mut ordered: Vec<_> = readings.iter().collect();
    ordered.sort_by_key(|reading| reading.at);
    ordered
}

fn set(state: &State, set: &SetThreshold) -> Decision<Event, Rejection> {
    let SetThreshold { metric, above, below } = set.clone();
    let limits = state.threshold(&metric).map(|threshold| threshold.limits).unwrap_or_default();
    if limits == (Limits { above, below }) {
        return Decision::already_so();
    }
    Decision::one(ThresholdSet { metric, above, below })
}
