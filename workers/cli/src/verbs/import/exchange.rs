//! The exchange with the server: several connections send, one asks what became of what was sent, and the reader is held
//! back while too much is under way.

mod answers;
mod asker;
mod insist;
mod sender;

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::outbox::{Outbox, Outgoing};
use super::tally::{Counts, Teller};
use crate::client::{Client, Problem};
use crate::failure::Failure;

/// The most bytes of lines that are held at once.
const MOST_BYTES: usize = 64 << 20;

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

impl Stop {
    /// The failure that it is; `again` says how to go on.
    pub(crate) fn into_failure(self, client: &Client, again: &str) -> Failure {
        match self {
            Self::Lost(reason) => client.unreachable(&format!("{reason}; {again}")),
            Self::Problem(problem) => problem.into(),
            Self::Strange(reason) => Failure::Failed(reason),
            Self::Stalled => Failure::Failed(format!("nothing settled for the whole of the patience; {again}")),
        }
    }
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
    /// Who sends; the first one asks what became of all.
    clients: &'a [Client],
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
    /// An exchange of one sender, of which nothing has happened yet.
    pub(crate) fn new(client: &'a Client, plan: Plan, since: Option<Timestamp>, teller: Teller) -> Self {
        Self::of_many(std::slice::from_ref(client), plan, since, teller)
    }

    /// An exchange of several senders of one server, the first of whom may read everybody's statuses.
    pub(crate) fn of_many(clients: &'a [Client], plan: Plan, since: Option<Timestamp>, teller: Teller) -> Self {
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
            clients,
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
}
