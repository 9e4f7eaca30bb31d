//! `factmill submit`: one command.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::status::{LONGEST_WAIT, await_settled, show, verdict};
use crate::client::{Ask, Client};
use crate::failure::{Failure, Verdict};
use crate::output::complain;
use crate::{Context, verbs};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill submit --stream comment/c-1 --type CreateComment --data '{\"subject\":\"picture/42\",\"text\":\"nice\"}' --wait 5
  factmill submit --stream room-type/resort:A --type BookRoom --data @booking.json --expected-version 4
  factmill submit --file command.json --check

Prints the status object. Exit code 1 if the command is rejected, refused or failed.")]
pub(crate) struct Args {
    /// The stream, `<aggregate>/<id>`
    #[arg(long, required_unless_present = "file")]
    stream: Option<String>,
    /// The command's type
    #[arg(long = "type", required_unless_present = "file", value_name = "TYPE")]
    kind: Option<String>,
    /// Its data: JSON, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON", default_value = "{}")]
    data: String,
    /// Its id, which makes it safe to send again; a new time-ordered UUID if absent
    #[arg(long)]
    id: Option<String>,
    /// When it was first issued, RFC 3339; needed to repeat a command whose id is no time-ordered UUID
    #[arg(long, value_name = "TIME")]
    issued_at: Option<Timestamp>,
    /// Reject it unless the stream is exactly at this version (0: has no events)
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u64>,
    /// The id of what this command belongs to
    #[arg(long, value_name = "ID")]
    correlation_id: Option<String>,
    /// The id of what caused this command
    #[arg(long, value_name = "ID")]
    causation_id: Option<String>,
    /// Send this whole command, a JSON object in a file or `-`, as it is
    #[arg(long, value_name = "FILE", conflicts_with_all = ["stream", "kind", "data", "id", "issued_at", "expected_version", "correlation_id", "causation_id"])]
    file: Option<String>,
    /// How many seconds to wait for the outcome
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Only ask what the door would say; nothing is sent on
    #[arg(long, conflicts_with = "wait")]
    check: bool,
    /// The data folder of a local server, whose key makes the token if none is given
    #[arg(long, value_name = "FOLDER", env = "FACTMILL_DATA", default_value = ".factmill")]
    data_folder: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Command<'a> {
    id: &'a str,
    stream: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Timestamp>,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<&'a str>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let command = self.command()?;
        let client = context.server.client(&self.data_folder)?;
        let outcome = if self.check { check(&client, &command) } else { self.send(&client, &command) };
        match outcome {
            Ok(body) => {
                show(context.output, &body)?;
                // a check's answer has no status: it says that the command is valid
                if self.check { Ok(Verdict::Good) } else { Ok(verdict(&body)?.unwrap_or(Verdict::Good)) }
            }
            Err(Failure::Problem(problem)) if context.output.is_json() && !problem.is_outage() => {
                complain(&problem);
                context.output.line(&problem.body)?;
                Ok(Verdict::Bad)
            }
            Err(failure) => Err(failure),
        }
    }

    fn send(&self, client: &Client, command: &[u8]) -> Result<Vec<u8>, Failure> {
        let wait = self.wait.map(|seconds| seconds.min(LONGEST_WAIT)).filter(|seconds| *seconds > 0);
        let answer = client.ask(Ask::post("/commands", command).wait(wait))?;
        let left = self.wait.unwrap_or(0).saturating_sub(wait.unwrap_or(0));
        let location = answer.location.as_deref().and_then(|location| client.url().path_of(location));
        match location {
            Some(path) if left > 0 && verdict(&answer.body)?.is_none() => Ok(await_settled(client, path, left)?.body),
            _ => Ok(answer.body),
        }
    }

    /// The command as it is sent.
    fn command(&self) -> Result<Vec<u8>, Failure> {
        if let Some(path) = &self.file {
            return verbs::file(path, "the command");
        }
        let (Some(stream), Some(kind)) = (&self.stream, &self.kind) else {
            return Err(Failure::Usage("a command needs --stream and --type, or --file".into()));
        };
        let data = verbs::document(&self.data, "the data")?;
        let data: &RawValue = serde_json::from_slice(&data)
            .map_err(|error| Failure::Usage(format!("the data is not JSON: {error}; quote it for the shell")))?;
        let id = self.id.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
        let command = Command {
            id: &id,
            stream,
            kind,
            issued_at: self.issued_at.or_else(|| issued_now(&id)),
            data,
            expected_version: self.expected_version,
            correlation_id: self.correlation_id.as_deref(),
            causation_id: self.causation_id.as_deref(),
        };
        serde_json::to_vec(&command).map_err(|error| Failure::Failed(error.to_string()))
    }
}

/// The time of a command whose id does not tell it; said on stderr, since a repetition must say the same.
fn issued_now(id: &str) -> Option<Timestamp> {
    if verbs::import::tells_time(id) {
        return None;
    }
    let now = Timestamp::now();
    complain(&format!("to send this very command again, add --issued-at {now}"));
    Some(now)
}

fn check(client: &Client, command: &[u8]) -> Result<Vec<u8>, Failure> {
    Ok(client.ask(Ask::post("/commands/check", command))?.body)
}
