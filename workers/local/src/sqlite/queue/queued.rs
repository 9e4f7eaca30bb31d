//! Which commands are in the queue.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Id, StreamId, StreamKey, Tenant};
use pipeline::ports::{
    queue::Message,
    status::{Known, Outcome, Status},
};
use serde::Deserialize;

use super::groups::Entry;

/// The messages that each command came in, oldest first.
#[derive(Default)]
pub(super) struct Queued(HashMap<(Tenant, Id), Vec<u64>>);

impl Queued {
    /// Notes a message's commands. A body that can't be parsed has none.
    pub(super) fn add(&mut self, seq: u64, message: &Message) {
        for key in keys(message) {
            self.0.entry(key).or_default().push(seq);
        }
    }

    /// Forgets a message's commands.
    pub(super) fn remove(&mut self, seq: u64, message: &Message) {
        for key in keys(message) {
            if let Some(messages) = self.0.get_mut(&key) {
                messages.retain(|other| *other != seq);
                if messages.is_empty() {
                    self.0.remove(&key);
                }
            }
        }
    }

    /// The messages that a command came in, oldest first.
    pub(super) fn of(&self, tenant: &Tenant, id: &Id) -> &[u64] {
        self.0.get(&(tenant.clone(), id.clone())).map_or(&[], Vec::as_slice)
    }
}

/// The commands of a message, by tenant and id.
pub(super) fn keys(message: &Message) -> Vec<(Tenant, Id)> {
    let Ok(StreamKey { tenant, .. }) = message.group.parse() else { return Vec::new() };
    let ids = heads(&message.body).into_iter().filter_map(|head| head.id?.parse().ok());
    ids.map(|id| (tenant.clone(), id)).collect()
}

/// What of a command tells what it is. The rest is skipped.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default, borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

fn heads(body: &str) -> Vec<Head<'_>> {
    if body.trim_start().starts_with('[') {
        serde_json::from_str(body).unwrap_or_default()
    } else {
        serde_json::from_str(body).map(|head| vec![head]).unwrap_or_default()
    }
}

/// The status of a command that is in the queue; none if the message is of another stream.
pub(super) fn known(entry: &Entry, id: &Id, stream: Option<&StreamId>) -> Option<Known> {
    let message = &entry.message;
    let key: StreamKey = message.group.parse().ok()?;
    if stream.is_some_and(|stream| *stream != key.stream) {
        return None;
    }
    let head = heads(&message.body).into_iter().find(|head| head.id.as_deref() == Some(id.as_str()))?;
    let status = Status {
        id: id.clone(),
        stream: key.stream,
        kind: head.kind.unwrap_or_default().into_owned(),
        status: Outcome::Queued,
        received_at: entry.received_at,
        settled_at: None,
        version: None,
        events: Vec::new(),
        rejection: None,
        refusal: None,
        failure: None,
    };
    Some(Known { status, digest: None, actor: subject(&message.authorization).unwrap_or_default() })
}

/// The subject that a token names. The door has verified the token; whoever forged one sees no more than its own
/// command.
fn subject(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Payload {
        sub: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Payload>(&payload).ok().map(|payload| payload.sub)
}
