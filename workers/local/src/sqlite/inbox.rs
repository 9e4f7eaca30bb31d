//! The inbox of given-up commands.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use pipeline::FailPoint;
use pipeline::ports::{
    Unavailable,
    queue::{Failed, FailureInbox},
};
use rusqlite::{Connection, params};

use super::Store;

/// How many are kept.
pub(super) struct Count(AtomicU64);

impl Count {
    /// Counts those of a file.
    pub(super) fn load(db: &Connection) -> rusqlite::Result<Self> {
        let count: i64 = db.query_row("SELECT count(*) FROM inbox", [], |row| row.get(0))?;
        Ok(Self(AtomicU64::new(count.cast_unsigned())))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn keep(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(super) fn forget(&self, fewer: usize) {
        self.0.fetch_sub(fewer as u64, Ordering::Relaxed);
    }
}

#[async_trait]
impl FailureInbox for Store {
    async fn keep(&self, failed: &Failed) -> Result<(), Unavailable> {
        let body = serde_json::to_string(failed).map_err(|error| Unavailable::new("keep a failure", error))?;
        let failed = failed.clone();
        let write = move |db: &Connection| {
            let sql = "INSERT OR IGNORE INTO inbox (tenant, stream, id, received_at, failed)
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            let received_at = failed.received_at.as_millisecond();
            let key = params![failed.tenant.as_str(), failed.stream.as_str(), failed.id.as_str(), received_at, body];
            db.prepare_cached(sql)?.execute(key)
        };
        let count = self.inner.failures.clone();
        let done = move |kept: Option<&mut usize>| count.keep(kept.map_or(0, |kept| *kept));
        self.inner.writer.write((FailPoint::Keep, FailPoint::Kept), write, done).await.map(drop)
    }
}
