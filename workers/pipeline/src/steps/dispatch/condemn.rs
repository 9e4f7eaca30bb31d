//! Giving a command up.

use kernel::{Code, Id, Refusal, StreamId};

use super::{Dispatch, gave_up, unpack::Unpacked};
use crate::{
    ports::{
        Unavailable,
        identity::{Claims, TokenError},
        queue::Failed,
        status::{About, Known},
        workflow::ExecutionError,
    },
    steps::validate,
};

impl Dispatch {
    /// Gives a command up: kept with its reason, announced, and told to whoever waits.
    pub(super) async fn condemn(&self, command: &Unpacked, error: &ExecutionError) -> Result<(), Unavailable> {
        let failure = gave_up(&error.to_string());
        tracing::error!(group = command.group(), "a command was given up: {error}");
        let Some((claims, id, stream, kind)) = self.name(command).await? else {
            if let Some(token) = &command.envelope.task_token {
                self.tokens.refuse(token, &Refusal::new(Code::Malformed, failure.message)).await?;
            }
            return Ok(());
        };
        let body = command.bodies.first().map(|body| body.get().to_owned()).unwrap_or_default();
        let failed = Failed {
            tenant: claims.tenant.clone(),
            stream: stream.clone(),
            id: id.clone(),
            code: failure.code.clone(),
            message: failure.message.clone(),
            body,
            authorization: command.envelope.authorization.clone(),
            received_at: command.envelope.received_at,
        };
        self.inbox.keep(&failed).await?;
        let about = About {
            id: &id,
            stream: &stream,
            kind: &kind,
            digest: None,
            actor: &claims.actor.sub,
            received_at: command.envelope.received_at,
        };
        let known = Known::failed(about, failure, self.clock.now());
        if let Some(token) = &command.envelope.task_token {
            self.tokens.answer(token, &known.status).await?;
        }
        self.statuses.record(&claims.tenant, vec![known]).await
    }

    /// Who sent a command, and what it is called; `None` if no valid signature or no id says so.
    async fn name(&self, command: &Unpacked) -> Result<Option<(Claims, Id, StreamId, String)>, Unavailable> {
        let claims = match self.verifier.verify(&command.envelope.authorization, command.envelope.received_at).await {
            Ok(claims) => (*claims).clone(),
            Err(TokenError::Expired(claims)) => *claims,
            Err(TokenError::Invalid(_)) => return Ok(None),
            Err(TokenError::Unavailable(outage)) => return Err(outage),
        };
        let Some(body) = command.bodies.first() else { return Ok(None) };
        let read = validate::read(&self.catalog, body.get().as_bytes(), command.envelope.received_at);
        Ok(match read {
            Ok(command) => Some((claims, command.id, command.stream, command.kind)),
            Err(invalid) => match (invalid.id, invalid.stream) {
                (Some(id), Some(stream)) => Some((claims, id, stream, invalid.kind.unwrap_or_default())),
                _ => None,
            },
        })
    }
}
