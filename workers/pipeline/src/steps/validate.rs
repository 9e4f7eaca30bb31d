//! Validate: is it a command? Envelope, size, age, type and fields.

use jiff::{SignedDuration, Timestamp};
use kernel::{Catalog, Code, Command, Refusal, command::Envelope, json};

use super::batch::{Batch, Invalid, Item, Stage};

/// The largest command, in bytes as sent.
pub const LARGEST_COMMAND: usize = 65_536;
/// How far ahead of the queue's clock a command may say it was issued.
pub const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// How old a command may be when the queue accepts it.
pub const BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Reads every command of the batch that was only received so far.
pub fn validate(catalog: &Catalog, batch: &mut Batch) {
    for Item { message, stage } in &mut batch.commands {
        let received_at = batch.messages.get(*message).map_or(Timestamp::MAX, |message| message.received_at);
        if let Stage::Received(body) = stage {
            let text = body.get().as_bytes();
            let read = match catalog.recall(text) {
                Some(command) => again(command, received_at),
                None => read(catalog, text, received_at),
            };
            *stage = match read {
                Ok(command) => Stage::Valid(Box::new(command)),
                Err(invalid) => Stage::Invalid(invalid),
            };
        }
    }
}

/// Reads one command, judged at the time when it was accepted; what is wrong with it otherwise.
pub fn read(catalog: &Catalog, body: &[u8], accepted_at: Timestamp) -> Result<Command, Box<Invalid>> {
    let bare = |refusal| Box::new(Invalid { id: None, stream: None, kind: None, refusal });
    if body.len() > LARGEST_COMMAND {
        let message = format!("a command has at most {LARGEST_COMMAND} bytes; this one has {}", body.len());
        return Err(bare(Refusal::new(Code::TooLarge, message)));
    }
    let value = json::parse(body).map_err(|error| bare(Refusal::new(Code::Malformed, error.to_string())))?;
    let envelope = Envelope::read(value).map_err(bare)?;
    let (id, stream, kind) = (envelope.id.clone(), envelope.stream.clone(), envelope.kind().map(str::to_owned));
    let invalid = |refusal| Box::new(Invalid { id, stream, kind, refusal });
    catalog.admit(envelope).and_then(|command| fresh(command, accepted_at)).map_err(invalid)
}

/// A command that was read before: only its age may be judged otherwise.
fn again(command: Command, accepted_at: Timestamp) -> Result<Command, Box<Invalid>> {
    let named = (command.id.clone(), command.stream.clone(), command.kind.clone());
    fresh(command, accepted_at).map_err(|refusal| {
        let (id, stream, kind) = named;
        Box::new(Invalid { id: Some(id), stream: Some(stream), kind: Some(kind), refusal })
    })
}

fn fresh(command: Command, accepted_at: Timestamp) -> Result<Command, Refusal> {
    let age = accepted_at.duration_since(command.issued_at);
    if age > BACK {
        Err(Refusal::new(Code::Stale, "the command was issued more than 30 days ago; issue a new one"))
    } else if age < -AHEAD {
        Err(Refusal::new(Code::Stale, "the command was issued more than 5 minutes ahead; set the clock right"))
    } else {
        Ok(command)
    }
}
