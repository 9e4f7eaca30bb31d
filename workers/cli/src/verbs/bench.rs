//! `factmill bench`: drives the whole pipeline, and shows beside each figure the limit that was measured in the same run.
//!
//! Machines are noisy: rounds of the different loads and limits take turns, and each figure is a median with its spread.

mod engine;
mod figures;
mod growth;
mod limits;
mod load;
mod probe;
mod replay;
mod rounds;
mod social;
mod telemetry;
mod timed;

use std::path::PathBuf;
use std::time::Duration;

use self::engine::Engine;
use self::figures::Figures;
use crate::Context;
use crate::failure::{Failure, Verdict};
use crate::verbs::Folder;
use crate::verbs::import::Plan;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill bench
  factmill bench --commands 100000 --rounds 5 --output json
  factmill bench --stream-growth
  factmill bench --social 1000000
  factmill bench --telemetry 1000000
  factmill bench --import commands.ndjson
  factmill bench --running --pid $(pgrep -n factmill)

By default it starts an engine of its own on a new folder beneath --place, and stops it at the end.")]
pub(crate) struct Args {
    /// Compare the cost of a command at a stream of 10 events and at one of 10,000
    #[arg(long, conflicts_with = "import")]
    stream_growth: bool,
    /// Measure how long a file takes until it is settled and searchable
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
    /// Measure the feed of one who follows 1,000, among so many posts
    #[arg(long, value_name = "POSTS", conflicts_with_all = ["import", "stream_growth", "running"])]
    social: Option<u32>,
    /// Measure how fast so many readings a round are recorded, and the dashboard over them
    #[arg(long, value_name = "READINGS", conflicts_with_all = ["import", "stream_growth", "running", "social"])]
    telemetry: Option<u32>,
    /// How often each load is measured, in turns
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many commands of each load in a round
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..))]
    commands: u32,
    /// How many single commands in a round, for the latency
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    singles: u32,
    /// How many commands are on their way at once
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(4..=4_000))]
    in_flight: u32,
    /// Measure the server that --url names instead of an own engine
    #[arg(long)]
    running: bool,
    /// The process to measure, with --running
    #[arg(long, requires = "running")]
    pid: Option<u32>,
    /// Where the own engine's folder is made, and the limits are measured
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    place: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let engine = if self.running {
            Engine::running(self.folder.client(context)?, self.pid, &self.place)?
        } else {
            Engine::start(&self.place)?
        };
        let figures = if self.stream_growth {
            growth::measure(&engine, self)?
        } else if let Some(posts) = self.social {
            social::measure(&engine, self, posts)?
        } else if let Some(readings) = self.telemetry {
            telemetry::measure(&engine, self, readings)?
        } else if let Some(file) = &self.import {
            replay::measure(&engine, self, file)?
        } else {
            rounds::measure(&engine, self)?
        };
        figures.print(context.output)?;
        Ok(Verdict::Good)
    }

    /// How commands are sent: so many at once, over four connections.
    fn plan(&self) -> Plan {
        const CONNECTIONS: usize = 4;
        let in_flight = usize::try_from(self.in_flight).unwrap_or(usize::MAX);
        Plan {
            connections: CONNECTIONS,
            batch: in_flight / CONNECTIONS,
            // accepted commands queue up in the server, and are asked for until they settle
            in_hand: 20_000,
            patience: Duration::from_mins(1),
        }
    }

    /// No figures yet, and how they were measured.
    fn figures(&self) -> Figures {
        Figures::new(&[("rounds", self.rounds), ("commands", self.commands), ("inFlight", self.in_flight)])
    }
}

/// A failure of the machine that is measured with.
fn broken(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("{what}: {error}"))
}
