//! The command queue: SQS, FIFO or standard.
//!
//! [`SqsQueue`] is the door's side. [`Received`] takes an event of the queue apart into what dispatch works on, and makes
//! the answer of what it did. [`SqsInbox`] keeps what was given up in the dead-letter queue, from where it can be sent
//! back. A [`Stamps`] is what all three agree by on when a message was first accepted.

mod groups;
mod inbox;
mod receive;
mod send;
mod stamp;

pub use self::{
    inbox::SqsInbox,
    receive::{Answer, Received},
    send::SqsQueue,
    stamp::{Stamps, WeakKey},
};

use aws_sdk_sqs::{error::BuildError, types::MessageAttributeValue};

/// The attributes of a message.
mod attribute {
    /// The sender's token.
    pub(super) const AUTHORIZATION: &str = "authorization";
    /// W3C trace context.
    pub(super) const TRACEPARENT: &str = "traceparent";
    /// Who waits.
    pub(super) const TASK_TOKEN: &str = "taskToken";
    /// When the queue first accepted it, stamped.
    pub(super) const RECEIVED_AT: &str = "receivedAt";
    /// Why it was given up: a code.
    pub(super) const REASON_CODE: &str = "reasonCode";
    /// Why it was given up.
    pub(super) const REASON: &str = "reason";
}

/// Whether the queue of a URL is a FIFO queue.
fn is_fifo(url: &str) -> bool {
    url.rsplit_once('.').is_some_and(|(_, suffix)| suffix == "fifo")
}

/// A text as an attribute.
fn text(value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build()
}

/// The JSON text with the two characters escaped that JSON allows and SQS doesn't. They can stand in strings alone.
fn sendable(json: &str) -> String {
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}
