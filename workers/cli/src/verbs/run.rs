//! `factmill run`: the embedded engine in this process.

use std::net::SocketAddr;

use clap::ValueEnum;

use super::Folder;
use crate::failure::{Failure, Verdict};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill run
  factmill run --data /var/lib/factmill --listen 127.0.0.1:9000 --log json

Once ready, it prints `listening on http://…` and `token <jwt>` on stdout.")]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How to write the log, on stderr
    #[arg(long, value_enum, default_value_t = Log::Text)]
    log: Log,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Log {
    /// A line for people
    Text,
    /// A line of JSON
    Json,
}

impl Args {
    pub(super) fn run(&self) -> Result<Verdict, Failure> {
        embedded(self)
    }
}

/// Runs the engine until it is told to stop.
fn embedded(Args { folder, listen, log }: &Args) -> Result<Verdict, Failure> {
    Err(Failure::Failed(format!(
        "the embedded engine is not wired in this build (data {}, listen {listen}, log {log:?})",
        folder.data.display()
    )))
}
