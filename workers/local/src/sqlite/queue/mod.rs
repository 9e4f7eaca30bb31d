//! The command queue. What was accepted is in the file; who works on what is in memory, as there is one process.

mod groups;
mod queued;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Id, StreamId, Tenant};
use pipeline::FailPoint;
use pipeline::ports::{
    Unavailable,
    clock::Clock,
    queue::{CommandQueue, Delivery, Message, SendError},
    status::Known,
};
use rusqlite::{Connection, params};
use tokio::{sync::Notify, time::Instant};

pub use self::groups::Most;
use self::groups::{Entry, Groups, size};
use super::{
    waiters::Waiters,
    writer::{Writer, lock},
};

/// When a full queue is worth another try.
const BUSY: Duration = Duration::from_secs(1);

/// How much the queue holds before it is busy.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Messages.
    pub messages: usize,
    /// Bytes of messages.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { messages: 50_000, bytes: 64 << 20 }
    }
}

/// The command queue: FIFO by group. A clone is the same queue.
#[derive(Clone)]
pub struct Queue {
    shared: Arc<Shared>,
    writer: Arc<Writer>,
    waiters: Arc<Waiters>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    boot: i64,
}

struct Shared {
    state: Mutex<State>,
    /// The number that the next message gets. Only the writer's thread takes one.
    next: AtomicU64,
    news: Notify,
}

struct State {
    groups: Groups,
    /// Messages, and their bytes, that are on their way into the file.
    coming: (usize, usize),
}

/// Reads what an earlier process left.
pub(super) fn load(db: &Connection, boot: i64) -> rusqlite::Result<Vec<(u64, Entry)>> {
    let sql = "SELECT seq, grp, body, authorization, traceparent, task_token, received_at, boot
               FROM queue ORDER BY seq";
    let mut select = db.prepare(sql)?;
    let rows = select.query_map([], |row| {
        let (seq, received_at, accepted): (i64, i64, i64) = (row.get(0)?, row.get(6)?, row.get(7)?);
        let message = Message {
            group: row.get(1)?,
            body: row.get(2)?,
            authorization: row.get(3)?,
            traceparent: row.get(4)?,
            task_token: row.get(5)?,
        };
        let received_at = Timestamp::from_millisecond(received_at).map_err(|_| rusqlite::Error::InvalidQuery)?;
        let receives = u32::try_from(boot - accepted).unwrap_or(u32::MAX);
        Ok((seq.cast_unsigned(), Entry { message: Arc::new(message), received_at, receives }))
    })?;
    rows.collect()
}

impl Queue {
    pub(super) fn new(
        messages: Vec<(u64, Entry)>,
        boot: i64,
        limits: Limits,
        writer: Arc<Writer>,
        waiters: Arc<Waiters>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let next = messages.last().map_or(1, |(seq, _)| seq + 1);
        let mut groups = Groups::default();
        for (seq, entry) in messages {
            groups.push(seq, entry);
        }
        let state = Mutex::new(State { groups, coming: (0, 0) });
        let shared = Arc::new(Shared { state, next: AtomicU64::new(next), news: Notify::new() });
        Self { shared, writer, waiters, clock, limits, boot }
    }

    /// Hands out messages as soon as there are any; for the time of the lease nobody else gets one of their groups,
    /// then they come again. May hand out several of a group, in order. A message that was given up by being dropped
    /// here comes again after its lease, too.
    pub async fn receive(&self, most: Most, lease: Duration) -> Vec<Delivery> {
        loop {
            let news = self.shared.news.notified();
            let wake = {
                let mut state = lock(&self.shared.state);
                let deliveries = state.groups.take(Instant::now(), most, lease);
                if !deliveries.is_empty() {
                    if state.groups.has_ready() {
                        self.shared.news.notify_one();
                    }
                    return deliveries;
                }
                state.groups.next_wake()
            };
            match wake {
                Some(at) => drop(tokio::time::timeout_at(at, news).await),
                None => news.await,
            }
        }
    }

    /// Forgets messages that are settled. They are gone from the file with the next transaction; a crash before that
    /// hands them out again. A receipt of an earlier delivery does nothing.
    pub fn acknowledge(&self, receipts: &[u64]) {
        let mut state = lock(&self.shared.state);
        let settled: Vec<u64> = receipts.iter().filter_map(|receipt| state.groups.acknowledge(*receipt)).collect();
        let left = state.groups.len() > 0;
        drop(state);
        if !settled.is_empty() {
            self.writer.settle(settled);
        }
        if left {
            self.shared.news.notify_one();
        }
    }

    /// Lets a message be handed out again after a delay; its group waits behind it. A receipt of an earlier delivery
    /// does nothing.
    pub fn release(&self, receipt: u64, delay: Duration) {
        lock(&self.shared.state).groups.release(receipt, Instant::now() + delay);
        self.shared.news.notify_one();
    }

