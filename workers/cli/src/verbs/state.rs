//! `factmill state`: a stream's state, now or as it was.

use super::{Folder, stream_path};
use crate::Context;
use crate::client::Ask;
use crate::failure::{Failure, Verdict};
use crate::query::Query;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:
  factmill state room-type/resort:A
  factmill state room-type/resort:A --version 4
  factmill state room-type/resort:A --at 2026-11-21T08:00:00Z",
    disable_version_flag = true
)]
pub(crate) struct Args {
    /// The stream, `<aggregate>/<id>`
    stream: String,
    /// As of this version
    #[arg(long, conflicts_with = "at", value_name = "N")]
    version: Option<u64>,
    /// As of this time, RFC 3339
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
    #[command(flatten)]
    folder: Folder,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let query = Query::default().with_any("version", self.version).with_any("at", self.at);
        let path = query.on(&format!("{}/state", stream_path(&self.stream)?));
        let answer = self.folder.client(context)?.ask(Ask::get(&path))?;
        context.output.object(&answer.body)?;
        Ok(Verdict::Good)
    }
}
