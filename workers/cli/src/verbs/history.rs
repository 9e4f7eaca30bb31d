//! `factmill history`: a stream's events, oldest first.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Folder, stream_path};
use crate::Context;
use crate::client::{Ask, decode};
use crate::failure::{Failure, Verdict};
use crate::output::{Output, cell};
use crate::query::Query;

/// The most events that one answer may hold.
const LARGEST_PAGE: u64 = 1_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill history comment/c-1
  factmill history room-type/resort:A --from 100 --limit 10
  factmill history room-type/resort:A --all > events.ndjson")]
pub(crate) struct Args {
    /// The stream, `<aggregate>/<id>`
    stream: String,
    /// The first version to show
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,
    /// The most events to show, or with --all to fetch at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=LARGEST_PAGE))]
    limit: Option<u64>,
    /// To the stream's end; as JSON, one event a line
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    next: Option<u64>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let path = stream_path(&self.stream)?;
        let client = self.folder.client(context)?;
        let limit = self.limit.or(self.all.then_some(LARGEST_PAGE));
        let mut from = self.from;
        loop {
            let query = Query::default().with_any("from", from).with_any("limit", limit);
            let answer = client.ask(Ask::get(&query.on(&path)))?;
            if context.output.is_json() && !self.all {
                context.output.line(answer.body)?;
                return Ok(Verdict::Good);
            }
            let page: Page<'_> = decode(&answer.body)?;
            show(context.output, &page)?;
            match page.next {
                Some(next) if self.all && from.is_none_or(|from| next > from) => from = Some(next),
                _ => return Ok(Verdict::Good),
            }
        }
    }
}

fn show(output: Output, page: &Page<'_>) -> Result<(), Failure> {
    if output.is_json() {
        return page.events.iter().try_for_each(|event| output.line(event.get()));
    }
    let mut rows = Vec::with_capacity(page.events.len());
    for event in &page.events {
        let event: Value = decode(event.get().as_bytes())?;
        rows.push(["version", "time", "type", "actor", "commandId", "data"].map(|name| cell(&event[name])).to_vec());
    }
    output.rows(&["version", "time", "type", "actor", "command", "data"], rows)
}
