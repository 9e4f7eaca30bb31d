//! `factmill import`: a file of commands, sent with back-pressure, a stream's commands in order, until all are settled.
//!
//! It can be run again safely: commands carry their ids, and a command that is known answers with its first outcome.

mod command;
mod exchange;
mod lines;
mod outbox;
mod source;
mod tally;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use self::command::Head;
pub(crate) use self::command::tells_time;
pub(crate) use self::exchange::{Exchange, Outcome, Plan};
use self::lines::{Line, Lines};
use self::outbox::LARGEST_BATCH;
pub(crate) use self::outbox::Outgoing;
use self::source::{FillTime, Source};
pub(crate) use self::tally::{Teller, style as bar_style};
use super::Folder;
use crate::Context;
use crate::client::{Ask, Client};
use crate::failure::{Failure, Verdict};
use crate::output::Output;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill import commands.ndjson
  factmill import commands.ndjson --refused refused.ndjson
  zcat years.ndjson.gz | factmill import - --issued-at 2026-11-21T08:00:00Z

Each line is a command. One without issuedAt is told by its UUIDv7 id, else gets --issued-at, else the file's modification
time. From a pipe without --issued-at, all is read before anything is sent. Run it again to repeat: nothing takes effect
twice. Exit code 1 if any failed or is unsettled, or if every line was refused.")]
pub(crate) struct Args {
    /// The file, one command a line, or `-` for stdin
    #[arg(value_name = "FILE")]
    file: String,
    /// When the commands were first issued, RFC 3339, for those that do not say
    #[arg(long, value_name = "TIME")]
    issued_at: Option<Timestamp>,
    /// Give up when nothing settled, or no answer came, for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
    /// Keep the lines that were refused, failed or are unsettled, with their reasons, in this file
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// How many requests may be on their way at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    connections: u16,
    /// How many commands may be read and not yet settled
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    in_hand: u32,
    #[command(flatten)]
    folder: Folder,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let source = Source::open(&self.file, self.issued_at)?;
        let client = self.folder.client(context)?;
        let since = server_clock(&client)?;
        let kept = self.refused.as_deref();
        let teller = Teller::new(kept).map_err(|error| Failure::Usage(format!("cannot write --refused: {error}")))?;
        let plan = Plan {
            connections: self.connections.into(),
            batch: LARGEST_BATCH,
            in_hand: usize::try_from(self.in_hand).unwrap_or(usize::MAX),
            patience: Duration::from_secs(self.patience),
        };
        if let Some(file) = source.countable.filter(|_| !teller.bar().is_hidden()) {
            count_lines(file, teller.bar());
        }
        let started = Instant::now();
        let outcome = Exchange::new(&client, plan, since, teller)
            .run(|exchange| read(source.input, &source.time, &self.file, exchange))
            .map_err(|error| Failure::Failed(format!("cannot read on in `{}`: {error}; run it again", self.file)))?;
        conclude(context.output, &client, outcome, started.elapsed())
    }
}

/// Puts every line of an input into the exchange.
pub(crate) fn import(input: impl BufRead, time: Option<&str>, exchange: &Exchange<'_>) -> io::Result<()> {
    read(input, &time.map_or(FillTime::Unneeded, |time| FillTime::Given(time.to_owned())), "", exchange)
}

fn read(input: impl BufRead, time: &FillTime, name: &str, exchange: &Exchange<'_>) -> io::Result<()> {
    let mut lines = Lines::new(input);
    let mut untold = true;
    while let Some((number, line)) = lines.next()? {
        let text = match line {
            Line::Text(text) => text,
            Line::TooLong => {
                refuse(exchange, number, "too-large", "a command has at most 65536 bytes");
                continue;
            }
        };
        let head = match Head::read(text) {
            Ok(head) => head,
            Err(error) => {
                refuse(exchange, number, "malformed", &format!("not a command: {error}"));
                continue;
            }
        };
        let time = if head.lacks_time() { time.as_member(name, &mut untold, exchange) } else { None };
        let text = time.map_or_else(|| text.into(), |time| head.filled(text, time));
        let id = head.id().map(Into::into);
        if !exchange.put(head.stream(), Outgoing { line: number, by: 0, id, text }) {
            break;
        }
    }
    Ok(())
}

impl FillTime {
    /// The time to fill in; the first use of one that the caller did not give is told with the option that repeats it.
    fn as_member(&self, name: &str, untold: &mut bool, exchange: &Exchange<'_>) -> Option<&str> {
        match self {
            Self::Given(time) => Some(time),
            Self::Unneeded => None,
            Self::Modified(time) => {
                if std::mem::take(untold) {
                    exchange.say(&format!(
                        "commands without a time of issue get that of `{name}`; to repeat this import: --issued-at {time}"
                    ));
                }
                Some(time)
            }
        }
    }
}

fn refuse(exchange: &Exchange<'_>, line: u64, code: &str, message: &str) {
    let refusal = json!({ "code": code, "message": message, "violations": [] });
    if let Ok(refusal) = serde_json::value::to_raw_value(&refusal) {
        exchange.refuse(line, None, &refusal);
    }
}

/// The server's clock before anything is sent, by which a refusal of an earlier delivery is told from this one's.
pub(crate) fn server_clock(client: &Client) -> Result<Option<Timestamp>, Failure> {
    let date = match client.ask(Ask::get("/health")) {
        Ok(answer) => answer.date,
        Err(Failure::Problem(problem)) if !problem.is_outage() => None,
        Err(failure) => return Err(failure),
    };
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    let now = date.and_then(|date| parser.parse_timestamp(&date).ok());
    // one machine has one clock; the clocks of many may differ a little
    let skew = SignedDuration::from_secs(if client.url().is_local() { 0 } else { 5 });
    Ok(now.map(|now| now - skew))
}

/// Counts a file's lines beside the import, so that the bar knows its end.
fn count_lines(file: File, bar: ProgressBar) {
    std::thread::spawn(move || {
        let mut lines = Lines::new(BufReader::with_capacity(1 << 20, file));
        let mut count = 0;
        while matches!(lines.next(), Ok(Some(_))) {
            count += 1;
        }
        bar.set_length(count);
        bar.set_style(tally::style(true));
    });
}

/// Prints the counts, and says how it went.
fn conclude(output: Output, client: &Client, outcome: Outcome, took: Duration) -> Result<Verdict, Failure> {
    let Outcome { counts, unsettled, stop, mut teller } = outcome;
    let mut shown = match serde_json::to_value(counts) {
        Ok(Value::Object(shown)) => shown,
        _ => serde_json::Map::new(),
    };
    shown.insert("seconds".into(), json!((took.as_secs_f64() * 1_000.0).round() / 1_000.0));
    if !unsettled.is_empty() {
        shown.insert("unsettled".into(), json!(unsettled.len()));
        for (line, id) in &unsettled {
            teller.tell(*line, id.as_deref(), "unsettled", None);
        }
    }
    let kept = teller.finish();
    output.object(Value::Object(shown).to_string().as_bytes())?;
    kept.map_err(|error| Failure::Failed(format!("cannot write --refused: {error}")))?;
    match stop {
        Some(stop) => Err(stop.into_failure(client, "run the import again to go on")),
        None if counts.failed > 0 || !unsettled.is_empty() => Ok(Verdict::Bad),
        None if counts.refused > 0 && counts.refused == counts.settled() => Ok(Verdict::Bad),
        None => Ok(Verdict::Good),
    }
}
