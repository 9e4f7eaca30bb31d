//! A day of sensors in a cold store: a reading every five minutes, sent by the half-hour. In the afternoon the cooling
//! of one fails, and its threshold is crossed until it works again.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::script::{Person, Script};
use crate::failure::Failure;

/// 2026-06-21T00:00:00Z, the longest day.
const MIDNIGHT: i64 = 1_782_000_000;
/// Minutes between two readings, and how many are sent at once.
const EVERY: i64 = 5;
const BATCH: i64 = 6;
const BATCHES: i64 = 24 * 60 / (EVERY * BATCH);
/// Devices for each unit of scale: one of them fails.
const DEVICES: u32 = 3;
/// In degrees: what is more is too warm.
const LIMIT: f64 = 6.0;

/// Writes the day.
pub(super) fn write(script: &mut Script<'_>, scale: u32) -> Result<(), Failure> {
    let name = |script: &Script<'_>, n: u32| script.own(format_args!("cold-store-{}", n + 1));
    let devices: Vec<Person> = (0..DEVICES * scale).map(|n| Person::new(name(script, n), "device")).collect();
    let site = script.own("warehouse");
    let stream = |device: &Person| format!("device/{}", device.sub);
    // one speaks before it is known
    let early = batch(script, 0, 0);
    script.send(&devices[0], &stream(&devices[0]), "RecordReadings", early)?;
    for device in &devices {
        let data = json!({"model": "thermo-2", "site": site});
        script.send(device, &stream(device), "RegisterDevice", data)?;
        let data = json!({"metric": "temperature", "above": LIMIT});
        script.send(device, &stream(device), "SetThreshold", data)?;
    }
    for half_hour in 0..BATCHES {
        for (n, device) in (0..).zip(&devices) {
            let data = batch(script, n, half_hour);
            script.send(device, &stream(device), "RecordReadings", data.clone())?;
            // sent once more after a lost connection, under another id: each reading still counts once
            if script.chance(4) {
                script.send(device, &stream(device), "RecordReadings", data)?;
            }
        }
    }
    let other = Person::new(name(script, DEVICES * scale), "device");
    script.forbidden(&other, &stream(&devices[0]), "SetThreshold", json!({"metric": "temperature"}));
    Ok(())
}

/// The readings of half an hour.
fn batch(script: &mut Script<'_>, device: u32, half_hour: i64) -> Value {
    let mut readings = Vec::new();
    for reading in 0..BATCH {
        let minute = (half_hour * BATCH + reading) * EVERY;
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(MIDNIGHT + minute * 60);
        let noise = script.dice.f64() - 0.5;
        let is_failing = device % DEVICES == 1 && (14 * 60..16 * 60).contains(&minute);
        let temperature = 3.5 + noise + if is_failing { 5.0 } else { 0.0 };
        let humidity = 71.0 + script.dice.f64() * 8.0;
        readings.push(json!({"metric": "temperature", "value": tenths(temperature), "at": at.to_string()}));
        readings.push(json!({"metric": "humidity", "value": tenths(humidity), "at": at.to_string()}));
    }
    json!({"readings": readings})
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
