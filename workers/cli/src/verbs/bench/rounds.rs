//! The main measurement: rounds of each load in turns, the limits between them.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use super::engine::Engine;
use super::figures::{Figures, percentile};
use super::load::{Load, average_nights, command, round_name};
use super::{Args, broken, limits, probe};
use crate::client::{Ask, Client};
use crate::failure::Failure;
use crate::verbs::import::{Exchange, Outcome, Outgoing, Plan, Teller};

/// How long a round's documents may take to be found after all is settled.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Measures all loads and limits in turns.
pub(super) fn measure(engine: &Engine, args: &Args) -> Result<Figures, Failure> {
    let mut figures = args.figures();
    figures.note("averageNights", json!(average_nights(args.commands)));
    for _ in 0..args.rounds {
        for load in Load::ALL {
            let per_transaction = throughput(engine, args, load, &mut figures)?;
            limits::rows_and_documents(engine, args, load, per_transaction, &mut figures)?;
            latency(&engine.client, args, load, &mut figures)?;
            limits::single_writes(engine, load, &mut figures)?;
        }
    }
    if let Some(peak) = engine.pid.and_then(|pid| probe::memory(pid, "VmHWM")) {
        figures.add("peak resident memory, files included", "MiB", mebibytes(peak));
    }
    Ok(figures)
}

/// One round of many commands: how many a second are settled, and found. Returns how many commands a durable
/// transaction carried on average.
fn throughput(engine: &Engine, args: &Args, load: Load, figures: &mut Figures) -> Result<f64, Failure> {
    let (round, count) = (round_name(), u64::from(args.commands));
    let preparations = (0..count).filter_map(|n| load.preparation(&round, n));
    send(&engine.client, args.plan(), preparations)?;

    let commands: Vec<_> = (0..count).map(|n| load.command(&round, n)).collect();
    let cpu = || engine.pid.and_then(probe::cpu_micros);
    let transactions = engine.transactions()?;
    let (cpu_before, started) = (cpu(), Instant::now());
    let (times, peak) = probe::peak_memory(engine.pid, || -> Result<_, Failure> {
        send(&engine.client, args.plan(), commands.into_iter())?;
        let committed = started.elapsed();
        await_found(&engine.client, load, &round, count)?;
        Ok((committed, started.elapsed()))
    });
    let (committed, found) = times?;
    let count = f64::from(args.commands);
    let name = load.name();
    figures.add(&format!("{name}, accepted→committed"), "commands/s", count / committed.as_secs_f64());
    figures.add(&format!("{name}, accepted→searchable"), "commands/s", count / found.as_secs_f64());
    if let Some((before, after)) = cpu_before.zip(cpu()) {
        figures.add(&format!("{name}, CPU of the server"), "µs/command", micros(after - before) / count);
    }
    if let Some(peak) = peak {
        figures.add(&format!("{name}, peak anonymous memory"), "MiB", mebibytes(peak));
    }
    let Some((before, after)) = transactions.zip(engine.transactions()?) else { return Ok(1.0) };
    let per_transaction = count / (after - before).max(1.0);
    figures.add(&format!("{name}, in one transaction"), "commands", per_transaction);
    Ok(per_transaction)
}

/// One command after the other: how long until it is settled, and found.
fn latency(client: &Client, args: &Args, load: Load, figures: &mut Figures) -> Result<(), Failure> {
    let round = round_name();
    let (view, filter) = load.view(&round);
    let (mut settled, mut found) = (Vec::new(), Vec::new());
    for n in 0..u64::from(args.singles) {
        if let Some((_, preparation)) = load.preparation(&round, n) {
            settle_one(client, &preparation)?;
        }
        let (stream, command) = load.command(&round, n);
        let started = Instant::now();
        let version = settle_one(client, &command)?;
        settled.push(started.elapsed().as_secs_f64() * 1_000.0);
        let after = crate::client::encode(&format!("{stream}@{version}"));
        client.ask(Ask::get(&format!("/views/{view}?{filter}&limit=1&wait=25&after={after}")))?;
        found.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    let name = load.name();
    for (percent, label) in [(50, "p50"), (99, "p99")] {
        figures.add(&format!("one {name}, accepted→settled {label}"), "ms", percentile(&mut settled, percent));
        figures.add(&format!("one {name}, accepted→searchable {label}"), "ms", percentile(&mut found, percent));
    }
    Ok(())
}

/// Sends commands and waits until all are committed.
pub(super) fn send(
    client: &Client,
    plan: Plan,
    commands: impl Iterator<Item = (String, Outgoing)>,
) -> Result<(), Failure> {
    let exchange = Exchange::new(client, plan, None, Teller::silent());
    let outcome: Result<Outcome, Failure> = exchange.run(|exchange| {
        for (stream, command) in commands {
            if !exchange.put(&stream, command) {
                break;
            }
        }
        Ok(())
    });
    let Outcome { counts, unsettled, stop, .. } = outcome?;
    if stop.is_none() && unsettled.is_empty() && counts.settled() == counts.committed {
        return Ok(());
    }
    Err(broken("the load was not committed", format!("{counts:?}, {} unsettled, {stop:?}", unsettled.len())))
}

/// Sends one command, and returns its stream's version once it is committed.
pub(super) fn settle_one(client: &Client, command: &Outgoing) -> Result<u64, Failure> {
    #[derive(Deserialize)]
    struct Status {
        status: String,
        version: Option<u64>,
    }
    let status: Status = client.ask_json(Ask::post("/commands", &command.text).wait(Some(25)))?;
    match (status.status.as_str(), status.version) {
        ("committed", Some(version)) => Ok(version),
        (other, _) => Err(broken("a command was not committed", other)),
    }
}

/// Waits until a view holds all of a round's documents.
fn await_found(client: &Client, load: Load, round: &str, count: u64) -> Result<(), Failure> {
    let (view, filter) = load.view(round);
    await_total(client, &format!("/views/{view}?{filter}&limit=1"), count)
}

/// Waits until a search finds so many documents.
pub(super) fn await_total(client: &Client, path: &str, count: u64) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Found {
        total: u64,
    }
    let started = Instant::now();
    loop {
        let Found { total } = client.ask_json(Ask::get(path))?;
        if total >= count {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err(broken("not all is searchable", format!("{total} of {count} at `{path}`")));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// An edit of a comment, which differs from the one before.
pub(super) fn edit(stream: &str, n: u64) -> (String, Outgoing) {
    command(n, stream.to_owned(), "EditComment", &json!({"text": format!("On reflection, number {n}")}))
}

pub(super) fn micros(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e6
}

pub(super) fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1_024.0
}
