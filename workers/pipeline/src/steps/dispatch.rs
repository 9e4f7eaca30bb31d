//! Dispatch: take messages through the state machine, and say what becomes of each.
//!
//! Messages go into executions of bounded size, a group's in order. What the infrastructure could not do is given back
//! with a delay that grows with each receive; from the third receive on, messages are tried one by one, and a command
//! that alone makes its execution crash or run out of time, twice, while the same stream can be probed in between, is
//! given up with its reason: no group waits for ever, and none follows its poison. A named outage speaks of no command.
//! What is too large for one execution is halved at once, messages and then a message's commands.

mod backoff;
mod condemn;
mod unpack;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::Catalog;

pub use self::backoff::Backoff;
use self::unpack::{Unpacked, unpack};
use super::batch::{Batch, Settled, Stage};
use crate::ports::{
    Unavailable,
    clock::Clock,
    identity::TokenVerifier,
    queue::{Delivery, Failed, FailureInbox},
    status::{Failure, Known, Outcome, StatusStore},
    workflow::{ExecutionError, TaskTokens, Workflow},
};

/// The largest input of an execution, in bytes.
const LARGEST_EXECUTION: usize = 200 * 1024;
/// From this receive on, messages are tried one by one.
const SUSPECT: u32 = 3;

/// All that dispatching needs.
pub struct Dispatch {
    /// The domains, to name a condemned command.
    pub catalog: Arc<Catalog>,
    /// The state machine.
    pub workflow: Arc<dyn Workflow>,
    /// Names the sender of a condemned command.
    pub verifier: Arc<dyn TokenVerifier>,
    /// Where it is announced.
    pub statuses: Arc<dyn StatusStore>,
    /// Who waits for it.
    pub tokens: Arc<dyn TaskTokens>,
    /// Where it is kept.
    pub inbox: Arc<dyn FailureInbox>,
    /// When it was given up.
    pub clock: Arc<dyn Clock>,
    /// How long messages stay away that are given back.
    pub backoff: Backoff,
}

/// What becomes of the messages.
#[derive(Debug, Default)]
pub struct Dispatched {
    /// Done: each of their commands is settled.
    pub acknowledge: Vec<u64>,
    /// To be handed out again, after a delay.
    pub release: Vec<(u64, Duration)>,
    /// How many commands were settled, by outcome.
    pub settled: Vec<Outcome>,
}

impl Dispatched {
    fn count(&mut self, batch: &Batch) {
        for item in &batch.commands {
            if let Stage::Settled(settled) = &item.stage {
                self.settled.push(settled.known().map_or(Outcome::Refused, |known| known.status.status));
                if let Some(Known { status, .. }) = settled.known() {
                    let trace = batch.message_of(item).and_then(|message| message.traceparent.as_deref());
                    tracing::debug!(command = %status.id, stream = %status.stream, trace, "{}", status.status.as_str());
                }
            }
        }
    }
}

impl Dispatch {
    /// Dispatches messages, those of a group in the order given. Starts nothing more after `until`.
    pub async fn dispatch(&self, deliveries: &[Delivery], until: Instant) -> Dispatched {
        let mut done = Dispatched::default();
        let mut held = BTreeSet::new();
        for pack in packs(deliveries.iter().map(unpack).collect()) {
            self.run(pack, until, &mut held, &mut done).await;
        }
        done
    }

    /// Runs a pack as one execution, or its messages one by one if one of them is suspect. What comes too late, or behind
    /// a message of its group that was given back, is given back.
    async fn run(&self, pack: Vec<Unpacked>, until: Instant, held: &mut BTreeSet<String>, done: &mut Dispatched) {
        let (pack, late): (Vec<_>, Vec<_>) =
            pack.into_iter().partition(|message| !held.contains(message.group()) && Instant::now() < until);
        for message in late {
            held.insert(message.group().to_owned());
            done.release.push((message.receipt, Duration::ZERO));
        }
        if pack.is_empty() {
            return;
        }
        let suspect = pack.iter().any(|message| message.receives >= SUSPECT);
        if !suspect {
            match self.execute(&pack).await {
                Ok(batch) => {
                    done.count(&batch);
                    done.acknowledge.extend(pack.iter().map(|message| message.receipt));
                }
                Err(error) if pack.len() > 1 && is_too_large(&error) => {
                    let mut pack = pack;
                    let second = pack.split_off(pack.len() / 2);
                    Box::pin(self.run(pack, until, held, done)).await;
                    Box::pin(self.run(second, until, held, done)).await;
                }
                Err(error) => {
                    let error = match pack.as_slice() {
                        [message] if is_too_large(&error) && message.bodies.len() > 1 => {
                            match self.in_halves(message, until, done).await {
                                Ok(()) => return done.acknowledge.push(message.receipt),
                                Err(error) => error,
                            }
                        }
                        _ => error,
                    };
                    tracing::warn!(messages = pack.len(), "an execution failed, its messages are given back: {error}");
                    for message in pack {
                        held.insert(message.group().to_owned());
                        done.release.push((message.receipt, self.backoff.delay(message.receives)));
                    }
                }
            }
            return;
        }
        self.one_by_one(pack, until, held, done).await;
    }

