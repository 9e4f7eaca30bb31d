//! Authorize: who asks, and may they? Decides whatever needs no resource. What is denied goes on with that ruling: a
//! duplicate is found, in Persist, before permission is asked.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Code, Command, Refusal};

use super::{
    StepError,
    batch::{Authorized, Batch, Envelope, Invalid, Settled, Stage},
};
use crate::ports::{
    identity::{Bound, Claims, PolicyEngine, Ruling, TokenError, TokenVerifier},
    status::{About, Known},
};

/// Who asks with a message.
enum Sender {
    Known(Arc<Claims>),
    /// A token whose time was over when the queue accepted it.
    Expired(Box<Claims>),
    Unknown(String),
}

/// Authorizes every valid command of the batch, and settles those that are not valid or not authentic.
pub async fn authorize(
    verifier: &dyn TokenVerifier,
    policies: &dyn PolicyEngine,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<(), StepError> {
    let mut senders = Vec::with_capacity(batch.messages.len());
    for message in &batch.messages {
        senders.push(match verifier.verify(&message.authorization, message.received_at).await {
            Ok(claims) => Sender::Known(claims),
            Err(TokenError::Expired(claims)) => Sender::Expired(claims),
            Err(TokenError::Invalid(reason)) => Sender::Unknown(reason),
            Err(TokenError::Unavailable(outage)) => return Err(outage.into()),
        });
    }
    let no_message = || kernel::Corrupt("a command names no message of its batch".into());
    for item in &mut batch.commands {
        let message = batch.messages.get(item.message).ok_or_else(no_message)?;
        let sender = senders.get(item.message).ok_or_else(no_message)?;
        item.stage = match item.stage.take() {
            Stage::Valid(command) => judge(policies, now, message, sender, *command),
            Stage::Invalid(invalid) => Stage::Settled(Box::new(told(now, message, sender, *invalid))),
            // the step runs again
            done @ (Stage::Authorized(_) | Stage::Settled(_)) => done,
            other @ (Stage::Received(_) | Stage::InHand) => {
                item.stage = other;
                return Err(kernel::Corrupt("a command came to be authorized without being validated".into()).into());
            }
        };
    }
    batch.note_what_to_settle();
    Ok(())
}

fn judge(policies: &dyn PolicyEngine, now: Timestamp, message: &Envelope, sender: &Sender, command: Command) -> Stage {
    let refusal = match sender {
        Sender::Known(claims) => match rule(policies, message, claims, &command) {
            Ok(ruling) => {
                return Stage::Authorized(Box::new(Authorized {
                    tenant: claims.tenant.clone(),
                    actor: (*claims.actor).clone(),
                    ruling,
                    command,
                }));
            }
            Err(refusal) => refusal,
        },
        Sender::Expired(_) => Refusal::new(Code::Unauthenticated, "the token had expired when the queue accepted it"),
        Sender::Unknown(reason) => Refusal::new(Code::Unauthenticated, reason.clone()),
    };
    Stage::Settled(Box::new(match sender {
        Sender::Known(claims) => refused(now, message, claims, &command, refusal),
        Sender::Expired(claims) => refused(now, message, claims, &command, refusal),
        Sender::Unknown(_) => Settled::Untold(refusal),
    }))
}

/// What the policies say of a command that its token may bring.
fn rule(
    policies: &dyn PolicyEngine,
    message: &Envelope,
    claims: &Claims,
    command: &Command,
) -> Result<Ruling, Refusal> {
    let group = message.group.split_once('/');
    if group != Some((claims.tenant.as_str(), command.stream.as_str())) {
        return Err(Refusal::new(
            Code::Forbidden,
            "the message group must be the token's tenant and the command's stream",
        ));
    }
    bound(claims.bound.as_ref(), command)?;
    Ok(policies.early(&claims.actor, command.stream.aggregate(), &command.kind))
}

/// Whether a token that is bound to one command is bound to this one.
pub fn bound(bound: Option<&Bound>, command: &Command) -> Result<(), Refusal> {
    match bound {
        Some(bound) if bound.id != command.id.as_str() || bound.digest != command.digest => {
            Err(Refusal::new(Code::Forbidden, "the token is bound to another command"))
        }
        _ => Ok(()),
    }
}

/// The refusal of a command that no policy allows.
pub fn forbidden(kind: &str) -> Refusal {
    Refusal::new(Code::Forbidden, format!("no policy lets you do `{kind}` here"))
}

fn refused(now: Timestamp, message: &Envelope, claims: &Claims, command: &Command, refusal: Refusal) -> Settled {
    let about = About {
        id: &command.id,
        stream: &command.stream,
        kind: &command.kind,
        digest: Some(&command.digest),
        actor: &claims.actor.sub,
        received_at: message.received_at,
    };
    Settled::Told { tenant: claims.tenant.clone(), known: Box::new(Known::refused(about, refusal, now)) }
}

fn told(now: Timestamp, message: &Envelope, sender: &Sender, invalid: Invalid) -> Settled {
    let claims = match sender {
        Sender::Known(claims) => claims,
        Sender::Expired(claims) => claims.as_ref(),
        Sender::Unknown(_) => return Settled::Untold(invalid.refusal),
    };
    let (Some(id), Some(stream)) = (&invalid.id, &invalid.stream) else {
        return Settled::Untold(invalid.refusal);
    };
    let about = About {
        id,
        stream,
        kind: invalid.kind.as_deref().unwrap_or_default(),
        digest: None,
        actor: &claims.actor.sub,
        received_at: message.received_at,
    };
    Settled::Told { tenant: claims.tenant.clone(), known: Box::new(Known::refused(about, invalid.refusal, now)) }
}
