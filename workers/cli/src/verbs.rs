//! The verbs, one file each.

mod bench;
mod completions;
mod demo;
mod get;
mod history;
mod import;
mod report;
mod run;
mod search;
mod state;
mod status;
mod submit;
mod token;
mod verify;
mod views;
mod workflow;

use std::io::Read;
use std::path::PathBuf;

use clap::Subcommand;

use crate::Context;
use crate::client::{Client, encode};
use crate::failure::{Failure, Verdict};

/// What can be asked of factmill.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Start the embedded engine on a data folder
    Run(run::Args),
    /// Send one command
    Submit(submit::Args),
    /// Show what became of commands
    Status(status::Args),
    /// Search a view
    Search(search::Args),
    /// Show one document of a view
    Get(get::Args),
    /// Run a report
    Report(report::Args),
    /// List the views and their fields
    Views(views::Args),
    /// List the reports and their parameters
    Reports(views::Args),
    /// Show a stream's events, oldest first
    History(history::Args),
    /// Show a stream's state, now or as it was
    State(state::Args),
    /// Send a file of commands, and wait until all are settled
    Import(import::Args),
    /// Play a story of all the reference systems, to see the pipeline work
    Demo(demo::Args),
    /// Check hash chains, gaps and claims, and the views against the streams
    Verify(verify::Args),
    /// Show the steps of an order's checkout
    Workflow(workflow::Args),
    /// Make a token with the key of an embedded engine
    Token(token::Args),
    /// Measure the whole pipeline against the limits of this machine
    Bench(bench::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

impl Verb {
    /// Does what the verb says.
    pub(crate) fn run(self, context: &Context) -> Result<Verdict, Failure> {
        match self {
            Self::Run(args) => args.run(),
            Self::Submit(args) => args.run(context),
            Self::Status(args) => args.run(context),
            Self::Search(args) => args.run(context),
            Self::Get(args) => args.run(context),
            Self::Report(args) => args.run(context),
            Self::Views(args) => args.run(context, "views"),
            Self::Reports(args) => args.run(context, "reports"),
            Self::History(args) => args.run(context),
            Self::State(args) => args.run(context),
            Self::Import(args) => args.run(context),
            Self::Demo(args) => args.run(context),
            Self::Verify(args) => args.run(context),
            Self::Workflow(args) => args.run(context),
            Self::Token(args) => args.run(context),
            Self::Bench(args) => args.run(context),
            Self::Completions(args) => args.run(context),
        }
    }
}

/// Where the key of a local server lies, for those who hold no token.
#[derive(Debug, clap::Args)]
pub(crate) struct Folder {
    /// The data folder of a local server, whose key makes the token if none is given
    #[arg(long = "data", value_name = "FOLDER", env = "FACTMILL_DATA", default_value = ".factmill")]
    pub(crate) data: PathBuf,
}

impl Folder {
    fn client(&self, context: &Context) -> Result<Client, Failure> {
        context.server.client(&self.data)
    }
}

/// Which version of which stream an answer must show.
#[derive(Debug, clap::Args)]
pub(crate) struct Freshness {
    /// Answer only when this version of this stream is shown
    #[arg(long, value_name = "STREAM@VERSION")]
    after: Option<String>,
    /// How many seconds the server may wait for it (at most 25)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=25))]
    wait: Option<u64>,
}

/// Reads what an option names: JSON as it is, `@file`, or `-` for stdin.
fn document(text: &str, what: &str) -> Result<Vec<u8>, Failure> {
    let usage = |error| Failure::Usage(format!("cannot read {what} from `{text}`: {error}"));
    match text.strip_prefix('@') {
        Some(path) => std::fs::read(path).map_err(usage),
        None if text == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map_err(usage)?;
            Ok(bytes)
        }
        None => Ok(text.as_bytes().to_vec()),
    }
}

/// Reads a file of JSON, or stdin for `-`.
fn file(path: &str, what: &str) -> Result<Vec<u8>, Failure> {
    if path == "-" { document(path, what) } else { document(&format!("@{path}"), what) }
}

/// The path of a stream, `<aggregate>/<id>`.
fn stream_path(stream: &str) -> Result<String, Failure> {
    let stream: kernel::StreamId = stream
        .parse()
        .map_err(|error| Failure::Usage(format!("`{stream}` is no stream: it {error}, like `comment/c-1`")))?;
    Ok(format!("/streams/{}/{}", encode(stream.aggregate()), encode(stream.id())))
}