    /// How many messages there are, handed out or not.
    pub fn depth(&self) -> usize {
        lock(&self.shared.state).groups.len()
    }

    /// When the oldest message was accepted.
    pub fn oldest(&self) -> Option<Timestamp> {
        lock(&self.shared.state).groups.oldest()
    }

    /// The status of each command that is in the queue: of its latest delivery, on this stream or on any.
    pub(super) fn known(&self, tenant: &Tenant, ids: &[Id], stream: Option<&StreamId>) -> Vec<Option<Known>> {
        let entries: Vec<Vec<Entry>> = {
            let state = lock(&self.shared.state);
            let of = |id| state.groups.queued.of(tenant, id).iter().rev();
            ids.iter().map(|id| of(id).filter_map(|seq| state.groups.get(*seq).cloned()).collect()).collect()
        };
        let latest = |(id, entries): (&Id, Vec<Entry>)| entries.iter().find_map(|e| queued::known(e, id, stream));
        ids.iter().zip(entries).map(latest).collect()
    }

    /// Takes room for messages; a group's messages behind one that finds none find none either.
    fn reserve(&self, messages: Vec<Message>) -> (Vec<Option<Arc<Message>>>, Room) {
        let mut state = lock(&self.shared.state);
        let mut room = Room { shared: self.shared.clone(), messages: 0, bytes: 0 };
        let mut refused: HashSet<String> = HashSet::new();
        let mut taken = (state.groups.len() + state.coming.0, state.groups.bytes() + state.coming.1);
        let reserved = messages.into_iter().map(|message| {
            let bytes = size(&message);
            let fits = taken.0 < self.limits.messages && taken.1 + bytes <= self.limits.bytes;
            if !fits || refused.contains(&message.group) {
                refused.insert(message.group);
                return None;
            }
            taken = (taken.0 + 1, taken.1 + bytes);
            room.messages += 1;
            room.bytes += bytes;
            Some(Arc::new(message))
        });
        let reserved = reserved.collect();
        state.coming = (state.coming.0 + room.messages, state.coming.1 + room.bytes);
        (reserved, room)
    }
}

/// Room that is given back when the messages are in, or will not come.
struct Room {
    shared: Arc<Shared>,
    messages: usize,
    bytes: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.coming = (state.coming.0 - self.messages, state.coming.1 - self.bytes);
    }
}

#[async_trait]
impl CommandQueue for Queue {
    async fn send(&self, messages: Vec<Message>) -> Vec<Result<Timestamp, SendError>> {
        let received_at = self.clock.now();
        let (reserved, room) = self.reserve(messages);
        let accepted: Arc<[Arc<Message>]> = reserved.iter().flatten().cloned().collect();
        let outcome = if accepted.is_empty() { Ok(()) } else { self.accept(accepted, received_at, room).await };
        let answer = |message: Option<_>| match (message, &outcome) {
            (None, _) => Err(SendError::Busy(BUSY)),
            (Some(_), Ok(())) => Ok(received_at),
            (Some(_), Err(error)) => Err(error.clone().into()),
        };
        reserved.into_iter().map(answer).collect()
    }
}

impl Queue {
    /// Makes messages durable, then visible.
    async fn accept(
        &self,
        messages: Arc<[Arc<Message>]>,
        received_at: Timestamp,
        room: Room,
    ) -> Result<(), Unavailable> {
        let (writing, shared, waiters) = (messages.clone(), self.shared.clone(), self.waiters.clone());
        let (numbers, boot, millis) = (self.shared.clone(), self.boot, received_at.as_millisecond());
        let write = move |db: &Connection| {
            let sql = "INSERT INTO queue
                       (seq, grp, body, authorization, traceparent, task_token, received_at, boot)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let mut insert = db.prepare_cached(sql)?;
            let mut number = |message: &Arc<Message>| {
                let seq = numbers.next.fetch_add(1, Ordering::Relaxed);
                let Message { group, body, authorization, traceparent, task_token } = &**message;
                let row = params![seq.cast_signed(), group, body, authorization, traceparent, task_token, millis, boot];
                insert.execute(row)?;
                Ok(seq)
            };
            writing.iter().map(&mut number).collect::<rusqlite::Result<Vec<u64>>>()
        };
        let done = move |seqs: Option<&mut Vec<u64>>| {
            let Some(seqs) = seqs else { return };
            let mut state = lock(&shared.state);
            for (seq, message) in seqs.iter().zip(messages.iter()) {
                state.groups.push(*seq, Entry { message: message.clone(), received_at, receives: 0 });
            }
            drop(state);
            drop(room);
            shared.news.notify_one();
            if waiters.any() {
                for message in messages.iter() {
                    for (tenant, id) in queued::keys(message) {
                        waiters.wake(&tenant, std::iter::once(&id));
                    }
                }
            }
        };
        self.writer.write((FailPoint::Accept, FailPoint::Accepted), write, done).await.map(drop)
    }
}
