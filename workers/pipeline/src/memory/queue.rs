//! A command queue in memory: the door's side of it.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::ports::{
    clock::{Clock, SystemClock},
    queue::{CommandQueue, Message, SendError},
};

/// When a full queue is worth another try.
const BUSY: Duration = Duration::from_secs(1);

/// A queue that keeps what it accepted, up to a number of messages and of bytes of their bodies.
#[derive(Debug)]
pub struct MemoryQueue {
    accepted: Mutex<Vec<(Message, Timestamp)>>,
    messages: usize,
    bytes: usize,
}

impl MemoryQueue {
    /// An empty queue with room for so many messages, and so many bytes of their bodies.
    pub fn new(messages: usize, bytes: usize) -> Self {
        Self { accepted: Mutex::default(), messages, bytes }
    }
}

#[async_trait]
impl CommandQueue for MemoryQueue {
    async fn send(&self, messages: Vec<Message>) -> Vec<Result<Timestamp, SendError>> {
        let now = SystemClock.now();
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes: usize = accepted.iter().map(|(message, _)| message.body.len()).sum();
        let mut closed = HashSet::new();
        let accept = |message: Message| {
            let fits = accepted.len() < self.messages && bytes + message.body.len() <= self.bytes;
            if !fits || closed.contains(&message.group) {
                closed.insert(message.group);
                return Err(SendError::Busy(BUSY));
            }
            bytes += message.body.len();
            accepted.push((message, now));
            Ok(now)
        };
        messages.into_iter().map(accept).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::MemoryQueue;

    fn fresh() -> Ready<(MemoryQueue, ())> {
        ready((MemoryQueue::new(1_000, 1 << 20), ()))
    }

    fn small() -> Ready<(MemoryQueue, ())> {
        ready((MemoryQueue::new(3, 1 << 19), ()))
    }

    crate::command_queue_laws!(fresh);
    crate::bounded_queue_laws!(small);
}
