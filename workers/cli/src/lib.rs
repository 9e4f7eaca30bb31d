//! The command line of factmill: `run` embeds the engine, every other verb is an HTTP client of one.
//!
//! Start at [`verbs`], which lists them, one file each. [`client`] speaks HTTP, [`token`] finds the bearer's token,
//! [`output`] prints, [`embedded`] runs the engine.

pub mod client;
pub mod embedded;
pub mod failure;
pub mod output;
pub mod query;
pub mod token;
pub mod verbs;

use clap::Parser;

use crate::client::Client;
use crate::failure::{Failure, Verdict};
use crate::output::{Format, Output};
use crate::verbs::Verb;

/// Commands in, facts kept, views to search: the command line of factmill.
#[derive(Debug, Parser)]
#[command(name = "factmill", version, propagate_version = true, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct CommandLine {
    #[command(flatten)]
    server: ServerArgs,
    /// How to print: a table on a terminal, JSON in a pipe, unless told
    #[arg(long, short, global = true, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 rejected, refused or failed, 2 usage, 3 server unreachable.

Start here:
  factmill run
  factmill submit --stream comment/c-1 --type CreateComment --data '{\"subject\":\"picture/42\",\"text\":\"nice\"}' --wait 5
  factmill search comments nice";

/// Which server to talk to, and as whom.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// The server's address
    #[arg(long, global = true, env = "FACTMILL_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The bearer's token; without it, a local server's data folder is used to make one
    #[arg(long, global = true, env = "FACTMILL_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl ServerArgs {
    /// A client that acts as the token says, or as the owner of a local server's data folder.
    pub fn client(&self, folder: &std::path::Path) -> Result<Client, Failure> {
        let url = client::Url::parse(&self.url)?;
        let token = token::bearer(self.token.as_deref(), &url, folder)?;
        Ok(Client::new(url, &token))
    }
}

/// What every verb is handed.
pub struct Context {
    /// Which server to talk to.
    pub server: ServerArgs,
    /// Where to print.
    pub output: Output,
}

/// Runs one verb.
pub fn run(line: CommandLine) -> Result<Verdict, Failure> {
    let context = Context { server: line.server, output: Output::new(line.output) };
    line.verb.run(&context)
}
