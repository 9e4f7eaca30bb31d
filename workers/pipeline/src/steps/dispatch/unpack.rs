//! Messages as they came, taken apart into commands.

use kernel::{Code, Refusal, command, json};
use serde_json::value::RawValue;

use crate::{
    ports::queue::Delivery,
    steps::batch::{Batch, Envelope, Invalid, Item, Stage},
};

/// The most commands of one message.
const MOST_COMMANDS: usize = 100;
/// The longest text of an undecodable body that is kept.
const LONGEST_GARBAGE: usize = 1_000;

/// A message, its commands apart.
#[derive(Debug, Clone)]
pub(super) struct Unpacked {
    pub(super) receipt: u64,
    pub(super) receives: u32,
    pub(super) envelope: Envelope,
    pub(super) bodies: Vec<Box<RawValue>>,
    /// What is wrong with the message as a whole.
    pub(super) refusal: Option<Refusal>,
}

/// Takes a message apart. One that holds no commands has one in their place, to be refused.
pub(super) fn unpack(delivery: &Delivery) -> Unpacked {
    let message = &delivery.message;
    let (bodies, refusal) = match commands(&message.body) {
        Ok(bodies) => (bodies, None),
        Err((bodies, refusal)) => (bodies, Some(refusal)),
    };
    Unpacked {
        receipt: delivery.receipt,
        receives: delivery.receives,
        envelope: Envelope {
            group: message.group.clone(),
            authorization: message.authorization.clone(),
            received_at: delivery.received_at,
            traceparent: message.traceparent.clone(),
            task_token: message.task_token.clone(),
        },
        bodies,
        refusal,
    }
}

type Bodies = Vec<Box<RawValue>>;

fn commands(body: &str) -> Result<Bodies, (Bodies, Refusal)> {
    let malformed = |body: &str, message: String| {
        let kept: String = body.chars().take(LONGEST_GARBAGE).collect();
        let kept = serde_json::value::to_raw_value(&kept).unwrap_or_else(|_| RawValue::NULL.to_owned());
        Err((vec![kept], Refusal::new(Code::Malformed, message)))
    };
    if !body.trim_start().starts_with('[') {
        return match serde_json::from_str::<Box<RawValue>>(body) {
            Ok(command) => Ok(vec![command]),
            Err(error) => malformed(body, format!("the message is not json: {error}")),
        };
    }
    match serde_json::from_str::<Bodies>(body) {
        Ok(commands) if commands.is_empty() => malformed(body, "the message holds no command".into()),
        Ok(commands) if commands.len() > MOST_COMMANDS => {
            let refusal = Refusal::new(Code::TooLarge, format!("a message holds at most {MOST_COMMANDS} commands"));
            Err((commands, refusal))
        }
        Ok(commands) => Ok(commands),
        Err(error) => malformed(body, format!("the message is not json: {error}")),
    }
}

impl Unpacked {
    pub(super) fn group(&self) -> &str {
        &self.envelope.group
    }

    /// About how many bytes it takes of an execution's input, where each command is a text within JSON.
    pub(super) fn bytes(&self) -> usize {
        let escaped = |text: &str| text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        let bodies: usize = self.bodies.iter().map(|body| body.get().len() + escaped(body.get()) + 64).sum();
        bodies + self.envelope.authorization.len() + 256
    }

    /// Its commands in two messages, in order.
    pub(super) fn halves(&self) -> impl Iterator<Item = Unpacked> + '_ {
        let (first, second) = self.bodies.split_at(self.bodies.len() / 2);
        [first, second].into_iter().map(|bodies| Unpacked { bodies: bodies.to_vec(), ..self.clone() })
    }

    /// Its commands, each as a message of its own.
    pub(super) fn each(&self) -> impl Iterator<Item = Unpacked> + '_ {
        self.bodies.iter().map(|body| Unpacked { bodies: vec![body.clone()], ..self.clone() })
    }
}

/// A refused command, under its id where it has one.
fn named(body: &RawValue, refusal: Refusal) -> Invalid {
    let envelope = json::parse(body.get().as_bytes()).ok().and_then(|value| command::Envelope::read(value).ok());
    match envelope {
        Some(envelope) => {
            let kind = envelope.kind().map(str::to_owned);
            Invalid { id: envelope.id, stream: envelope.stream, kind, refusal }
        }
        None => Invalid { id: None, stream: None, kind: None, refusal },
    }
}

impl Batch {
    /// The batch of some messages.
    pub(super) fn of<'a>(messages: impl IntoIterator<Item = &'a Unpacked>) -> Self {
        let mut batch = Self::default();
        for (message, unpacked) in messages.into_iter().enumerate() {
            batch.messages.push(unpacked.envelope.clone());
            for body in &unpacked.bodies {
                let stage = match &unpacked.refusal {
                    None => Stage::Received(body.clone()),
                    Some(refusal) => Stage::Invalid(Box::new(named(body, refusal.clone()))),
                };
                batch.commands.push(Item { message, stage });
            }
        }
        batch
    }

    /// A batch that loads a command's stream and decides nothing.
    pub(super) fn probe(command: &Unpacked) -> Self {
        Self { probe: true, ..Self::of([command]) }
    }
}
