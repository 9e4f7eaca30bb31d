//! The command queue: what was accepted and is not settled yet, and what was given up.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Id, StreamId, Tenant};
use serde::{Deserialize, Serialize};

use super::Unavailable;

/// A message as a producer sends it: one command, or an array of one stream's commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `<tenant>/<stream>`: messages of a group are handled one after the other.
    pub group: String,
    /// JSON.
    pub body: String,
    /// The token of whoever sends it, without `Bearer`.
    pub authorization: String,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
    /// Whoever waits for the outcome, with a single command only.
    pub task_token: Option<String>,
}

/// A message as it is handed out.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The message.
    pub message: Arc<Message>,
    /// What acknowledges or releases it.
    pub receipt: u64,
    /// How often it was handed out, this time included.
    pub receives: u32,
    /// When the queue first accepted it.
    pub received_at: Timestamp,
}

/// Why a message was not accepted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    /// The queue is full: send again after this time.
    #[error("the queue is full")]
    Busy(Duration),
    /// Nothing is known of the message: it may have been accepted.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A command that was given up, with its reason: kept for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// Whose command.
    pub tenant: Tenant,
    /// Its stream.
    pub stream: StreamId,
    /// Its id.
    pub id: Id,
    /// Why: a stable code.
    pub code: String,
    /// Why, for a person.
    pub message: String,
    /// The command as it was sent.
    pub body: String,
    /// The token that it was sent with.
    pub authorization: String,
    /// When the queue first accepted it.
    pub received_at: Timestamp,
}

/// The door's side of the queue.
#[async_trait]
pub trait CommandQueue: Send + Sync {
    /// Accepts messages durably, each by itself, those of a group in order: when one of a group is not accepted, its
    /// successors in this call are not either. Returns when each was accepted, in whole milliseconds.
    async fn send(&self, messages: Vec<Message>) -> Vec<Result<Timestamp, SendError>>;
}

/// Where given-up commands go.
#[async_trait]
pub trait FailureInbox: Send + Sync {
    /// Keeps a command and its reason durably. Again for the same delivery: kept once.
    async fn keep(&self, failed: &Failed) -> Result<(), Unavailable>;
}
