//! The inbox of given-up commands: the command queue's dead-letter queue.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use kernel::{Hash, StreamKey};
use pipeline::ports::{
    Unavailable,
    queue::{Failed, FailureInbox, Message},
};

use super::{Stamps, attribute, is_fifo, sendable, text};
use crate::outage;

/// The longest reason that is kept, in bytes.
const LONGEST_REASON: usize = 1_024;
const KEEP: &str = "keep a failed command";

/// Keeps given-up commands as messages that can be sent back as they are: with the time of their first acceptance.
#[derive(Debug, Clone)]
pub struct SqsInbox {
    client: Client,
    url: String,
    stamps: Stamps,
}

impl SqsInbox {
    /// The inbox in the queue of a URL.
    pub fn new(client: Client, url: impl Into<String>, stamps: Stamps) -> Self {
        Self { client, url: url.into(), stamps }
    }
}

#[async_trait]
impl FailureInbox for SqsInbox {
    async fn keep(&self, failed: &Failed) -> Result<(), Unavailable> {
        let message = Message {
            group: StreamKey::new(failed.tenant.clone(), failed.stream.clone()).to_string(),
            body: sendable(&failed.body),
            authorization: failed.authorization.clone(),
            traceparent: None,
            task_token: None,
        };
        let value = |value: &str| text(value).map_err(outage(KEEP));
        let mut send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(&message.body)
            .message_attributes(attribute::AUTHORIZATION, value(&message.authorization)?)
            .message_attributes(attribute::RECEIVED_AT, value(&self.stamps.stamp(&message, failed.received_at))?)
            .message_attributes(attribute::REASON_CODE, value(&failed.code)?)
            .message_attributes(attribute::REASON, value(&reason(&failed.message))?);
        if is_fifo(&self.url) {
            // the same delivery, given up again, is kept once
            let delivery = format!("{}@{}@{}", message.group, failed.id, failed.received_at);
            let once = Hash::of(delivery.as_bytes()).to_string();
            send = send.message_group_id(&message.group).message_deduplication_id(once);
        }
        send.send().await.map(drop).map_err(outage(KEEP))
    }
}

/// A reason as an attribute can hold it: not empty, not too long, and without characters that SQS refuses.
fn reason(text: &str) -> String {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let mut reason: String = text.chars().map(|c| if allowed(c) { c } else { ' ' }).collect();
    reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
    if reason.is_empty() { "unknown".into() } else { reason }
}

#[cfg(test)]
mod tests;
