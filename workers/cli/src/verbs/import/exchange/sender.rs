//! One connection of an exchange: takes batch after batch from the outbox, and sorts what the door says of them.

use std::sync::PoisonError;
use std::time::Instant;

use serde_json::value::RawValue;

use super::answers::{BatchAnswer, code_of};
use super::{Exchange, Stop, lock};
use crate::client::{Answer, Ask};
use crate::verbs::import::outbox::Batch;

impl Exchange<'_> {
    /// One connection: sends batch after batch.
    pub(super) fn send(&self) {
        while let Some(batch) = self.next_batch() {
            let body = batch.body();
            let Some(answer) = self.insist(batch.by, Ask::post_lines("/commands", &body)) else {
                let dropped = batch.commands.into_iter().map(|command| (command.line, command.id));
                lock(&self.state).dropped.extend(dropped);
                return;
            };
            self.sent(batch, &answer);
        }
    }

    fn next_batch(&self) -> Option<Batch> {
        let mut state = lock(&self.state);
        loop {
            if state.is_over() {
                return None;
            }
            let now = Instant::now();
            if let Some(batch) = state.outbox.take(now) {
                return Some(batch);
            }
            state = match state.outbox.next_attempt() {
                Some(next) => self
                    .sendable
                    .wait_timeout(state, next - now)
                    .map_or_else(|error| error.into_inner().0, |woken| woken.0),
                None => self.sendable.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Sorts a batch's commands by what the door said of them.
    fn sent(&self, batch: Batch, answer: &Answer) {
        let read: BatchAnswer<'_> = match BatchAnswer::read(&answer.body, batch.commands.len()) {
            Ok(read) => read,
            Err(strange) => {
                let dropped = batch.commands.into_iter().map(|command| (command.line, command.id));
                lock(&self.state).dropped.extend(dropped);
                return self.stop(Stop::Strange(strange));
            }
        };
        let is_busy = |refusal: &RawValue| code_of(refusal).is_some_and(|code| code == "busy");
        let (busy, refused): (Vec<_>, Vec<_>) = read.refused.into_iter().partition(|entry| is_busy(entry.refusal));
        let busy: Vec<usize> = busy.iter().map(|entry| entry.index).collect();
        let mut refused = refused.into_iter().peekable();
        let mut told = Vec::new();

        let mut state = lock(&self.state);
        let taken = state.outbox.answered(batch, &busy, answer.retry_after, Instant::now());
        for (index, command) in taken {
            state.bytes -= command.text.len();
            match (refused.next_if(|entry| entry.index == index), command.id) {
                (None, Some(id)) => state.accepted.push_back((command.line, id)),
                // a command without an id that is taken could never be asked for
                (None, None) => {
                    state.dropped.push((command.line, None));
                    state.in_hand -= 1;
                }
                (Some(entry), id) => told.push((command.line, id, entry.refusal)),
            }
        }
        state.in_hand -= told.len();
        state.counts.refused += told.len() as u64;
        if !told.is_empty() {
            state.progress = Instant::now();
        }
        let is_over = state.is_over();
        drop(state);

        if is_over {
            self.wake_all();
        } else {
            self.accepted.notify_all();
            self.room.notify_one();
            self.sendable.notify_one();
        }
        if !told.is_empty() {
            let mut teller = lock(&self.teller);
            for (line, id, refusal) in &told {
                teller.tell(*line, id.as_deref(), "refused", Some(refusal));
            }
            teller.bar().inc(told.len() as u64);
        }
    }
}
