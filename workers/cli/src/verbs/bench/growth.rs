//! Whether a command costs more on a long stream: edits of a short and of a long comment, in turns.

use std::time::Instant;

use serde_json::json;

use super::engine::Engine;
use super::figures::{Figures, percentile};
use super::load::{command, round_name};
use super::rounds::{edit, micros, send, settle_one};
use super::{Args, probe};
use crate::client::Client;
use crate::failure::Failure;

const SHORT: u64 = 10;
const LONG: u64 = 10_000;
/// Edits one after the other, a turn: few beside a long stream, and a short one is replaced after each turn.
const EDITS: u64 = 100;
/// Edits at once, on as many streams or on one, for what a command costs the processor.
const TURNS: u64 = 5;

/// Measures the cost of edits at streams of 10 and of 10,000 events.
pub(super) fn measure(engine: &Engine, args: &Args) -> Result<Figures, Failure> {
    let mut figures = Figures::new(&[("rounds", args.rounds)]);
    figures.note("editsPerTurn", json!(EDITS));
    let long = grown(&engine.client, args, LONG)?;
    let mut next = LONG;
    for _ in 0..args.rounds {
        let (mut at_short, mut at_long) = (Cost::default(), Cost::default());
        for _ in 0..TURNS {
            let short = grown(&engine.client, args, SHORT)?;
            at_short.edit(engine, &short, SHORT)?;
            at_long.edit(engine, &long, next)?;
            next += EDITS;
        }
        let (short, long) = (at_short.add_to(&mut figures, "10 events"), at_long.add_to(&mut figures, "10,000 events"));
        figures.add("latency at 10,000 events / at 10", "ratio", long.0 / short.0);
        if let Some((short, long)) = short.1.zip(long.1) {
            figures.add("CPU at 10,000 events / at 10", "ratio", long / short);
        }
    }
    Ok(figures)
}

/// What the edits of a round cost.
#[derive(Default)]
struct Cost {
    millis: Vec<f64>,
    cpu: Option<u64>,
}

impl Cost {
    /// Edits a comment again and again, each time awaiting the outcome.
    fn edit(&mut self, engine: &Engine, stream: &str, from: u64) -> Result<(), Failure> {
        let cpu = || engine.pid.and_then(probe::cpu_micros);
        let before = cpu();
        for n in from..from + EDITS {
            let (_, command) = edit(stream, n);
            let started = Instant::now();
            settle_one(&engine.client, &command)?;
            self.millis.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        if let Some((before, after)) = before.zip(cpu()) {
            *self.cpu.get_or_insert(0) += after - before;
        }
        Ok(())
    }

    /// Adds the round's figures; returns the median latency and the CPU time of a command.
    fn add_to(mut self, figures: &mut Figures, at: &str) -> (f64, Option<f64>) {
        let count = f64::from(u32::try_from(self.millis.len()).unwrap_or(u32::MAX));
        let median = percentile(&mut self.millis, 50);
        figures.add(&format!("EditComment at {at}, settled p50"), "ms", median);
        let cpu = self.cpu.map(|cpu| micros(cpu) / count);
        if let Some(cpu) = cpu {
            figures.add(&format!("EditComment at {at}, CPU of the server"), "µs/command", cpu);
        }
        (median, cpu)
    }
}

/// A comment that has been edited until its stream has so many events.
fn grown(client: &Client, args: &Args, events: u64) -> Result<String, Failure> {
    let stream = format!("comment/{}", round_name());
    let data = json!({"subject": "picture/42", "text": "At first sight"});
    let create = command(0, stream.clone(), "CreateComment", &data);
    let edits = (1..events).map(|n| edit(&stream, n));
    send(client, args.plan(), std::iter::once(create).chain(edits))?;
    Ok(stream)
}
