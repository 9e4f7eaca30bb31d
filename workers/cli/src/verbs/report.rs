//! `factmill report`: a named, parameterised query.

use super::{Folder, Freshness, search};
use crate::Context;
use crate::client::{Ask, encode};
use crate::failure::{Failure, Verdict};
use crate::query::Query;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill report occupancy hotel=resort from=2026-01-01 to=2027-01-01
  factmill report feed handle=alice --output json")]
pub(crate) struct Args {
    /// The report
    name: String,
    /// Its parameters
    #[arg(value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    #[command(flatten)]
    freshness: Freshness,
    #[command(flatten)]
    folder: Folder,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let query = self.parameters.iter().fold(Query::default(), |query, (name, value)| query.with(name, value));
        let query = query.with_any("after", self.freshness.after.as_deref()).with_any("wait", self.freshness.wait);
        let path = query.on(&format!("/reports/{}", encode(&self.name)));
        let answer = self.folder.client(context)?.ask(Ask::get(&path))?;
        search::show(context.output, &answer.body)?;
        Ok(Verdict::Good)
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is no parameter; write `name=value`")),
    }
}
