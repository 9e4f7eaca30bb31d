//! Readings in batches of a hundred, until they are committed; then the dashboard over all of them, whose figures must
//! be those of what was sent.

use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::engine::Engine;
use super::figures::Figures;
use super::load::command;
use super::rounds::{PATIENCE, micros};
use super::timed::{Timed, clients, send_each};
use super::{Args, broken, probe};
use crate::client::{Ask, Client};
use crate::failure::Failure;
use crate::verbs::import::{Outgoing, Plan};

const DEVICES: u32 = 8;
/// Readings of one command.
const BATCH: u32 = 100;
/// Seconds between two readings of a device: the hours are many.
const EVERY: i64 = 60;
/// 2026-01-01, when the first reading is made.
const BEGIN: i64 = 1_767_225_600;
const DASHBOARD: &str = "/reports/dashboard?site=bench&metric=temperature&from=2026-01-01&to=2200-01-01&interval=day";

/// Records so many readings a round, and asks for the dashboard over all of them.
pub(super) fn measure(engine: &Engine, args: &Args, readings: u32) -> Result<Figures, Failure> {
    let mut figures = args.figures();
    let each = readings.div_ceil(DEVICES * BATCH);
    let sent = each * DEVICES * BATCH;
    figures.note("readings", json!(sent));
    figures.note("devices", json!(DEVICES));
    let name = |device: u32| format!("device-{device}");
    let devices = clients(engine, (0..DEVICES).map(name), "device")?;
    let plan = Plan { batch: 20, ..args.plan() };
    send_each(&devices, plan, |device| {
        let data = json!({"model": "bench", "site": "bench"});
        std::iter::once(command(0, format!("device/{}", name(device)), "RegisterDevice", &data))
    })?;
    for round in 0..args.rounds {
        let cpu = || engine.pid.and_then(probe::cpu_micros);
        let (cpu_before, started) = (cpu(), Instant::now());
        send_each(&devices, plan, |device| (round * each..(round + 1) * each).map(move |n| batch(&name(device), n)))?;
        let committed = started.elapsed().as_secs_f64();
        figures.add("readings, accepted→committed", "readings/s", f64::from(sent) / committed);
        if let Some((before, after)) = cpu_before.zip(cpu()) {
            figures.add("readings, CPU of the server", "µs/reading", micros(after - before) / f64::from(sent));
        }
        await_figures(&engine.client, u64::from(sent) * u64::from(round + 1))?;
        figures.add("readings, accepted→searchable", "readings/s", f64::from(sent) / started.elapsed().as_secs_f64());

        let (mut dashboard, mut one) = (Timed::default(), Timed::default());
        for _ in 0..args.singles {
            dashboard.ask(&engine.client, DASHBOARD)?;
            one.ask(&engine.client, "/views/readings-hourly?device=device-1&sort=-hour&limit=20")?;
        }
        dashboard.add_to(&mut figures, "dashboard");
        one.add_to(&mut figures, "a search for one device");
    }
    Ok(figures)
}

/// The nth hundred readings of a device. Values are whole and known: each batch's sum is the same.
fn batch(device: &str, n: u32) -> (String, Outgoing) {
    let reading = |reading: u32| {
        let second = BEGIN + i64::from(n * BATCH + reading) * EVERY;
        let at = Timestamp::from_second(second).map(|at| at.to_string()).unwrap_or_default();
        json!({"metric": "temperature", "value": reading, "at": at})
    };
    let data = json!({"readings": (0..BATCH).map(reading).collect::<Vec<_>>()});
    command(n.into(), format!("device/{device}"), "RecordReadings", &data)
}

/// Waits until the dashboard tells all readings, and compares its figures with what was sent.
fn await_figures(client: &Client, sent: u64) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Told {
        aggregations: Aggregations,
    }
    #[derive(Deserialize)]
    struct Aggregations {
        totals: Totals,
    }
    #[derive(Debug, Deserialize)]
    struct Totals {
        count: u64,
        avg: Option<f64>,
        min: Option<f64>,
        max: Option<f64>,
    }
    let most = f64::from(BATCH - 1);
    let started = Instant::now();
    loop {
        let Told { aggregations: Aggregations { totals } } = client.ask_json(Ask::get(DASHBOARD))?;
        if totals.count == sent {
            let right = (totals.avg, totals.min, totals.max) == (Some(most / 2.0), Some(0.0), Some(most));
            return if right {
                Ok(())
            } else {
                Err(broken("the dashboard differs from what was sent", format!("{totals:?}")))
            };
        }
        if started.elapsed() > PATIENCE {
            return Err(broken("not all is told", format!("{} of {sent} readings", totals.count)));
        }
        thread::sleep(Duration::from_millis(5));
    }
}
