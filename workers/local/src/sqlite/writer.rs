//! The one writer: everything that waits goes into one transaction and costs one sync.

use std::{
    collections::VecDeque,
    fs::File,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use pipeline::{FailPoint, failpoint, ports::Unavailable};
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

/// How many writes may wait; then whoever writes waits.
const WAITING: usize = 4096;
/// The most writes that go into one transaction.
const PER_TRANSACTION: usize = 1024;
/// How long acknowledgements wait for a write that they can ride along with.
const RIDE: Duration = Duration::from_millis(5);
/// How long after a failure acknowledgements are tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A lock whose holder can't have left half a change behind: every section under it is total.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The fail-points before and after the transaction.
pub(super) type Around = (FailPoint, FailPoint);

/// A write, in a transaction with others.
pub(super) trait Job: Send {
    /// Writes rows. An error undoes the whole transaction: only for what the disk or the file can't do.
    fn write(&mut self, db: &Connection) -> rusqlite::Result<()>;

    /// Told after the transaction: whether all of it is durable, or none.
    fn done(self: Box<Self>, outcome: Result<(), Unavailable>);

    /// Where the process may die, if it may.
    fn failpoints(&self) -> Option<Around>;
}

/// A write made of two closures.
struct Work<T, W, D> {
    write: W,
    done: D,
    result: Option<T>,
    answer: oneshot::Sender<Result<T, Unavailable>>,
    failpoints: Option<Around>,
}

impl<T, W, D> Job for Work<T, W, D>
where
    T: Send,
    W: FnMut(&Connection) -> rusqlite::Result<T> + Send,
    D: FnOnce(Option<&mut T>) + Send,
{
    fn write(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.result = Some((self.write)(db)?);
        Ok(())
    }

    fn done(self: Box<Self>, outcome: Result<(), Unavailable>) {
        let mut result = match outcome {
            Ok(()) => self.result.ok_or_else(|| Unavailable::new("write", "the transaction left it out")),
            Err(error) => Err(error),
        };
        (self.done)(result.as_mut().ok());
        // whoever asked may have gone: the write stands all the same
        drop(self.answer.send(result));
    }

    fn failpoints(&self) -> Option<Around> {
        self.failpoints
    }
}

/// What waits for the writer.
#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    /// Rows of the queue that are done with.
    settled: Vec<u64>,
    /// Whoever waits until the settled rows are gone.
    flushes: Vec<oneshot::Sender<()>>,
    closed: bool,
}

struct Shared {
    waiting: Mutex<Waiting>,
    news: Condvar,
    room: Semaphore,
    transactions: AtomicU64,
}

/// The way to the writer's thread, which ends when this is dropped, after everything that waits was written.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which holds the folder's lock to its end.
    pub(super) fn start(db: Connection, lock: Arc<File>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            news: Condvar::new(),
            room: Semaphore::new(WAITING),
            transactions: AtomicU64::new(0),
        });
        let run = Run { shared: shared.clone(), db, _lock: lock };
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || run.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Writes something and waits until it is durable. `done` runs on the writer's thread after the transaction and
    /// before the answer, with what `write` returned, or with nothing if the transaction failed.
    pub(super) async fn write<T, W, D>(
        &self,
        failpoints: impl Into<Option<Around>>,
        write: W,
        done: D,
    ) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        D: FnOnce(Option<&mut T>) + Send + 'static,
    {
        let gone = || Unavailable::new("write", "the store was closed");
        let (answer, answered) = oneshot::channel();
        let mut job = Some(Box::new(Work { write, done, result: None, answer, failpoints: failpoints.into() }));
        if let Ok(permit) = self.shared.room.acquire().await {
            let mut waiting = lock(&self.shared.waiting);
            if !waiting.closed {
                permit.forget();
                waiting.jobs.extend(job.take().map(|job| job as Box<dyn Job>));
                self.shared.news.notify_one();
            }
        }
        if let Some(job) = job {
            job.done(Err(gone()));
        }
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Removes rows of the queue, with the next transaction.
    pub(super) fn settle(&self, rows: impl IntoIterator<Item = u64>) {
        lock(&self.shared.waiting).settled.extend(rows);
        self.shared.news.notify_one();
    }

    /// Resolves when every row that was settled before is gone from the file.
    pub(super) async fn flush(&self) -> Result<(), Unavailable> {
        let gone = || Unavailable::new("flush", "the store was closed");
        let answered = {
            let mut waiting = lock(&self.shared.waiting);
            if waiting.closed {
                return Err(gone());
            }
            let (answer, answered) = oneshot::channel();
            waiting.flushes.push(answer);
            self.shared.news.notify_one();
            answered
        };
        answered.await.map_err(|_| gone())
    }

    /// How many transactions were committed.
    pub(super) fn transactions(&self) -> u64 {
        self.shared.transactions.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        lock(&self.shared.waiting).closed = true;
        self.shared.news.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended by a panic");
        }
    }
}

