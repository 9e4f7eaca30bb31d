//! `factmill verify`: walks the server's checks page by page, and names what differs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Folder;
use crate::Context;
use crate::client::{Ask, Client, decode};
use crate::failure::{Failure, Verdict};
use crate::output::cell;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill verify
  factmill verify room-type/resort:A

Prints each difference, and ends with the count of what was checked. Exit code 1 if anything differs.
As JSON it is one object, written as the checking goes on: {\"differences\": [ … ], \"checked\": n}.")]
pub(crate) struct Args {
    /// Check this stream alone
    stream: Option<String>,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Value>,
}

#[derive(Deserialize)]
struct Page {
    checked: u64,
    differences: Vec<Box<RawValue>>,
    next: Option<Value>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        if let Some(stream) = &self.stream {
            super::stream_path(stream)?;
        }
        let client = self.folder.client(context)?;
        let mut request = Request { stream: self.stream.as_deref(), cursor: None };
        let (mut checked, mut differing) = (0, 0_u64);
        // the first page is awaited before anything is printed: a problem leaves no half document behind
        let mut page = ask(&client, &request)?;
        if context.output.is_json() {
            context.output.line("{\"differences\":[")?;
        }
        loop {
            checked += page.checked;
            for difference in &page.differences {
                if context.output.is_json() {
                    let comma = if differing == 0 { "" } else { "," };
                    context.output.line(format!("{comma}{}", difference.get()))?;
                } else {
                    context.output.line(sentence(&decode(difference.get().as_bytes())?))?;
                }
                differing += 1;
            }
            let Some(next) = page.next.take() else { break };
            request.cursor = Some(next);
            page = ask(&client, &request)?;
        }
        if context.output.is_json() {
            context.output.line(format!("],\"checked\":{checked}}}"))?;
        } else {
            context.output.line(format!("checked {checked}, {differing} differ"))?;
        }
        Ok(if differing == 0 { Verdict::Good } else { Verdict::Bad })
    }
}

fn ask(client: &Client, request: &Request<'_>) -> Result<Page, Failure> {
    let body = serde_json::to_vec(request).map_err(|error| Failure::Failed(error.to_string()))?;
    client.ask_json(Ask::post("/verify", &body))
}

/// A difference on one line: its members one after the other.
fn sentence(difference: &Value) -> String {
    match difference {
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name} {}", cell(value))).collect::<Vec<_>>().join(", ")
        }
        other => cell(other),
    }
}
