//! Read-only connections, used on threads that may block.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use pipeline::ports::Unavailable;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tokio::sync::Semaphore;

use super::writer::lock;

/// How many reads go on side by side.
const READERS: usize = 4;

/// A few connections, opened when they are needed.
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// Readers of a file.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Arc::default(), turns: Arc::new(Semaphore::new(READERS)) }
    }

    /// Reads something; what it sees is one state of the file, at least as new as when it was called.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let fail = |error: ReadError| Unavailable::new(what, error);
        let turn = self.turns.clone().acquire_owned().await.map_err(|error| Unavailable::new(what, error))?;
        let (idle, path) = (self.idle.clone(), self.path.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let spare = lock(&idle).pop();
            let db = match spare {
                Some(db) => db,
                None => open(&path)?,
            };
            let tx = db.unchecked_transaction()?;
            let result = read(&tx);
            tx.finish()?;
            lock(&idle).push(db);
            drop(turn);
            result
        });
        reading.await.map_err(|error| Unavailable::new(what, error))?.map_err(fail)
    }
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The file or the disk.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What is in the file.
    #[error("{0}")]
    Corrupt(String),
}

impl From<kernel::catalog::Corrupt> for ReadError {
    fn from(corrupt: kernel::catalog::Corrupt) -> Self {
        Self::Corrupt(corrupt.0)
    }
}

/// Keeps a statement's plan whatever is bound to it. Without this, SQLite prepares a cached statement anew for each
/// value, which costs more than the look-up itself.
pub(super) fn keep_plans(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.set_prepared_statement_cache_capacity(64);
    keep_plans(&db)?;
    db.pragma_update(None, "cache_size", -16_384)?;
    Ok(db)
}
