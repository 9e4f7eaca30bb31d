//! The status store. What a stream recorded follows from its commits; what is queued, from the queue.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use kernel::{Id, StreamId, Tenant};
use pipeline::FailPoint;
use pipeline::ports::{
    Unavailable,
    commits::Stored,
    status::{Change, Known, StatusStore},
};
use rusqlite::{Connection, Row, params};

use super::{Store, readers::ReadError, tail::Log};

#[async_trait]
impl StatusStore for Store {
    async fn read(&self, tenant: &Tenant, ids: &[Id]) -> Result<Vec<Option<Known>>, Unavailable> {
        self.known(tenant, ids.to_vec(), None).await
    }

    async fn read_on(&self, tenant: &Tenant, id: &Id, stream: &StreamId) -> Result<Option<Known>, Unavailable> {
        let known = self.known(tenant, vec![id.clone()], Some(stream.clone())).await?;
        Ok(known.into_iter().next().flatten())
    }

    async fn record(&self, tenant: &Tenant, settled: Vec<Known>) -> Result<(), Unavailable> {
        let encode = |known: &Known| serde_json::to_string(known);
        let bodies = settled.iter().map(encode).collect::<Result<Vec<_>, _>>();
        let bodies = bodies.map_err(|error| Unavailable::new("record statuses", error))?;
        let settled = Arc::new(settled);
        let (writing, writing_tenant) = (settled.clone(), tenant.clone());
        let write = move |db: &Connection| {
            let sql = "INSERT INTO refusals (tenant, id, stream, received_at, known) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT (tenant, id, stream)
                       DO UPDATE SET received_at = excluded.received_at, known = excluded.known
                       WHERE excluded.received_at >= received_at";
            let mut upsert = db.prepare_cached(sql)?;
            for (known, body) in writing.iter().zip(&bodies) {
                let status = &known.status;
                let received_at = status.received_at.as_millisecond();
                let (id, stream) = (status.id.as_str(), status.stream.as_str());
                upsert.execute(params![writing_tenant.as_str(), id, stream, received_at, body])?;
            }
            Ok(())
        };
        let (waiters, tenant) = (self.inner.waiters.clone(), tenant.clone());
        let done = move |written: Option<&mut ()>| {
            if written.is_some() {
                waiters.wake(&tenant, settled.iter().map(|known| &known.status.id));
            }
        };
        self.inner.writer.write((FailPoint::Status, FailPoint::Recorded), write, done).await
    }

    fn watch(&self, tenant: &Tenant, id: &Id) -> Change<'_> {
        self.inner.waiters.watch(tenant, id)
    }
}

impl Store {
    async fn known(
        &self,
        tenant: &Tenant,
        ids: Vec<Id>,
        stream: Option<StreamId>,
    ) -> Result<Vec<Option<Known>>, Unavailable> {
        // first the queue, then the file: a command that is settled in between is found in the file
        let queued = self.inner.queue.known(tenant, &ids, stream.as_ref());
        let (log, tenant) = (self.inner.log.clone(), tenant.clone());
        let read = move |db: &Connection| {
            let mut commits = Commits { db, log: &log, decoded: HashMap::new() };
            let settled = |(id, queued): (&Id, Option<Known>)| -> Result<Option<Known>, ReadError> {
                if let Some(known) = commits.settled(&tenant, id, stream.as_ref())? {
                    return Ok(Some(known));
                }
                let refused = refused(db, &tenant, id, stream.as_ref())?;
                Ok([refused, queued].into_iter().flatten().reduce(|a, b| if b.outranks(&a) { b } else { a }))
            };
            ids.iter().zip(queued).map(settled).collect()
        };
        self.inner.readers.read("read statuses", read).await
    }
}

/// Commits as they are needed for statuses, each decoded once.
struct Commits<'a> {
    db: &'a Connection,
    log: &'a Log,
    decoded: HashMap<u64, Arc<Stored>>,
}

impl Commits<'_> {
    /// What a stream recorded of a command: the first, where it was settled more than once.
    fn settled(&mut self, tenant: &Tenant, id: &Id, stream: Option<&StreamId>) -> Result<Option<Known>, ReadError> {
        let sql = "SELECT pos, idx FROM commands WHERE tenant = ?1 AND id = ?2 ORDER BY pos, idx";
        let mut select = self.db.prepare_cached(sql)?;
        let mut rows = select.query([tenant.as_str(), id.as_str()])?;
        while let Some(row) = rows.next()? {
            let (pos, command): (i64, isize) = (row.get(0)?, row.get(1)?);
            let stored = match self.at(pos.cast_unsigned()) {
                Ok(stored) => stored,
                Err(ReadError::Corrupt(corrupt)) => {
                    // nobody can tell its outcome any more; the others' statuses are told all the same
                    tracing::error!(command = id.as_str(), pos, "the commit that settled a command: {corrupt}");
                    continue;
                }
                Err(error) => return Err(error),
            };
            if stream.is_none_or(|stream| *stream == stored.commit.stream) {
                return Ok(Known::of_commit(&stored.commit, command.cast_unsigned()));
            }
        }
        Ok(None)
    }

    fn at(&mut self, pos: u64) -> Result<Arc<Stored>, ReadError> {
        if let Some(stored) = self.decoded.get(&pos) {
            return Ok(stored.clone());
        }
        let stored = if let Some(stored) = self.log.get(pos) {
            stored
        } else {
            let mut select = self.db.prepare_cached("SELECT body FROM commits WHERE pos = ?1")?;
            let body = |row: &Row<'_>| Ok(Stored::decode(row.get_ref(0)?.as_blob()?));
            Arc::new(select.query_row([pos.cast_signed()], body)??)
        };
        self.decoded.insert(pos, stored.clone());
        Ok(stored)
    }
}

/// The refusal or failure of the latest delivery.
fn refused(db: &Connection, tenant: &Tenant, id: &Id, on: Option<&StreamId>) -> Result<Option<Known>, ReadError> {
    let sql = "SELECT known, stream FROM refusals WHERE tenant = ?1 AND id = ?2 ORDER BY received_at DESC";
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query([tenant.as_str(), id.as_str()])?;
    while let Some(row) = rows.next()? {
        let stream = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        if on.is_none_or(|on| on.as_str() == stream) {
            let known = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let known = serde_json::from_str(known);
            return known.map(Some).map_err(|error| ReadError::Corrupt(format!("a status can't be read: {error}")));
        }
    }
    Ok(None)
}
