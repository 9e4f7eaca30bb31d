//! An event of the queue: what dispatch is given of it, and what the queue is answered.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::{Client, types::ChangeMessageVisibilityBatchRequestEntry};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use kernel::{StreamId, StreamKey, Tenant};
use pipeline::{
    ports::queue::{Delivery, Message},
    steps::dispatch::Dispatched,
};
use serde::Deserialize;

use super::{Stamps, attribute};
use crate::outage;

/// The most messages of a call.
const MOST_MESSAGES: usize = 10;

/// The messages of an event. A receipt is a message's place in it.
#[derive(Debug)]
pub struct Received {
    deliveries: Vec<Delivery>,
    handles: Vec<Handle>,
}

/// What a message is called by.
#[derive(Debug)]
struct Handle {
    id: String,
    receipt: Option<String>,
}

/// What becomes of an event's messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The messages that stay in the queue, in order; all others are deleted.
    pub response: SqsBatchResponse,
    /// When they are to be seen again: the receipt handle, and seconds from now.
    pub visible: Vec<(String, i32)>,
}

impl Received {
    /// Takes an event apart. A time that a message bears counts only with a stamp of this deployment, else that at
    /// which the service got it.
    pub fn of(event: SqsEvent, stamps: &Stamps) -> Self {
        let mut received = Self { deliveries: Vec::new(), handles: Vec::new() };
        for (receipt, message) in (0_u64..).zip(event.records) {
            received.handles.push(Handle {
                id: message.message_id.clone().unwrap_or_default(),
                receipt: message.receipt_handle.clone(),
            });
            received.deliveries.push(delivery(receipt, message, stamps));
        }
        received
    }

    /// What dispatch works on.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// The answer to what was dispatched. What dispatch does not speak of stays in the queue. A message that waits for
    /// one of its group comes back no sooner than that.
    pub fn answer(&self, done: &Dispatched) -> Answer {
        let acknowledged: std::collections::HashSet<_> = done.acknowledge.iter().copied().collect();
        let delays: HashMap<_, _> = done.release.iter().copied().collect();
        let mut of_group: HashMap<&str, Duration> = HashMap::new();
        let mut answer = Answer { response: SqsBatchResponse::default(), visible: Vec::new() };
        for (delivery, handle) in self.deliveries.iter().zip(&self.handles) {
            if acknowledged.contains(&delivery.receipt) {
                continue;
            }
            // an empty id, as of a message without one, gives the whole event back
            answer.response.add_failure(&handle.id);
            let Some(delay) = delays.get(&delivery.receipt) else { continue };
            let longest = of_group.entry(&delivery.message.group).or_default();
            *longest = (*longest).max(*delay);
            if let Some(receipt) = &handle.receipt {
                let seconds = longest.as_millis().div_ceil(1_000);
                answer.visible.push((receipt.clone(), i32::try_from(seconds).unwrap_or(i32::MAX)));
            }
        }
        answer
    }
}

impl Answer {
    /// Tells the queue when messages are to be seen again. What can't be told is seen after its time-out.
    pub async fn release(&self, client: &Client, url: &str) {
        for some in self.visible.chunks(MOST_MESSAGES) {
            let entry = |(id, (receipt, seconds)): (usize, &(String, i32))| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(id.to_string())
                    .receipt_handle(receipt)
                    .visibility_timeout(*seconds)
                    .build()
            };
            let entries = match some.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>() {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::error!(%error, "messages can't be given back early");
                    continue;
                }
            };
            let change = self::changed(client, url, entries).await;
            if change > 0 {
                tracing::warn!(messages = change, "messages were not given back early: they come after their time-out");
            }
        }
    }
}

/// Changes visibilities; how many could not be changed.
async fn changed(client: &Client, url: &str, entries: Vec<ChangeMessageVisibilityBatchRequestEntry>) -> usize {
    let count = entries.len();
    let change = client.change_message_visibility_batch().queue_url(url).set_entries(Some(entries));
    match change.send().await.map_err(outage("give messages back")) {
        Ok(changed) => changed.failed().len(),
        Err(outage) => {
            tracing::warn!("{outage}");
            count
        }
    }
}

fn delivery(receipt: u64, message: SqsMessage, stamps: &Stamps) -> Delivery {
    let SqsMessage { body, attributes, mut message_attributes, .. } = message;
    let mut attribute = |name| message_attributes.remove(name).and_then(|value| value.string_value);
    let (stamp, authorization) = (attribute(attribute::RECEIVED_AT), attribute(attribute::AUTHORIZATION));
    let mut message = Message {
        group: attributes.get("MessageGroupId").cloned().unwrap_or_default(),
        body: body.unwrap_or_default(),
        authorization: authorization.unwrap_or_default(),
        traceparent: attribute(attribute::TRACEPARENT),
        task_token: attribute(attribute::TASK_TOKEN),
    };
    if message.group.is_empty() {
        message.group = group(&message).unwrap_or_default();
    }
    let stamped = stamp.and_then(|stamp| {
        let at = stamps.read(&message, &stamp);
        if at.is_none() {
            tracing::warn!(group = message.group, "a message bears a time that is not ours: it does not count");
        }
        at
    });
    let number = |name| attributes.get(name).and_then(|text| text.parse::<i64>().ok());
    let sent = || number("SentTimestamp").and_then(|millis| Timestamp::from_millisecond(millis).ok());
    Delivery {
        receipt,
        receives: number("ApproximateReceiveCount").and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        received_at: stamped.or_else(sent).unwrap_or_else(Timestamp::now),
        message: Arc::new(message),
    }
}

/// The group of a message that came without one, as from a standard queue: the tenant that its token names, verified
/// later, and the stream of its first command. It holds a message to one stream.
fn group(message: &Message) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        tenant: Tenant,
    }
    #[derive(Deserialize)]
    struct Named {
        stream: StreamId,
    }
    let claims = URL_SAFE_NO_PAD.decode(message.authorization.split('.').nth(1)?).ok()?;
    let Claims { tenant } = serde_json::from_slice(&claims).ok()?;
    let first = if message.body.trim_start().starts_with('[') {
        let commands: Vec<&serde_json::value::RawValue> = serde_json::from_str(&message.body).ok()?;
        commands.first()?.get()
    } else {
        &message.body
    };
    let Named { stream } = serde_json::from_str(first).ok()?;
    Some(StreamKey::new(tenant, stream).to_string())
}

#[cfg(test)]
mod tests;