    /// Tries messages one by one, in order.
    async fn one_by_one(
        &self,
        pack: Vec<Unpacked>,
        until: Instant,
        held: &mut BTreeSet<String>,
        done: &mut Dispatched,
    ) {
        for message in pack {
            if held.contains(message.group()) || Instant::now() >= until {
                held.insert(message.group().to_owned());
                done.release.push((message.receipt, Duration::ZERO));
                continue;
            }
            match self.alone(&message, done).await {
                Ok(()) => done.acknowledge.push(message.receipt),
                Err(error) => {
                    tracing::warn!(
                        group = message.group(),
                        receives = message.receives,
                        "a message is given back: {error}"
                    );
                    held.insert(message.group().to_owned());
                    done.release.push((message.receipt, self.backoff.delay(message.receives)));
                }
            }
        }
    }

    /// Runs a message in halves, the second after the first, each in halves of its own where it is still too large.
    async fn in_halves(&self, message: &Unpacked, until: Instant, done: &mut Dispatched) -> Result<(), ExecutionError> {
        for half in message.halves() {
            if Instant::now() >= until {
                return Err(unsettled("Unavailable", "there is no time left for the rest of the message"));
            }
            match self.execute(std::slice::from_ref(&half)).await {
                Ok(batch) => done.count(&batch),
                Err(error) if is_too_large(&error) && half.bodies.len() > 1 => {
                    Box::pin(self.in_halves(&half, until, done)).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn execute(&self, messages: &[Unpacked]) -> Result<Batch, ExecutionError> {
        let batch = self.workflow.execute(Batch::of(messages)).await?;
        let bodies: Vec<_> = messages.iter().flat_map(|message| &message.bodies).collect();
        if batch.commands.len() != bodies.len() {
            return Err(unsettled("Corrupt", "the state machine lost commands of the batch"));
        }
        for (item, body) in batch.commands.iter().zip(bodies) {
            let Stage::Settled(settled) = &item.stage else {
                return Err(unsettled("Corrupt", "the state machine left a command without a verdict"));
            };
            if let Settled::Told { tenant, known } = settled.as_ref()
                && known.status.status == Outcome::Failed
                && let Some(message) = batch.message_of(item)
            {
                let failure = known.status.failure.clone().unwrap_or_else(|| gave_up("it failed"));
                let failed = Failed {
                    tenant: tenant.clone(),
                    stream: known.status.stream.clone(),
                    id: known.status.id.clone(),
                    code: failure.code,
                    message: failure.message,
                    body: body.get().to_owned(),
                    authorization: message.authorization.clone(),
                    received_at: message.received_at,
                };
                self.inbox.keep(&failed).await.map_err(outage)?;
            }
        }
        Ok(batch)
    }

    /// Tries a message by itself, then its commands one by one, in order.
    async fn alone(&self, message: &Unpacked, done: &mut Dispatched) -> Result<(), ExecutionError> {
        match self.execute(std::slice::from_ref(message)).await {
            Ok(batch) => {
                done.count(&batch);
                return Ok(());
            }
            Err(error) => tracing::warn!(group = message.group(), "a message failed alone: {error}"),
        }
        for command in message.each() {
            let first = match self.execute(std::slice::from_ref(&command)).await {
                Ok(batch) => {
                    done.count(&batch);
                    continue;
                }
                Err(error) if is_outage(&error) => return Err(error),
                Err(error) => error,
            };
            // a failing probe speaks for an outage: all goes back
            self.workflow.execute(Batch::probe(&command)).await?;
            match self.execute(std::slice::from_ref(&command)).await {
                Ok(batch) => done.count(&batch),
                Err(again) if again.error == first.error => {
                    self.condemn(&command, &again).await.map_err(outage)?;
                    done.settled.push(Outcome::Failed);
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

fn gave_up(reason: &str) -> Failure {
    Failure { code: "gave-up".into(), message: format!("its execution failed twice, alone: {reason}") }
}

fn unsettled(error: &str, cause: &str) -> ExecutionError {
    ExecutionError { error: error.into(), cause: cause.into() }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn outage(outage: Unavailable) -> ExecutionError {
    ExecutionError { error: "Unavailable".into(), cause: outage.to_string() }
}

/// Whether the infrastructure says by name that it could not: with every other command it would have been the same.
fn is_outage(error: &ExecutionError) -> bool {
    matches!(
        error.error.as_str(),
        "Unavailable"
            | "Conflict"
            | "Lambda.AWSLambdaException"
            | "Lambda.ClientExecutionTimeoutException"
            | "Lambda.SdkClientException"
            | "Lambda.ServiceException"
            | "Lambda.TooManyRequestsException"
    )
}

fn is_too_large(error: &ExecutionError) -> bool {
    matches!(error.error.as_str(), "States.DataLimitExceeded" | "RequestTooLarge")
}

/// Whole messages in executions of bounded size, in order; a group's later messages in the same or a later one.
fn packs(messages: Vec<Unpacked>) -> Vec<Vec<Unpacked>> {
    let mut packs: Vec<Vec<Unpacked>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let size = message.bytes();
        match packs.last_mut() {
            Some(pack) if bytes + size <= LARGEST_EXECUTION => pack.push(message),
            _ => {
                packs.push(vec![message]);
                bytes = 0;
            }
        }
        bytes += size;
    }
    packs
}
