//! The embedded store: one SQLite file that holds the commits, the queue, the statuses and the snapshots.
//!
//! Everything that is written goes through one thread, which commits all that waits in one transaction: one sync
//! pays for many writes, and nothing is answered before it is durable. Reads have connections of their own.
//!
//! | file | what it holds |
//! |---|---|
//! | `writer` | the thread that writes, in groups |
//! | `readers` | the connections that read |
//! | `commits`, `snapshots`, `status`, `inbox` | the ports of the same names |
//! | [`prune`] | what is past the contract's horizon is forgotten |
//! | [`queue`] | the command queue: what survives is in the file, who works on what is in memory |
//! | [`tail`] | the log of commits, for whoever follows it |
//! | [`limits`] | what bare SQLite can do on this disk, to compare with |

mod commits;
mod inbox;
pub mod limits;
pub mod prune;
pub mod queue;
mod readers;
mod schema;
mod snapshots;
mod status;
pub mod tail;
mod waiters;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use pipeline::ports::{Unavailable, clock::Clock};
use rusqlite::Connection;

use self::{
    queue::{Limits, Queue},
    readers::Readers,
    schema::Format,
    tail::{Log, Tail},
    waiters::Waiters,
    writer::Writer,
};

/// The file in the data folder.
pub const FILE: &str = "factmill.db";
/// The file whose lock keeps a second process out.
pub const LOCK: &str = "lock";

/// How many pages the write-ahead log may have before it is copied into the file.
const CHECKPOINT_PAGES: i64 = 4_000;
/// What is left of the write-ahead log's file after a burst, in bytes.
const JOURNAL_BYTES: i64 = 64 << 20;
/// The writer's page cache, in KiB; negative, as SQLite wants it.
const CACHE_KIB: i64 = -65_536;

/// Why a data folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder can't be made or written.
    #[error("the data folder `{}` can't be written: {source}; choose another one, or make it writable", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has it.
    #[error("the data folder `{}` is in use by another process; stop it, or choose another folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "the data folder `{}` has format {found}, and this program knows up to {known}; run the newer program that wrote it, or choose another folder",
        path.display()
    )]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The file belongs to something else.
    #[error("`{}` is not a database of ours; choose another data folder", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be read or written.
    #[error("`{}` can't be opened: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// The store of one data folder. A clone is the same store; it is closed with the last one, after everything that
/// waits was written.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    log: Arc<Log>,
    waiters: Arc<Waiters>,
    queue: Queue,
    failures: Arc<inbox::Count>,
}

impl Store {
    /// Opens the store of a folder, made if it isn't there. Blocks: the queue's messages are loaded.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, OpenError> {
        let lock = Arc::new(lock(folder)?);
        let path = folder.join(FILE);
        let fail = |source| OpenError::Database { path: path.clone(), source };
        let mut db = Connection::open(&path).map_err(fail)?;
        match schema::prepare(&mut db).map_err(fail)? {
            Format::Ready => {}
            Format::Newer(found) => {
                return Err(OpenError::Newer { path: folder.to_owned(), found, known: schema::FORMAT });
            }
            Format::Foreign => return Err(OpenError::Foreign { path }),
        }
        tune(&db).map_err(fail)?;
        Self::with_connection(db, lock, folder, clock, limits)
    }

    /// The store of a connection that is set up for it.
    fn with_connection(
        db: Connection,
        lock: Arc<File>,
        folder: &Path,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let path = folder.join(FILE);
        let fail = |source| OpenError::Database { path: path.clone(), source };
        let boot = schema::count(&db, "boots").map_err(fail)?;
        let messages = queue::load(&db, boot).map_err(fail)?;
        let log = Arc::new(Log::load(&db).map_err(fail)?);
        let failures = Arc::new(inbox::Count::load(&db).map_err(fail)?);
        let writer = Writer::start(db, lock);
        let writer = Arc::new(writer.map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?);
        let waiters = Arc::<Waiters>::default();
        let queue = Queue::new(messages, boot, limits, writer.clone(), waiters.clone(), clock);
        let readers = Arc::new(Readers::new(path));
        Ok(Self { inner: Arc::new(Inner { writer, readers, log, waiters, queue, failures }) })
    }

    /// The command queue.
    pub fn queue(&self) -> &Queue {
        &self.inner.queue
    }

    /// The log of commits, for whoever follows it.
    pub fn tail(&self) -> Tail {
        Tail::new(self.inner.log.clone(), self.inner.readers.clone())
    }

    /// How many transactions were committed since the store was opened: each is one sync.
    pub fn transactions(&self) -> u64 {
        self.inner.writer.transactions()
    }

    /// How many given-up commands are kept.
    pub fn failures(&self) -> u64 {
        self.inner.failures.get()
    }

    /// Writes a row, durably, to see whether the disk takes it.
    pub async fn probe(&self) -> Result<(), Unavailable> {
        let write = |db: &Connection| schema::count(db, "probes").map(drop);
        self.inner.writer.write(None, write, |_| ()).await
    }

    /// Resolves when everything that was acknowledged is gone from the file: before an orderly end.
    pub async fn flush(&self) -> Result<(), Unavailable> {
        self.inner.writer.flush().await
    }
}

/// Makes the folder and takes its lock, which is held as long as the file is open.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let fail = |source| OpenError::Folder { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let file = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(fail(source)),
    }
}

/// How a connection that writes is set up: durable at every commit.
fn tune(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    db.pragma_update(None, "journal_size_limit", JOURNAL_BYTES)?;
    db.pragma_update(None, "cache_size", CACHE_KIB)?;
    db.set_prepared_statement_cache_capacity(64);
    readers::keep_plans(db)
}
