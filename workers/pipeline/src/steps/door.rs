//! The door: what is judged before a command is queued. One command, a batch and a check go through the same door.
//!
//! In order: size, JSON and envelope, type, fields, age, the token's binding, whether it is a duplicate, permission.
//! What depends on the stream is left to the workflow.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{Catalog, Code, Command, Id, Refusal, StreamId};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::task::yield_now;

use super::{authorize, batch::Invalid, validate};
use crate::ports::{
    identity::{Claims, PolicyEngine, Ruling},
    status::{About, Known, Outcome, StatusStore},
};

/// How many commands of a batch are read in one go.
const READ_AT_ONCE: usize = 50;

/// A command that was refused, as far as it is known.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Its id, if it has one.
    pub id: Option<Id>,
    /// Its stream, if it has one.
    pub stream: Option<StreamId>,
    /// Its type; empty if it has none.
    pub kind: String,
    /// Digest of its content, if that could be read.
    pub digest: Option<String>,
    /// Why.
    pub refusal: Refusal,
}

impl Refused {
    /// The refusal of a command that was read.
    pub fn of(command: Command, refusal: Refusal) -> Self {
        Self {
            id: Some(command.id),
            stream: Some(command.stream),
            kind: command.kind,
            digest: Some(command.digest),
            refusal,
        }
    }

    /// The refusal of what is no valid command: id, stream and type as far as they can be made out.
    fn invalid(text: &[u8], invalid: Invalid) -> Self {
        let Invalid { id, stream, kind, refusal } = invalid;
        if id.is_some() || stream.is_some() {
            return Self { id, stream, kind: kind.unwrap_or_default(), digest: None, refusal };
        }
        let named: Named<'_> = serde_json::from_slice(text).unwrap_or_default();
        Self {
            id: named.id.and_then(read_text),
            stream: named.stream.and_then(read_text),
            kind: named.kind.and_then(read_text).unwrap_or_default(),
            digest: None,
            refusal,
        }
    }

    /// The status to record: of an authentic sender's command with an id and a stream. A busy queue is no judgement,
    /// and the first outcome of a reused id stays.
    pub fn to_known(&self, actor: &str, at: Timestamp) -> Option<Known> {
        if matches!(self.refusal.code, Code::Busy | Code::IdReused) {
            return None;
        }
        let about = About {
            id: self.id.as_ref()?,
            stream: self.stream.as_ref()?,
            kind: &self.kind,
            digest: self.digest.as_deref(),
            actor,
            received_at: at,
        };
        Some(Known::refused(about, self.refusal.clone(), at))
    }
}

/// What names a command, whatever else is wrong with it.
#[derive(Default, Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    stream: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

fn read_text<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// What the door says.
#[derive(Debug)]
pub enum Judged {
    /// It may be queued.
    Enter(Box<Command>),
    /// The same command was settled before: its first outcome.
    Settled(Box<Command>, Box<Known>),
    /// It may not.
    Refused(Box<Refused>),
}

/// What is known of a command's id on its stream.
enum Earlier {
    /// Nothing that would be an answer.
    None,
    /// Only the stream can tell: a command of this id is queued, or the statuses can't be read.
    Unsure,
    /// The first outcome, for good.
    Settled(Box<Known>),
}

/// The door.
#[derive(Clone, Copy)]
pub struct Door<'a> {
    /// What commands there are.
    pub catalog: &'a Catalog,
    /// What their senders may do.
    pub policies: &'a dyn PolicyEngine,
    /// What came of earlier ones.
    pub statuses: &'a dyn StatusStore,
}

