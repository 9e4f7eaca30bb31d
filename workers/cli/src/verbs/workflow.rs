//! `factmill workflow`: the steps of an order's checkout.

use serde_json::Value;

use super::Folder;
use crate::Context;
use crate::client::{Ask, decode, encode};
use crate::failure::{Failure, Verdict};
use crate::output::columns;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  factmill workflow o-1")]
pub(crate) struct Args {
    /// The order's id
    order: String,
    #[command(flatten)]
    folder: Folder,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let path = format!("/workflows/checkout/{}", encode(&self.order));
        let answer = self.folder.client(context)?.ask(Ask::get(&path))?;
        if context.output.is_json() {
            context.output.line(answer.body)?;
            return Ok(Verdict::Good);
        }
        let mut value: Value = decode(&answer.body)?;
        let steps = value.as_object_mut().and_then(|members| members.remove("steps")).unwrap_or_default();
        context.output.object(value.to_string().as_bytes())?;
        let (names, rows) = columns(steps.as_array().map_or(&[][..], Vec::as_slice).iter());
        context.output.rows(&names, rows)?;
        Ok(Verdict::Good)
    }
}
