//! `factmill status`: what became of commands.

use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Folder;
use crate::Context;
use crate::client::{Answer, Ask, Client, decode, encode};
use crate::failure::{Failure, Verdict};
use crate::output::{Output, cell};

/// The longest that a server waits in one request, in seconds.
pub(super) const LONGEST_WAIT: u64 = 25;
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(20);
/// The most ids of one request.
const LARGEST_PAGE: usize = 1_000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill status 0199a1c2-6c1f-7a3e-9d35-0f5a3c1b2d4e --wait 10
  factmill status c-1 c-2 c-3

Exit code 1 if any of them is unknown, rejected, refused or failed.")]
pub(crate) struct Args {
    /// The commands' ids
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// How many seconds to wait for them to settle
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    #[command(flatten)]
    folder: Folder,
}

/// The part of a status object that decides what comes next.
#[derive(Deserialize)]
struct Head {
    status: String,
}

/// Whether a status object shows success, failure, or neither yet.
pub(super) fn verdict(body: &[u8]) -> Result<Option<Verdict>, Failure> {
    let Head { status } = decode(body)?;
    Ok(match status.as_str() {
        "queued" => None,
        "committed" => Some(Verdict::Good),
        _ => Some(Verdict::Bad),
    })
}

/// Asks for a command's status until it is settled or the time is over.
pub(super) fn await_settled(client: &Client, path: &str, wait: u64) -> Result<Answer, Failure> {
    let deadline = Instant::now() + Duration::from_secs(wait);
    let joint = if path.contains('?') { '&' } else { '?' };
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).as_secs().min(LONGEST_WAIT);
        let asked = if left == 0 { path.to_owned() } else { format!("{path}{joint}wait={left}") };
        let answer = client.ask(Ask::get(&asked));
        let open = match &answer {
            Ok(answer) => verdict(&answer.body)?.is_none(),
            Err(Failure::Problem(problem)) => problem.code == "unknown-command",
            Err(_) => false,
        };
        if !open || left == 0 {
            return answer;
        }
        // a server that answers at once, though it was asked to wait, is not stormed
        thread::sleep(BETWEEN_QUESTIONS);
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let client = self.folder.client(context)?;
        if let [id] = self.ids.as_slice() {
            let answer = await_settled(&client, &format!("/commands/{}", encode(id)), self.wait.unwrap_or(0))?;
            show(context.output, &answer.body)?;
            return Ok(verdict(&answer.body)?.unwrap_or(Verdict::Good));
        }
        self.many(&client, context.output)
    }

    fn many(&self, client: &Client, output: Output) -> Result<Verdict, Failure> {
        let deadline = Instant::now() + Duration::from_secs(self.wait.unwrap_or(0));
        let mut statuses = serde_json::Map::new();
        for ids in self.ids.chunks(LARGEST_PAGE) {
            if self.wait.is_some() {
                for id in ids {
                    let left = deadline.saturating_duration_since(Instant::now()).as_secs();
                    match await_settled(client, &format!("/commands/{}", encode(id)), left) {
                        Err(Failure::Problem(problem)) if problem.code == "unknown-command" => {}
                        answered => drop(answered?),
                    }
                }
            }
            let body = json!({ "ids": ids }).to_string();
            let mut answer: Value = client.ask_json(Ask::post("/commands/status", body.as_bytes()))?;
            let answered = answer["statuses"].as_object_mut().map(std::mem::take).unwrap_or_default();
            statuses.extend(answered);
        }
        let settled_well = |status: &Value| matches!(status["status"].as_str(), Some("committed" | "queued"));
        let all_well = self.ids.iter().all(|id| statuses.get(id).is_some_and(settled_well));
        if output.is_json() {
            output.line(json!({ "statuses": statuses }).to_string())?;
        } else {
            let names = ["status", "stream", "type", "version"];
            let row = |id: &String| {
                let status = statuses.get(id).unwrap_or(&Value::Null);
                let shown = names.map(|name| cell(&status[name]));
                let known = if status.is_null() { vec!["unknown".to_owned()] } else { shown.to_vec() };
                [vec![id.clone()], known, vec![reason(status)]].concat()
            };
            output
                .rows(&["id", "status", "stream", "type", "version", "reason"], self.ids.iter().map(row).collect())?;
        }
        Ok(if all_well { Verdict::Good } else { Verdict::Bad })
    }
}

/// Prints a status object.
pub(super) fn show(output: Output, body: &[u8]) -> Result<(), Failure> {
    output.object(body)
}

/// Why a command was not committed, on one line.
fn reason(status: &Value) -> String {
    let why = ["rejection", "refusal", "failure"].into_iter().map(|name| &status[name]).find(|why| !why.is_null());
    why.map(|why| format!("{}: {}", cell(&why["code"]), cell(&why["message"]))).unwrap_or_default()
}
