//! A batch of commands on its way through the state machine. Each command carries its verdict so far.

use jiff::Timestamp;
use kernel::{Actor, Command, Id, Refusal, StreamId, Tenant};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ports::{identity::Ruling, status::Known};

/// Some messages' commands, as one execution takes them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Batch {
    /// The messages that the commands came in.
    pub messages: Vec<Envelope>,
    /// The commands, those of a message in order.
    pub commands: Vec<Item>,
    /// Whether there is something to settle: a refusal to publish or a task token to answer.
    pub settle: bool,
    /// Set on a probe: streams are loaded, nothing is decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
}

/// What is common to a message's commands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// `<tenant>/<stream>`.
    pub group: String,
    /// The token that it was sent with.
    pub authorization: String,
    /// When the queue first accepted it.
    pub received_at: Timestamp,
    /// W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Who waits for the outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_token: Option<String>,
}

/// A command, and how far it has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Which of the batch's messages it came in.
    pub message: usize,
    /// How far it has come.
    pub stage: Stage,
}

/// How far a command has come. A settled one drops its data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// As it was sent. It travels as a text: no state machine's JSON may touch its numbers, its duplicate keys or its size.
    Received(#[serde(with = "as_text")] Box<RawValue>),
    /// It is no valid command; under whom that is told is not known yet.
    Invalid(Box<Invalid>),
    /// It is a valid command.
    Valid(Box<Command>),
    /// Its sender is known, and so is what the policies that need no resource say.
    Authorized(Box<Authorized>),
    /// Nothing more will come of it.
    Settled(Box<Settled>),
    /// In the hands of a step; never leaves it.
    #[serde(skip)]
    InHand,
}

/// JSON as a text that holds it.
mod as_text {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use serde_json::value::RawValue;

    #[expect(clippy::borrowed_box, reason = "serde passes a reference to the field")]
    pub(super) fn serialize<S: Serializer>(raw: &Box<RawValue>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(raw.get())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        RawValue::from_string(text.into_owned()).map_err(D::Error::custom)
    }
}

impl Stage {
    /// Takes the stage out, to be replaced.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::InHand)
    }
}

/// A delivery that is no valid command, as far as it could be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invalid {
    /// Its id, if it has one.
    pub id: Option<Id>,
    /// Its stream, if it has one.
    pub stream: Option<StreamId>,
    /// Its type, if it has one.
    pub kind: Option<String>,
    /// What is wrong.
    pub refusal: Refusal,
}

/// A command of a known sender. One that is denied goes on too: if it was asked before, it has its first outcome,
/// whoever asks again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorized {
    /// The command.
    pub command: Command,
    /// Whose data.
    pub tenant: Tenant,
    /// Who asks.
    pub actor: Actor,
    /// What the policies that need no resource say.
    pub ruling: Ruling,
}

/// What came of a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Settled {
    /// A status that can be told under a tenant.
    Told {
        /// Whose command.
        tenant: Tenant,
        /// What is known of it.
        known: Box<Known>,
    },
    /// Nobody can be told: no valid signature names a tenant, or the command has no id. Logged and counted.
    Untold(Refusal),
}

impl Settled {
    /// The status, if it can be told.
    pub fn known(&self) -> Option<&Known> {
        match self {
            Self::Told { known, .. } => Some(known),
            Self::Untold(_) => None,
        }
    }
}

impl Batch {
    /// The message that a command came in.
    pub fn message_of(&self, item: &Item) -> Option<&Envelope> {
        self.messages.get(item.message)
    }

    /// Sets whether there is something to settle: a refusal or failure to publish, or someone who waits. Of a probe
    /// nobody is told.
    pub fn note_what_to_settle(&mut self) {
        let waited_for = self.messages.iter().any(|message| message.task_token.is_some());
        let to_publish = self.commands.iter().any(|item| match &item.stage {
            Stage::Settled(settled) => settled.known().is_none_or(|known| !known.status.status.is_final()),
            _ => false,
        });
        self.settle = !self.probe && (waited_for || to_publish);
    }
}
