//! The exchange with the server: several connections send, one asks what became of what was sent, and the reader is held
//! back while too much is under way.

mod answers;

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::value::RawValue;

use self::answers::{BatchAnswer, Statuses, code_of};
use super::outbox::{Batch, Outbox, Outgoing};
use super::tally::{Counts, Teller};
use crate::client::{Answer, Ask, Client, Problem, Trouble};

/// The most ids of one question.
const LARGEST_QUESTION: usize = 1_000;
/// The most bytes of lines that are held at once.
const MOST_BYTES: usize = 64 << 20;
/// How long to wait before asking again, when little had settled: from here …
const SHORTEST_PAUSE: Duration = Duration::from_millis(4);
/// … doubling to here.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How an exchange is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// How many requests may be on their way at once.
    pub(crate) connections: usize,
    /// The most commands of one request.
    pub(crate) batch: usize,
    /// The most commands read but not settled.
    pub(crate) in_hand: usize,
    /// How long without anything settling before it gives up.
    pub(crate) patience: Duration,
}

/// Why an exchange ended before all was settled.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The server did not answer for the whole of the patience.
    Lost(String),
    /// The server will take nothing more: a token that expired, say.
    Problem(Problem),
    /// The server answered what factmill does not.
    Strange(String),
    /// Nothing settled for the whole of the patience.
    Stalled,
}

/// How an exchange ended.
pub(crate) struct Outcome {
    /// What became of the lines.
    pub(crate) counts: Counts,
    /// Lines that were read and not settled: their number and id, by number.
    pub(crate) unsettled: Vec<(u64, Option<Box<str>>)>,
    /// Why it ended early, if it did.
    pub(crate) stop: Option<Stop>,
    /// Who told about the lines.
    pub(crate) teller: Teller,
}

/// What the threads share.
pub(crate) struct Exchange<'a> {
    client: &'a Client,
    plan: Plan,
    /// Refusals and failures received before this are of earlier deliveries, which this one's sending has reopened.
    since: Option<Timestamp>,
    state: Mutex<State>,
    teller: Mutex<Teller>,
    /// Something may be sent, or all is over.
    sendable: Condvar,
    /// There may be room to read more, or all is over.
    room: Condvar,
    /// Something was accepted, or all is over.
    accepted: Condvar,
    /// All is over: ends every pause.
    over: Condvar,
}

struct State {
    outbox: Outbox,
    accepted: VecDeque<(u64, Box<str>)>,
    /// What a thread had in its hands when all was over.
    dropped: Vec<(u64, Option<Box<str>>)>,
    in_hand: usize,
    bytes: usize,
    all_read: bool,
    counts: Counts,
    stop: Option<Stop>,
    progress: Instant,
    /// How many threads get no answer at the moment.
    lost: usize,
}

