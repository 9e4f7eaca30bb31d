//! `factmill views` and `factmill reports`: what can be asked for.

use serde_json::Value;

use super::Folder;
use crate::Context;
use crate::client::{Ask, decode};
use crate::failure::{Failure, Verdict};
use crate::output::{cell, columns};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: Folder,
}

impl Args {
    pub(super) fn run(&self, context: &Context, what: &str) -> Result<Verdict, Failure> {
        let answer = self.folder.client(context)?.ask(Ask::get(&format!("/{what}")))?;
        if context.output.is_json() {
            context.output.line(answer.body)?;
            return Ok(Verdict::Good);
        }
        let value: Value = decode(&answer.body)?;
        let listed = value[what].as_array().map_or(&[][..], Vec::as_slice);
        if what == "views" {
            context.output.rows(&["view", "field", "kind", "may"], listed.iter().flat_map(fields).collect())?;
        } else {
            let (names, rows) = columns(listed.iter());
            context.output.rows(&names, rows)?;
        }
        Ok(Verdict::Good)
    }
}

/// A view's fields, a row each, the view's name in the first.
fn fields(view: &Value) -> Vec<Vec<String>> {
    let fields = view["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let row = |(index, field): (usize, &Value)| {
        let uses = ["filter", "sort", "facet"].into_iter().filter(|usage| field[*usage] == true);
        let name = if index == 0 { cell(&view["name"]) } else { String::new() };
        vec![name, cell(&field["name"]), cell(&field["kind"]), uses.collect::<Vec<_>>().join(", ")]
    };
    fields.iter().enumerate().map(row).collect()
}
