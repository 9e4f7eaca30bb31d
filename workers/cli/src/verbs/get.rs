//! `factmill get`: one document of a view.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Folder, Freshness};
use crate::Context;
use crate::client::{Ask, decode, encode};
use crate::failure::{Failure, Verdict};
use crate::query::Query;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill get bookings b-1
  factmill get bookings b-1 --after room-type/resort:A@7")]
pub(crate) struct Args {
    /// The view
    view: String,
    /// The document's id
    id: String,
    #[command(flatten)]
    freshness: Freshness,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Deserialize)]
struct Document {
    id: String,
    version: u64,
    doc: serde_json::Map<String, Value>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let query =
            Query::default().with_any("after", self.freshness.after.as_deref()).with_any("wait", self.freshness.wait);
        let path = query.on(&format!("/views/{}/{}", encode(&self.view), encode(&self.id)));
        let answer = self.folder.client(context)?.ask(Ask::get(&path))?;
        if context.output.is_json() {
            context.output.line(answer.body)?;
            return Ok(Verdict::Good);
        }
        let Document { id, version, doc } = decode(&answer.body)?;
        let mut shown = serde_json::Map::from_iter([("id".into(), json!(id)), ("version".into(), json!(version))]);
        shown.extend(doc);
        context.output.object(Value::Object(shown).to_string().as_bytes())?;
        Ok(Verdict::Good)
    }
}
