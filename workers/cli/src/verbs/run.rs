//! `factmill run`: the embedded engine in this process.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::Folder;
use crate::embedded::Embedded;
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
    /// Take the tokens of this issuer, not the data folder's own
    #[arg(long, value_name = "NAME", requires = "keys")]
    issuer: Option<String>,
    /// … whose public keys are in this file, a JWKS
    #[arg(long, value_name = "FILE", requires = "issuer")]
    keys: Option<PathBuf>,
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
    pub(super) fn run(self) -> Result<Verdict, Failure> {
        let filter = EnvFilter::try_from_env("FACTMILL_LOG").unwrap_or_else(|_| EnvFilter::new("info,tantivy=warn"));
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        let log = log.with_ansi(std::io::stderr().is_terminal());
        match self.log {
            Log::Text => log.init(),
            Log::Json => log.json().init(),
        }
        Embedded { data: self.folder.data, listen: self.listen, issuer: self.issuer.zip(self.keys) }.run()
    }
}
