//! The door's side of the queue.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    error::{BuildError, ProvideErrorMetadata},
    types::SendMessageBatchRequestEntry,
};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use pipeline::ports::{
    Unavailable,
    clock::Clock,
    queue::{CommandQueue, Message, SendError},
};

use super::{
    Stamps, attribute,
    groups::{Groups, Sending},
    is_fifo, sendable, text,
};
use crate::outage;

/// How many calls are under way at once.
const AT_ONCE: usize = 16;
/// How often a message is sent that the service did not take, its fault being none of the message's.
const TRIES: u32 = 3;
/// When a throttled queue is worth another try.
const BUSY: Duration = Duration::from_secs(1);
const SEND: &str = "queue commands";

/// The command queue in SQS.
#[derive(Clone)]
pub struct SqsQueue {
    client: Client,
    url: Arc<str>,
    stamps: Stamps,
    clock: Arc<dyn Clock>,
}

type Sent = Result<Timestamp, SendError>;

impl SqsQueue {
    /// The queue of a URL; its messages are stamped with the clock's time.
    pub fn new(client: Client, url: &str, stamps: Stamps, clock: Arc<dyn Clock>) -> Self {
        Self { client, url: url.into(), stamps, clock }
    }

    fn entry(&self, id: usize, sending: &Sending) -> Result<SendMessageBatchRequestEntry, BuildError> {
        let Sending { message, once, at, .. } = sending;
        let mut entry = SendMessageBatchRequestEntry::builder()
            .id(id.to_string())
            .message_body(&message.body)
            .message_attributes(attribute::RECEIVED_AT, text(&self.stamps.stamp(message, *at))?);
        let optional = [
            (attribute::AUTHORIZATION, Some(&message.authorization)),
            (attribute::TRACEPARENT, message.traceparent.as_ref()),
            (attribute::TASK_TOKEN, message.task_token.as_ref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                entry = entry.message_attributes(name, text(value)?);
            }
        }
        if is_fifo(&self.url) {
            entry = entry.message_group_id(&message.group).message_deduplication_id(once);
        }
        entry.build()
    }

    /// Sends messages of different groups; those that the service did not take, for its own fault, again.
    async fn send_call(&self, mut call: Vec<Sending>) -> Vec<(usize, Sent)> {
        let mut results = Vec::with_capacity(call.len());
        for attempt in 1.. {
            let tried = self.try_call(&call).await;
            let mut again = Vec::new();
            for (sending, tried) in call.into_iter().zip(tried) {
                match tried {
                    Tried::Taken => results.push((sending.index, Ok(sending.at))),
                    Tried::Not(_) if attempt < TRIES => again.push(sending),
                    Tried::Not(error) | Tried::Never(error) => results.push((sending.index, Err(error))),
                }
            }
            if again.is_empty() {
                break;
            }
            call = again;
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..50 << attempt))).await;
        }
        results
    }

    async fn try_call(&self, call: &[Sending]) -> Vec<Tried> {
        let unavailable = |reason: &str| Unavailable::new(SEND, reason);
        let entries: Result<Vec<_>, _> = call.iter().enumerate().map(|(id, sending)| self.entry(id, sending)).collect();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return call.iter().map(|_| Tried::Never(unavailable(&error.to_string()).into())).collect(),
        };
        let request = self.client.send_message_batch().queue_url(&*self.url).set_entries(Some(entries));
        let answer = match request.send().await {
            Ok(answer) => answer,
            // the client has tried it again
            Err(error) => {
                let throttled = error.code().is_some_and(|code| code.contains("Throttl") || code.contains("OverLimit"));
                let outage = outage(SEND)(error);
                let why = || if throttled { SendError::Busy(BUSY) } else { SendError::Unavailable(outage.clone()) };
                return call.iter().map(|_| Tried::Never(why())).collect();
            }
        };
        let mut tried: Vec<_> =
            call.iter().map(|_| Tried::Not(unavailable("the answer does not tell of a message").into())).collect();
        let mut tell = |id: &str, told: Tried| {
            if let Some(tried) = id.parse().ok().and_then(|id: usize| tried.get_mut(id)) {
                *tried = told;
            }
        };
        for taken in answer.successful() {
            tell(taken.id(), Tried::Taken);
        }
        for failed in answer.failed() {
            let reason = format!("{}: {}", failed.code(), failed.message().unwrap_or_default());
            let error = unavailable(&reason).into();
            tell(failed.id(), if failed.sender_fault() { Tried::Never(error) } else { Tried::Not(error) });
        }
        tried
    }
}

/// What came of one try.
enum Tried {
    Taken,
    /// The service did not take it, and may take it the next time.
    Not(SendError),
    /// It would be the same again.
    Never(SendError),
}

#[async_trait]
impl CommandQueue for SqsQueue {
    async fn send(&self, messages: Vec<Message>) -> Vec<Sent> {
        let at = self.clock.now();
        let mut results: Vec<Option<Sent>> = messages.iter().map(|_| None).collect();
        let mut groups = Groups::default();
        for (index, mut message) in messages.into_iter().enumerate() {
            message.body = sendable(&message.body);
            groups.add(Sending { index, message, once: uuid::Uuid::new_v4().to_string(), at });
        }
        // of each group one message a round, the next when that was taken
        loop {
            let calls = groups.round();
            if calls.is_empty() {
                break;
            }
            let sent = stream::iter(calls).map(|call| self.send_call(call)).buffer_unordered(AT_ONCE);
            for (index, sent) in sent.collect::<Vec<_>>().await.into_iter().flatten() {
                if let Err(error) = &sent {
                    for follower in groups.give_up(index) {
                        if let Some(result) = results.get_mut(follower) {
                            *result = Some(Err(error.clone()));
                        }
                    }
                }
                if let Some(result) = results.get_mut(index) {
                    *result = Some(sent);
                }
            }
        }
        let unsent = || Err(Unavailable::new(SEND, "a message was not sent").into());
        results.into_iter().map(|sent| sent.unwrap_or_else(unsent)).collect()
    }
}

#[cfg(test)]
mod tests;
