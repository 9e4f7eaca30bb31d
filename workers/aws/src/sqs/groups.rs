//! Messages by group: of each group one at a time is under way, so that none is taken before its predecessor.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use pipeline::ports::queue::Message;

/// The most messages of a call.
const MOST_MESSAGES: usize = 10;
/// The most bytes of a call's messages together. The service takes more by now; it counts, and asks a price, by 64 KB.
const MOST_BYTES: usize = 256 * 1024;
/// About what a message's attributes have beside their values.
const ATTRIBUTES: usize = 256;

/// A message on its way.
pub(super) struct Sending {
    /// Which of the caller's.
    pub(super) index: usize,
    pub(super) message: Message,
    /// Of this one send: only its own repetitions have the same.
    pub(super) once: String,
    pub(super) at: Timestamp,
}

/// Messages by group, in order.
#[derive(Default)]
pub(super) struct Groups {
    waiting: Vec<(String, VecDeque<Sending>)>,
    by_name: HashMap<String, usize>,
    /// The group of each message that was taken out.
    of: HashMap<usize, usize>,
}

impl Groups {
    pub(super) fn add(&mut self, sending: Sending) {
        let next = self.waiting.len();
        let group = *self.by_name.entry(sending.message.group.clone()).or_insert(next);
        if group == next {
            self.waiting.push((sending.message.group.clone(), VecDeque::new()));
        }
        if let Some((_, waiting)) = self.waiting.get_mut(group) {
            waiting.push_back(sending);
        }
    }

    /// The first message of each group, in calls of bounded size.
    pub(super) fn round(&mut self) -> Vec<Vec<Sending>> {
        let mut calls: Vec<Vec<Sending>> = Vec::new();
        let mut bytes = 0;
        for (group, (_, waiting)) in self.waiting.iter_mut().enumerate() {
            let Some(sending) = waiting.pop_front() else { continue };
            self.of.insert(sending.index, group);
            let size = size(&sending.message);
            match calls.last_mut() {
                Some(call) if call.len() < MOST_MESSAGES && bytes + size <= MOST_BYTES => call.push(sending),
                _ => {
                    calls.push(vec![sending]);
                    bytes = 0;
                }
            }
            bytes += size;
        }
        calls
    }

    /// The messages behind one that was not taken; they are not sent any more.
    pub(super) fn give_up(&mut self, index: usize) -> Vec<usize> {
        let group = self.of.get(&index).and_then(|group| self.waiting.get_mut(*group));
        group.map(|(_, waiting)| waiting.drain(..).map(|sending| sending.index).collect()).unwrap_or_default()
    }
}

/// About how many bytes a message counts.
fn size(message: &Message) -> usize {
    let optional = [&message.traceparent, &message.task_token];
    let optional: usize = optional.into_iter().flatten().map(String::len).sum();
    message.body.len() + message.authorization.len() + optional + ATTRIBUTES
}