impl State {
    fn is_over(&self) -> bool {
        self.stop.is_some() || (self.all_read && self.in_hand == 0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // a thread that panicked ends the scope, and with it the exchange
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Exchange<'a> {
    /// An exchange of which nothing has happened yet.
    pub(crate) fn new(client: &'a Client, plan: Plan, since: Option<Timestamp>, teller: Teller) -> Self {
        let state = State {
            outbox: Outbox::new(plan.batch),
            accepted: VecDeque::new(),
            dropped: Vec::new(),
            in_hand: 0,
            bytes: 0,
            all_read: false,
            counts: Counts::default(),
            stop: None,
            progress: Instant::now(),
            lost: 0,
        };
        Self {
            client,
            plan,
            since,
            state: Mutex::new(state),
            teller: Mutex::new(teller),
            sendable: Condvar::new(),
            room: Condvar::new(),
            accepted: Condvar::new(),
            over: Condvar::new(),
        }
    }

    /// Sends what `read` puts in, until all of it is settled or it is given up.
    pub(crate) fn run<E>(self, read: impl FnOnce(&Self) -> Result<(), E>) -> Result<Outcome, E> {
        let read = thread::scope(|scope| {
            for _ in 0..self.plan.connections {
                scope.spawn(|| self.send());
            }
            scope.spawn(|| self.ask());
            let read = read(&self);
            // after an input error, what was read is still settled and counted
            lock(&self.state).all_read = true;
            self.wake_all();
            read
        });
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut unsettled = state.dropped;
        unsettled.extend(state.outbox.waiting().map(|command| (command.line, command.id.clone())));
        unsettled.extend(state.accepted.into_iter().map(|(line, id)| (line, Some(id))));
        unsettled.sort_unstable();
        let teller = self.teller.into_inner().unwrap_or_else(PoisonError::into_inner);
        read.map(|()| Outcome { counts: state.counts, unsettled, stop: state.stop, teller })
    }

    /// Puts a command in, once there is room; says whether to go on.
    pub(crate) fn put(&self, stream: &str, command: Outgoing) -> bool {
        let mut state = lock(&self.state);
        while !state.is_over() && (state.in_hand >= self.plan.in_hand || state.bytes >= MOST_BYTES) {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stop.is_some() {
            return false;
        }
        if state.in_hand == 0 {
            state.progress = Instant::now();
        }
        state.in_hand += 1;
        state.bytes += command.text.len();
        state.outbox.push(stream, command);
        self.sendable.notify_one();
        true
    }

    /// Counts a line that is refused without being sent.
    pub(super) fn refuse(&self, line: u64, id: Option<&str>, refusal: &RawValue) {
        lock(&self.state).counts.refused += 1;
        let mut teller = lock(&self.teller);
        teller.tell(line, id, "refused", Some(refusal));
        teller.bar().inc(1);
    }

    /// Says something on stderr.
    pub(super) fn say(&self, sentence: &str) {
        lock(&self.teller).say(sentence);
    }

    fn wake_all(&self) {
        self.sendable.notify_all();
        self.room.notify_all();
        self.accepted.notify_all();
        self.over.notify_all();
    }

    fn stop(&self, stop: Stop) {
        lock(&self.state).stop.get_or_insert(stop);
        self.wake_all();
    }

    /// One connection: sends batch after batch.
    fn send(&self) {
        while let Some(batch) = self.next_batch() {
            let body = batch.body();
            let Some(answer) = self.insist(Ask::post_lines("/commands", &body)) else {
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

    /// Asks until there is an answer; nothing if it was given up.
    fn insist(&self, ask: Ask<'_>) -> Option<Answer> {
        let mut lost_since = None;
        let mut attempt = 0;
        loop {
            let trouble = match self.client.ask_once(ask) {
                Ok(answer) => {
                    self.found(&mut lost_since);
                    return Some(answer);
                }
                Err(trouble) => trouble,
            };
            let pause = trouble.pause(attempt);
            match trouble {
                Trouble::Problem(problem) if !problem.passes() => {
                    self.stop(Stop::Problem(problem));
                    return None;
                }
                Trouble::Problem(problem) if !problem.is_outage() => self.found(&mut lost_since),
                Trouble::Problem(problem) => self.lost(&mut lost_since, &problem.to_string())?,
                Trouble::Lost(reason) => self.lost(&mut lost_since, &reason)?,
            }
            attempt += 1;
            let state = lock(&self.state);
            let state = self.over.wait_timeout_while(state, pause, |state| state.stop.is_none());
            if state.map_or_else(|error| error.into_inner().0, |woken| woken.0).stop.is_some() {
                return None;
            }
        }
    }

    /// No answer came: nothing if that has lasted too long.
    fn lost(&self, since: &mut Option<Instant>, reason: &str) -> Option<()> {
        if since.is_none() {
            *since = Some(Instant::now());
            lock(&self.state).lost += 1;
        }
        if since.is_some_and(|since| since.elapsed() >= self.plan.patience) {
            self.stop(Stop::Lost(reason.to_owned()));
            return None;
        }
        Some(())
    }

    /// An answer came.
    fn found(&self, since: &mut Option<Instant>) {
        if since.take().is_some() {
            let mut state = lock(&self.state);
            state.lost -= 1;
            state.progress = Instant::now();
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

    /// Asks what became of what was accepted, the oldest first, in turns.
    fn ask(&self) {
        let mut pause = SHORTEST_PAUSE;
        while let Some(page) = self.next_question() {
            let question = answers::question(&page);
            let Some(answer) = self.insist(Ask::post("/commands/status", &question)) else {
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
