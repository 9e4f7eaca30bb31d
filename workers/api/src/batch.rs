//! Batches of commands: each is judged by itself, and those of a stream travel together, in order.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kernel::{Code, Id, Refusal, StreamId};
use pipeline::{
    ports::queue::{Message, SendError},
    steps::door::{Judged, Refused},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    App, Json, Problem, commands,
    request::{Caller, too_large},
};

/// The most commands of a batch.
const MOST_COMMANDS: usize = 1_000;
/// The most commands of a message.
const MOST_OF_A_MESSAGE: usize = 100;
/// The most bytes of a message's body: with its envelope it fits one execution of the workflow.
const LARGEST_MESSAGE: usize = 150_000;

/// The answer to a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// How many are durably accepted, or were settled before.
    queued: usize,
    /// The others.
    refused: Vec<Entry>,
}

/// A command of a batch that was refused.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Entry {
    /// Where it stood, from 0; blank lines don't count.
    index: usize,
    /// Its id; null if it has none.
    id: Option<Id>,
    /// Why.
    refusal: Refusal,
}

/// The elements of an array, as they were sent.
pub(crate) fn elements(body: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let elements: Vec<&RawValue> = serde_json::from_slice(body)
        .map_err(|error| Refusal::new(Code::Malformed, format!("not a valid json array: {error}")))?;
    few(elements.into_iter().map(|element| element.get().as_bytes()).collect())
}

/// The lines that are not blank, as they were sent.
pub(crate) fn lines(body: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    few(body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect())
}

fn few(texts: Vec<&[u8]>) -> Result<Vec<&[u8]>, Problem> {
    if texts.len() <= MOST_COMMANDS {
        return Ok(texts);
    }
    Err(too_large(format!("a batch may have at most {MOST_COMMANDS} commands, this one has {}", texts.len())))
}

/// Text that was parsed as JSON before.
pub(crate) fn utf8(text: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(text).map_err(|error| Problem::internal(&error))
}

/// A message while it is filled: one stream's commands, in order.
struct Parcel<'a> {
    stream: &'a StreamId,
    texts: Vec<&'a str>,
    bytes: usize,
    commands: Vec<usize>,
}

impl Parcel<'_> {
    /// One command as it is, more as an array: nothing is encoded again.
    fn body(&self) -> String {
        match self.texts.as_slice() {
            [one] => (*one).to_owned(),
            many => format!("[{}]", many.join(",")),
        }
    }
}

/// Judges a batch and queues what may enter.
pub(crate) async fn post(
    app: &Arc<App>,
    caller: &Caller,
    traceparent: Option<String>,
    texts: &[&[u8]],
) -> Result<Response, Problem> {
    let at = app.clock.now();
    let judged = app.door().judge(&caller.claims, texts, at).await;
    let mut queued = 0;
    let mut refused: Vec<(usize, Refused)> = Vec::new();
    let mut entering = Vec::new();
    for (index, judged) in judged.into_iter().enumerate() {
        match judged {
            Judged::Enter(command) => entering.push((index, command)),
            Judged::Settled(..) => queued += 1,
            Judged::Refused(why) => refused.push((index, *why)),
        }
    }
    commands::record(app, caller, refused.iter().map(|(_, refused)| refused), at).await;

    let parcels = pack(entering.iter().map(|(index, command)| (*index, &command.stream)), texts)?;
    let message = |parcel: &Parcel<'_>| Message {
        group: format!("{}/{}", caller.claims.tenant, parcel.stream),
        body: parcel.body(),
        authorization: caller.token.clone(),
        traceparent: traceparent.clone(),
        task_token: None,
    };
    let messages: Vec<_> = parcels.iter().map(message).collect();
    let sent = if messages.is_empty() { Vec::new() } else { app.queue.send(messages).await };
    let parcels: Vec<_> = parcels.into_iter().map(|parcel| parcel.commands).collect();
    let mut commands: HashMap<_, _> = entering.into_iter().collect();
    let mut shut = Shut::default();
    for (parcel, sent) in parcels.into_iter().zip(sent) {
        let Some(refusal) = shut.note(sent) else {
            queued += parcel.len();
            continue;
        };
        let of_parcel = parcel.into_iter().filter_map(|index| Some((index, commands.remove(&index)?)));
        refused.extend(of_parcel.map(|(index, command)| (index, Refused::of(*command, refusal.clone()))));
    }
    if queued == 0 && !refused.is_empty() && refused.iter().all(|(_, refused)| refused.refusal.code == Code::Busy) {
        return Err(shut.problem());
    }
    refused.sort_by_key(|(index, _)| *index);
    let refused = refused.into_iter().map(|(index, why)| Entry { index, id: why.id, refusal: why.refusal }).collect();
    Ok((StatusCode::ACCEPTED, Json(Summary { queued, refused })).into_response())
}

/// What the queue said where it did not accept.
#[derive(Default)]
struct Shut {
    after: Duration,
    unavailable: Option<SendError>,
}

impl Shut {
    /// The refusal of a message's commands; `None` if it was accepted.
    fn note(&mut self, sent: Result<jiff::Timestamp, SendError>) -> Option<Refusal> {
        let message = match sent {
            Ok(_) => return None,
            Err(SendError::Busy(after)) => {
                self.after = self.after.max(after);
                "the queue is full: send it again later"
            }
            Err(error @ SendError::Unavailable(_)) => {
                tracing::error!(%error, "a message of a batch may not have been accepted");
                self.unavailable = Some(error);
                "the queue did not answer: send it again"
            }
        };
        Some(Refusal::new(Code::Busy, message))
    }

    fn problem(self) -> Problem {
        match self.unavailable {
            Some(error) => Problem::unavailable(&error),
            None => Problem::busy(self.after),
        }
    }
}

/// Packs commands into messages: those of a stream together, in order, as they were sent.
fn pack<'a>(
    commands: impl Iterator<Item = (usize, &'a StreamId)>,
    texts: &[&'a [u8]],
) -> Result<Vec<Parcel<'a>>, Problem> {
    let mut parcels: Vec<Parcel<'a>> = Vec::new();
    let mut last_of: HashMap<&StreamId, usize> = HashMap::new();
    for (index, stream) in commands {
        let text = utf8(texts.get(index).copied().unwrap_or_default())?;
        let last = last_of.get(stream).and_then(|at| parcels.get_mut(*at));
        let room = |parcel: &&mut Parcel<'_>| {
            parcel.texts.len() < MOST_OF_A_MESSAGE && parcel.bytes + text.len() + 2 <= LARGEST_MESSAGE
        };
        if let Some(parcel) = last.filter(room) {
            parcel.texts.push(text);
            parcel.bytes += text.len() + 1;
            parcel.commands.push(index);
        } else {
            last_of.insert(stream, parcels.len());
            parcels.push(Parcel { stream, texts: vec![text], bytes: text.len() + 1, commands: vec![index] });
        }
    }
    Ok(parcels)
}
