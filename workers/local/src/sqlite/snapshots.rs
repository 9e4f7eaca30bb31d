//! The snapshot store.

use async_trait::async_trait;
use kernel::{Hash, StreamKey};
use pipeline::FailPoint;
use pipeline::ports::{
    Unavailable,
    snapshots::{Snapshot, SnapshotStore},
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Store;

#[async_trait]
impl SnapshotStore for Store {
    async fn get(&self, key: &StreamKey, revision: u32) -> Result<Option<Snapshot>, Unavailable> {
        let stream = key.to_string();
        let read = move |db: &Connection| {
            let sql = "SELECT seq, hash, version, time, state FROM snapshots WHERE stream = ?1 AND revision = ?2";
            let mut select = db.prepare_cached(sql)?;
            Ok(select.query_row(params![stream, revision], |row| decode(row, revision)).optional()?)
        };
        self.inner.readers.read("read a snapshot", read).await
    }

    async fn put(&self, key: &StreamKey, snapshot: &Snapshot, over: Option<Hash>) -> Result<bool, Unavailable> {
        let (stream, snapshot) = (key.to_string(), snapshot.clone());
        let write = move |db: &Connection| {
            let sql = "INSERT INTO snapshots (stream, revision, seq, hash, version, time, state)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                       ON CONFLICT (stream, revision) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
                           version = excluded.version, time = excluded.time, state = excluded.state
                       WHERE excluded.seq > seq OR hash = ?8";
            let rows = db.prepare_cached(sql)?.execute(params![
                stream,
                snapshot.revision,
                snapshot.seq.cast_signed(),
                snapshot.hash.as_bytes(),
                snapshot.version.cast_signed(),
                snapshot.time.to_string(),
                snapshot.state,
                over.as_ref().map(Hash::as_bytes)
            ])?;
            Ok(rows == 1)
        };
        self.inner.writer.write((FailPoint::Snapshot, FailPoint::Snapshotted), write, |_| ()).await
    }
}

fn decode(row: &Row<'_>, revision: u32) -> rusqlite::Result<Snapshot> {
    let (seq, version): (i64, i64) = (row.get(0)?, row.get(2)?);
    let hash = Hash::from_bytes(row.get_ref(1)?.as_blob()?).ok_or(rusqlite::Error::InvalidQuery)?;
    let time = row.get_ref(3)?.as_str()?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
    let state = row.get(4)?;
    Ok(Snapshot { revision, seq: seq.cast_unsigned(), hash, version: version.cast_unsigned(), time, state })
}
