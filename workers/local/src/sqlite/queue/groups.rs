//! Who works on what: groups, leases and delays, all in memory.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use pipeline::ports::queue::{Delivery, Message};
use tokio::time::Instant;

use super::queued::Queued;

/// A message that is in the file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The message.
    pub(crate) message: Arc<Message>,
    /// When it was accepted.
    pub(crate) received_at: Timestamp,
    /// How often it was handed out; a start of the engine counts as once.
    pub(crate) receives: u32,
}

/// How much may be handed out at once.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Messages.
    pub messages: usize,
    /// Bytes of their bodies; a longer message is handed out alone.
    pub bytes: usize,
}

/// The messages of one stream.
#[derive(Default)]
struct Group {
    /// What is not handed out, in order.
    waiting: VecDeque<u64>,
    /// What is handed out, and under which receipt. While there is any, nothing else is.
    out: BTreeMap<u64, u64>,
    /// When it may be handed out again, after a release with a delay.
    not_before: Option<Instant>,
    /// Where it stands in [`Groups::later`].
    wake: Option<Instant>,
}

/// All messages by number; numbers rise in the order of acceptance.
///
/// INVARIANT: a group is in `ready` under its first message's number, or in `later`, never in both.
#[derive(Default)]
pub(super) struct Groups {
    entries: HashMap<u64, Entry>,
    by_name: HashMap<Arc<str>, Group>,
    ready: BTreeMap<u64, Arc<str>>,
    later: BTreeSet<(Instant, Arc<str>)>,
    leases: HashMap<u64, u64>,
    receipts: u64,
    bytes: usize,
    /// The commands of these messages.
    pub(super) queued: Queued,
}

impl Groups {
    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the oldest was accepted.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.entries.values().map(|entry| entry.received_at).min()
    }

    /// The message of a number.
    pub(super) fn get(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    /// Adds a message behind all others.
    pub(super) fn push(&mut self, seq: u64, entry: Entry) {
        let message = &entry.message;
        self.bytes += size(message);
        self.queued.add(seq, message);
        if let Some(group) = self.by_name.get_mut(message.group.as_str()) {
            group.waiting.push_back(seq);
        } else {
            let name: Arc<str> = message.group.as_str().into();
            self.by_name.insert(name.clone(), Group { waiting: [seq].into(), ..Group::default() });
            self.ready.insert(seq, name);
        }
        self.entries.insert(seq, entry);
    }

    /// Hands out messages, groups in the order of their first message, for as long as a lease lasts.
    pub(super) fn take(&mut self, now: Instant, most: Most, lease: Duration) -> Vec<Delivery> {
        self.wake(now);
        let (mut deliveries, mut bytes) = (Vec::new(), 0);
        let mut full = false;
        while !full
            && let Some((_, name)) = self.ready.pop_first()
            && let Some(group) = self.by_name.get_mut(&name)
        {
            while let Some(&seq) = group.waiting.front()
                && let Some(entry) = self.entries.get_mut(&seq)
            {
                bytes += entry.message.body.len();
                full = !deliveries.is_empty() && (deliveries.len() >= most.messages || bytes > most.bytes);
                if full {
                    break;
                }
                group.waiting.pop_front();
                self.receipts += 1;
                entry.receives += 1;
                group.out.insert(seq, self.receipts);
                self.leases.insert(self.receipts, seq);
                deliveries.push(Delivery {
                    message: entry.message.clone(),
                    receipt: self.receipts,
                    receives: entry.receives,
                    received_at: entry.received_at,
                });
            }
            let until = (!group.out.is_empty()).then_some(now + lease);
            self.place(&name, until);
        }
        deliveries
    }

    /// When the next group becomes visible by itself.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Whether something is visible.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Forgets a message; its number, if the receipt is the one of its last delivery.
    pub(super) fn acknowledge(&mut self, receipt: u64) -> Option<u64> {
        let seq = self.leases.remove(&receipt)?;
        let entry = self.entries.remove(&seq)?;
        self.bytes -= size(&entry.message);
        self.queued.remove(seq, &entry.message);
        self.give_back(&entry.message.group, seq, None);
        Some(seq)
    }

    /// Lets a message be handed out again after a delay, before its successors.
    pub(super) fn release(&mut self, receipt: u64, at: Instant) {
        let Some(seq) = self.leases.remove(&receipt) else { return };
        let Some(entry) = self.entries.get(&seq) else { return };
        let message = entry.message.clone();
        self.give_back(&message.group, seq, Some(at));
    }

    /// Takes a message from a group's hands; the last one frees the group.
    fn give_back(&mut self, name: &str, seq: u64, again: Option<Instant>) {
        let Some(name) = self.by_name.get_key_value(name).map(|(name, _)| name.clone()) else { return };
        let Some(group) = self.by_name.get_mut(&name) else { return };
        group.out.remove(&seq);
        if let Some(at) = again {
            let place = group.waiting.partition_point(|waiting| *waiting < seq);
            group.waiting.insert(place, seq);
            group.not_before = group.not_before.max(Some(at));
        }
        if group.out.is_empty() {
            let until = group.not_before.take();
            self.place(&name, until);
        }
    }

    /// Puts a group where it belongs: aside until a time, among the visible ones, or away.
    fn place(&mut self, name: &Arc<str>, until: Option<Instant>) {
        let Some(group) = self.by_name.get_mut(name) else { return };
        if let Some(wake) = group.wake.take() {
            self.later.remove(&(wake, name.clone()));
        }
        if let Some(until) = until {
            group.wake = Some(until);
            self.later.insert((until, name.clone()));
        } else if let Some(first) = group.waiting.front() {
            self.ready.insert(*first, name.clone());
        } else {
            self.by_name.remove(name);
        }
    }

    /// Makes visible what was put aside until now: after a delay, or after a lease that nobody gave back.
    fn wake(&mut self, now: Instant) {
        while let Some((at, _)) = self.later.first()
            && *at <= now
            && let Some((_, name)) = self.later.pop_first()
            && let Some(group) = self.by_name.get_mut(&name)
        {
            (group.wake, group.not_before) = (None, None);
            for (seq, receipt) in std::mem::take(&mut group.out).into_iter().rev() {
                self.leases.remove(&receipt);
                let place = group.waiting.partition_point(|waiting| *waiting < seq);
                group.waiting.insert(place, seq);
            }
            self.place(&name, None);
        }
    }
}

/// How many bytes a message takes.
pub(super) fn size(message: &Message) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    message.group.len()
        + message.body.len()
        + message.authorization.len()
        + optional(&message.traceparent)
        + optional(&message.task_token)
}
