//! Asks what became of the accepted commands, in bulk, and counts what is settled.

use std::time::{Duration, Instant};

use super::answers::{self, Statuses};
use super::{Exchange, Stop, lock};
use crate::client::Ask;
use crate::verbs::import::tally::Counts;

/// The most ids of one question.
const LARGEST_QUESTION: usize = 1_000;
/// How long to wait before asking again, when little had settled: from here …
const SHORTEST_PAUSE: Duration = Duration::from_millis(4);
/// … doubling to here.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

impl Exchange<'_> {
    /// Asks what became of what was accepted, the oldest first, in turns.
    pub(super) fn ask(&self) {
        let mut pause = SHORTEST_PAUSE;
        while let Some(page) = self.next_question() {
            let question = answers::question(&page);
            let Some(answer) = self.insist(0, Ask::post("/commands/status", &question)) else {
                lock(&self.state).dropped.extend(page.into_iter().map(|(line, id)| (line, Some(id))));
                return;
            };
            let asked = page.len();
            let settled = match Statuses::read(&answer.body) {
                Ok(statuses) => self.settle(page, &statuses),
                Err(strange) => {
                    lock(&self.state).dropped.extend(page.into_iter().map(|(line, id)| (line, Some(id))));
                    return self.stop(Stop::Strange(strange));
                }
            };
            // a full page that settled is followed by the next at once; else the server gets time to settle more
            if settled * 2 >= LARGEST_QUESTION {
                continue;
            }
            pause = if settled * 2 >= asked { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            let state = lock(&self.state);
            drop(self.over.wait_timeout_while(state, pause, |state| !state.is_over()));
        }
    }

    /// The next ids to ask for; nothing when all is over.
    fn next_question(&self) -> Option<Vec<(u64, Box<str>)>> {
        let mut state = lock(&self.state);
        loop {
            if state.is_over() {
                return None;
            }
            if state.in_hand > 0 && state.lost == 0 && state.progress.elapsed() >= self.plan.patience {
                drop(state);
                self.stop(Stop::Stalled);
                return None;
            }
            if !state.accepted.is_empty() {
                let count = state.accepted.len().min(LARGEST_QUESTION);
                return Some(state.accepted.drain(..count).collect());
            }
            let tick = self.plan.patience.min(Duration::from_secs(1));
            state = self.accepted.wait_timeout(state, tick).map_or_else(|error| error.into_inner().0, |woken| woken.0);
        }
    }

    /// Counts what is settled, and keeps the rest for a later question. Returns how many were.
    fn settle(&self, page: Vec<(u64, Box<str>)>, statuses: &Statuses<'_>) -> usize {
        let mut counts = Counts::default();
        let (mut told, mut open) = (Vec::new(), Vec::new());
        for (line, id) in page {
            let Some(status) = statuses.settled(&id, self.since) else {
                open.push((line, id));
                continue;
            };
            match status.word {
                "committed" => counts.committed += 1,
                "rejected" => counts.rejected += 1,
                "refused" => counts.refused += 1,
                _ => counts.failed += 1,
            }
            if matches!(status.word, "refused" | "failed") {
                told.push((line, id, status));
            }
        }
        let settled = usize::try_from(counts.settled()).unwrap_or(usize::MAX);

        let mut state = lock(&self.state);
        state.counts.committed += counts.committed;
        state.counts.rejected += counts.rejected;
        state.counts.refused += counts.refused;
        state.counts.failed += counts.failed;
        state.in_hand -= settled;
        state.accepted.extend(open);
        if settled > 0 {
            state.progress = Instant::now();
        }
        let is_over = state.is_over();
        drop(state);

        if is_over {
            self.wake_all();
        } else {
            self.room.notify_all();
        }
        let mut teller = lock(&self.teller);
        for (line, id, status) in &told {
            teller.tell(*line, Some(id), status.word, status.refusal.or(status.failure));
        }
        teller.bar().inc(settled as u64);
        settled
    }
}