/// The writer's thread.
struct Run {
    shared: Arc<Shared>,
    db: Connection,
    _lock: Arc<File>,
}

/// What goes into one transaction.
struct Group {
    jobs: Vec<Box<dyn Job>>,
    settled: Vec<u64>,
    flushes: Vec<oneshot::Sender<()>>,
}

impl Run {
    fn run(mut self) {
        let mut failed = false;
        while let Some(group) = self.next(failed) {
            let outcome = self.transact(group);
            failed = outcome.is_err();
            if let Err(error) = outcome {
                tracing::error!(%error, "a transaction of the store failed");
            }
        }
    }

    /// Waits for something to write; none when the store was closed and everything was written.
    fn next(&self, failed: bool) -> Option<Group> {
        let mut waiting = lock(&self.shared.waiting);
        let mut rode = false;
        loop {
            let settling = !waiting.settled.is_empty() || !waiting.flushes.is_empty();
            let hurry = !waiting.flushes.is_empty() && !failed;
            if !waiting.jobs.is_empty() || (settling && (rode || hurry || waiting.closed)) {
                break;
            }
            if waiting.closed {
                return None;
            }
            if settling {
                let patience = if failed { RETRY } else { RIDE };
                let woken = self.shared.news.wait_timeout_while(waiting, patience, |waiting| {
                    waiting.jobs.is_empty() && !waiting.closed && (failed || waiting.flushes.is_empty())
                });
                waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
                rode = true;
            } else {
                waiting = self.shared.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
        }
        let jobs = waiting.jobs.len().min(PER_TRANSACTION);
        let jobs: Vec<_> = waiting.jobs.drain(..jobs).collect();
        self.shared.room.add_permits(jobs.len());
        let (settled, flushes) = (std::mem::take(&mut waiting.settled), std::mem::take(&mut waiting.flushes));
        Some(Group { jobs, settled, flushes })
    }

    fn transact(&mut self, mut group: Group) -> Result<(), Unavailable> {
        let outcome = self.commit(&mut group).map_err(|error| {
            if !self.db.is_autocommit()
                && let Err(error) = self.db.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "a transaction of the store could not be undone");
            }
            Unavailable::new("write", error)
        });
        if outcome.is_ok() {
            self.shared.transactions.fetch_add(1, Ordering::Relaxed);
            after(&group);
        } else {
            let mut waiting = lock(&self.shared.waiting);
            if waiting.closed {
                tracing::warn!(rows = group.settled.len(), "settled messages stay in the queue: they come again");
            } else {
                waiting.settled.append(&mut group.settled);
                waiting.flushes.append(&mut group.flushes);
            }
        }
        for job in group.jobs {
            job.done(outcome.clone());
        }
        for flush in group.flushes {
            // whoever asked may have gone
            let _ = flush.send(());
        }
        outcome
    }

    fn commit(&mut self, group: &mut Group) -> rusqlite::Result<()> {
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        if !group.settled.is_empty() {
            let mut delete = self.db.prepare_cached("DELETE FROM queue WHERE seq = ?1")?;
            for seq in &group.settled {
                delete.execute([seq.cast_signed()])?;
            }
        }
        for job in &mut group.jobs {
            job.write(&self.db)?;
        }
        before(group);
        self.db.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

fn before(group: &Group) {
    group.jobs.iter().filter_map(|job| job.failpoints()).for_each(|around| failpoint(around.0));
    if !group.settled.is_empty() {
        failpoint(FailPoint::Acknowledge);
    }
}

fn after(group: &Group) {
    group.jobs.iter().filter_map(|job| job.failpoints()).for_each(|around| failpoint(around.1));
    if !group.settled.is_empty() {
        failpoint(FailPoint::Acknowledged);
    }
}

impl Drop for Run {
    /// However the thread ends, nobody waits for it any more.
    fn drop(&mut self) {
        let left = {
            let mut waiting = lock(&self.shared.waiting);
            waiting.closed = true;
            self.shared.room.close();
            std::mem::take(&mut *waiting)
        };
        lock(&self.shared.waiting).closed = true;
        for job in left.jobs {
            job.done(Err(Unavailable::new("write", "the store's writer has ended")));
        }
    }
}
