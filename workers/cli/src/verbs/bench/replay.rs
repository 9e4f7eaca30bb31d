//! How long a file of commands takes until all of it is settled and searchable.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::engine::Engine;
use super::figures::Figures;
use super::rounds::{mebibytes, micros};
use super::{Args, broken, probe};
use crate::client::{Ask, Client, encode};
use crate::failure::Failure;
use crate::verbs::import::{Exchange, Outcome, Plan, Teller, import, server_clock};
use crate::verbs::stream_path;

/// Views are asked for so many streams at most: the last ones of a file are projected last.
const STREAMS: usize = 1_000;

/// Imports the file once; a second time would find everything settled.
pub(super) fn measure(engine: &Engine, args: &Args, file: &Path) -> Result<Figures, Failure> {
    let unreadable = |error| Failure::Usage(format!("cannot read `{}`: {error}", file.display()));
    let input = BufReader::new(File::open(file).map_err(unreadable)?);
    let client = &engine.client;
    let (now, since) = (Timestamp::now().to_string(), server_clock(client)?);
    let plan = Plan { batch: 1_000, ..args.plan() };
    let cpu = || engine.pid.and_then(probe::cpu_micros);

    let (cpu_before, started) = (cpu(), Instant::now());
    let (outcome, peak) = probe::peak_memory(engine.pid, || {
        Exchange::new(client, plan, since, Teller::silent()).run(|exchange| import(input, Some(&now), exchange))
    });
    let Outcome { counts, unsettled, stop, .. } = outcome.map_err(unreadable)?;
    let settled = started.elapsed().as_secs_f64();
    if stop.is_some() || !unsettled.is_empty() {
        return Err(broken("the file was not settled", format!("{} unsettled, {stop:?}", unsettled.len())));
    }
    let streams = streams_of(file).map_err(unreadable)?;
    let views = await_projected(client, streams)?;
    let found = started.elapsed().as_secs_f64();

    let mut figures = Figures::new(&[]);
    for (name, count) in [
        ("committed", counts.committed),
        ("rejected", counts.rejected),
        ("refused", counts.refused),
        ("failed", counts.failed),
    ] {
        figures.note(name, json!(count));
    }
    figures.note("views", json!(views));
    let count = f64::from(u32::try_from(counts.settled()).unwrap_or(u32::MAX)).max(1.0);
    figures.add("settled", "s", settled);
    figures.add("settled and searchable", "s", found);
    figures.add("rate until settled", "commands/s", count / settled);
    if let Some((before, after)) = cpu_before.zip(cpu()) {
        figures.add("CPU of the server", "µs/command", micros(after - before) / count);
    }
    if let Some(peak) = peak {
        figures.add("peak anonymous memory", "MiB", mebibytes(peak));
    }
    Ok(figures)
}

/// The last streams that a file names.
fn streams_of(file: &Path) -> std::io::Result<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Head {
        stream: String,
    }
    let mut streams = BTreeSet::new();
    for line in BufReader::new(File::open(file)?).split(b'\n') {
        if let Ok(Head { stream }) = serde_json::from_slice(&line?) {
            streams.insert(stream);
            if streams.len() > STREAMS {
                streams.pop_first();
            }
        }
    }
    Ok(streams)
}

/// Waits until every view that reads a stream shows its newest version; returns how many views those are.
fn await_projected(client: &Client, streams: BTreeSet<String>) -> Result<usize, Failure> {
    #[derive(Deserialize)]
    struct Views {
        views: Vec<View>,
    }
    #[derive(Deserialize)]
    struct View {
        name: String,
    }
    #[derive(Deserialize)]
    struct Stream {
        version: u64,
    }
    let Views { views } = client.ask_json(Ask::get("/views"))?;
    let mut reading = BTreeSet::new();
    for stream in streams {
        let Ok(path) = stream_path(&stream) else { continue };
        let version = match client.ask_json(Ask::get(&format!("{path}?limit=1"))) {
            Ok(Stream { version }) => version,
            // nothing was committed on it
            Err(Failure::Problem(problem)) if problem.status == 404 => continue,
            Err(failure) => return Err(failure),
        };
        let after = encode(&format!("{stream}@{version}"));
        for view in &views {
            match client.ask(Ask::get(&format!("/views/{}?limit=1&wait=25&after={after}", encode(&view.name)))) {
                Ok(_) => drop(reading.insert(&view.name)),
                // the view does not read this aggregate
                Err(Failure::Problem(problem)) if problem.status == 400 => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    Ok(reading.len())
}