impl Door<'_> {
    /// Judges commands of one sender, each by itself, as of a time.
    pub async fn judge(&self, claims: &Claims, texts: &[&[u8]], at: Timestamp) -> Vec<Judged> {
        let mut read = Vec::with_capacity(texts.len());
        for some in texts.chunks(READ_AT_ONCE) {
            read.extend(some.iter().map(|text| self.read(claims, text, at)));
            // a large batch lets other requests through in between
            yield_now().await;
        }
        let mut known = self.earlier(claims, read.iter().flatten()).await.into_iter();
        let mut permits = HashMap::new();
        let judge = |(text, command): (&&[u8], Result<Command, Box<Refused>>)| match command {
            Ok(command) => match known.next().unwrap_or(Earlier::Unsure) {
                Earlier::Settled(first) if first.digest.as_ref() == Some(&command.digest) => {
                    Judged::Settled(Box::new(command), first)
                }
                Earlier::Settled(_) => Judged::Refused(Box::new(Refused::of(command, id_reused()))),
                // permission is asked where it is known whether it was settled before: on the stream
                earlier if matches!(earlier, Earlier::Unsure) || self.permits(claims, &command, &mut permits) => {
                    self.catalog.keep(text, &command);
                    Judged::Enter(Box::new(command))
                }
                _ => {
                    let refusal = authorize::forbidden(&command.kind);
                    Judged::Refused(Box::new(Refused::of(command, refusal)))
                }
            },
            Err(refused) => Judged::Refused(refused),
        };
        texts.iter().zip(read).map(judge).collect()
    }

    /// Reads a command that a token's owner sent, and may send with it.
    fn read(&self, claims: &Claims, text: &[u8], at: Timestamp) -> Result<Command, Box<Refused>> {
        let invalid = |invalid: Box<Invalid>| Box::new(Refused::invalid(text, *invalid));
        let command = validate::read(self.catalog, text, at).map_err(invalid)?;
        match authorize::bound(claims.bound.as_ref(), &command) {
            Ok(()) => Ok(command),
            Err(refusal) => Err(Box::new(Refused::of(command, refusal))),
        }
    }

    /// What is known under each command's id on its stream. The workflow finds the same on the stream, so a status
    /// store that can't be read hinders nobody.
    async fn earlier(&self, claims: &Claims, commands: impl Iterator<Item = &Command>) -> Vec<Earlier> {
        let commands: Vec<_> = commands.collect();
        let ids: Vec<_> = commands.iter().map(|command| command.id.clone()).collect();
        if ids.is_empty() {
            return Vec::new();
        }
        let known = match self.statuses.read(&claims.tenant, &ids).await {
            Ok(known) => known,
            Err(error) => {
                tracing::warn!(%error, "earlier outcomes can't be read: the workflow will look for duplicates");
                return commands.iter().map(|_| Earlier::Unsure).collect();
            }
        };
        let mut earlier = Vec::with_capacity(commands.len());
        for (mut known, command) in known.into_iter().zip(commands) {
            let elsewhere = known.as_ref().is_some_and(|known| known.status.stream != command.stream);
            if elsewhere {
                known = match self.statuses.read_on(&claims.tenant, &command.id, &command.stream).await {
                    Ok(known) => known,
                    Err(error) => {
                        tracing::warn!(%error, id = %command.id, "an earlier outcome can't be read");
                        earlier.push(Earlier::Unsure);
                        continue;
                    }
                };
            }
            earlier.push(match known {
                Some(known) if known.status.status.is_final() => Earlier::Settled(Box::new(known)),
                Some(known) if known.status.status == Outcome::Queued => Earlier::Unsure,
                _ => Earlier::None,
            });
        }
        earlier
    }

    /// Whether the sender may ask it, as far as that does not depend on the stream.
    fn permits(&self, claims: &Claims, command: &Command, cache: &mut HashMap<(String, String), bool>) -> bool {
        let question = (command.stream.aggregate().to_owned(), command.kind.clone());
        *cache
            .entry(question)
            .or_insert_with_key(|(aggregate, kind)| self.policies.early(&claims.actor, aggregate, kind) != Ruling::Deny)
    }
}

/// The refusal of an id that another content was settled under.
pub fn id_reused() -> Refusal {
    Refusal::new(Code::IdReused, "another command was settled under this id: give this one an id of its own")
}
