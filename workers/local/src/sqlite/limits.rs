//! What bare SQLite can do on this disk: the same rows in the same transactions, by a plain loop.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use kernel::StreamKey;
use pipeline::ports::{commits::Stored, queue::Message};
use rusqlite::{Connection, OpenFlags, params};

use super::{FILE, OpenError, schema, tune};

/// The rows of a command's whole life: its message, its commit, the entry of its id, and the message's end.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The message that it came in.
    pub message: Message,
    /// Its stream.
    pub stream: StreamKey,
    /// The commit's number.
    pub seq: u64,
    /// The commit's bytes.
    pub commit: Vec<u8>,
    /// The ids of the commit's commands.
    pub ids: Vec<String>,
}

/// The newest commits of a store, as the rows that they were: their messages get this body and token.
pub fn recorded(folder: &Path, count: u32, body: &str, authorization: &str) -> Result<Vec<Rows>, OpenError> {
    let path = folder.join(FILE);
    let read = || -> rusqlite::Result<Vec<Rows>> {
        let db = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut select = db.prepare("SELECT body FROM commits ORDER BY pos DESC LIMIT ?1")?;
        let bodies = select.query_map([count], |row| row.get::<_, Vec<u8>>(0))?;
        let rows = bodies.map(|commit| {
            let commit = commit?;
            let stored =
                Stored::decode(&commit).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let stream = stored.commit.key();
            Ok(Rows {
                message: Message {
                    group: stream.to_string(),
                    body: body.to_owned(),
                    authorization: authorization.to_owned(),
                    traceparent: None,
                    task_token: None,
                },
                stream,
                seq: stored.commit.seq,
                ids: stored.commit.commands.iter().map(|command| command.id.to_string()).collect(),
                commit,
            })
        });
        let mut rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        rows.reverse();
        Ok(rows)
    };
    read().map_err(|source| OpenError::Database { path: path.clone(), source })
}

/// Writes rows to a new store in this folder, as the engine would under load: each transaction takes so many
/// messages in, commits as many of those before, and removes them. Tells how long it took, all of it durable.
pub fn raw_rows(
    folder: &Path,
    rows: impl Iterator<Item = Rows>,
    per_transaction: usize,
) -> Result<Duration, OpenError> {
    let path = folder.join(FILE);
    let fail = |source| OpenError::Database { path: path.clone(), source };
    let db = prepare(folder)?;
    let started = Instant::now();
    let mut rows = rows.peekable();
    let (mut first, mut before) = (1_i64, Vec::new());
    while rows.peek().is_some() || !before.is_empty() {
        let group: Vec<Rows> = rows.by_ref().take(per_transaction).collect();
        write(&db, first, &before, &group).map_err(fail)?;
        first += i64::try_from(before.len()).unwrap_or(i64::MAX);
        before = group;
    }
    Ok(started.elapsed())
}

/// Writes so many rows of this many bytes, each durable by itself; tells how long one took on average.
pub fn bare_insert(folder: &Path, bytes: usize, times: u32) -> Result<Duration, OpenError> {
    let path = folder.join(FILE);
    let fail = |source| OpenError::Database { path: path.clone(), source };
    let db = prepare(folder)?;
    db.execute_batch("CREATE TABLE bare (body BLOB NOT NULL)").map_err(fail)?;
    let mut insert = db.prepare("INSERT INTO bare (body) VALUES (?1)").map_err(fail)?;
    let body = vec![b'x'; bytes];
    let started = Instant::now();
    for _ in 0..times {
        insert.execute([&body]).map_err(fail)?;
    }
    Ok(started.elapsed() / times.max(1))
}

/// A new store, set up as the engine's.
fn prepare(folder: &Path) -> Result<Connection, OpenError> {
    std::fs::create_dir_all(folder).map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
    let path = folder.join(FILE);
    let open = || {
        let mut db = Connection::open(&path)?;
        schema::prepare(&mut db)?;
        tune(&db)?;
        Ok(db)
    };
    open().map_err(|source| OpenError::Database { path: path.clone(), source })
}

/// One transaction: `before` has the queue's rows from `first` on and is committed, `group` comes in behind it.
fn write(db: &Connection, first: i64, before: &[Rows], group: &[Rows]) -> rusqlite::Result<()> {
    let tx = db.unchecked_transaction()?;
    let mut delete = tx.prepare_cached("DELETE FROM queue WHERE seq = ?1")?;
    let mut queue = tx.prepare_cached(
        "INSERT INTO queue (seq, grp, body, authorization, traceparent, task_token, received_at, boot)
         VALUES (?1, ?2, ?3, ?4, NULL, NULL, 1795000000000, 1)",
    )?;
    let mut commits = tx.prepare_cached("INSERT INTO commits (stream, seq, body) VALUES (?1, ?2, ?3)")?;
    let mut commands =
        tx.prepare_cached("INSERT INTO commands (tenant, id, pos, idx) VALUES (?1, ?2, ?3, 0) ON CONFLICT DO NOTHING")?;
    for (seq, row) in (first..).zip(before) {
        delete.execute([seq])?;
        commits.execute(params![row.stream.to_string(), row.seq.cast_signed(), row.commit])?;
        let pos = tx.last_insert_rowid();
        for id in &row.ids {
            commands.execute(params![row.stream.tenant.as_str(), id, pos])?;
        }
    }
    for (seq, row) in (first..).skip(before.len()).zip(group) {
        queue.execute(params![seq, row.message.group, row.message.body, row.message.authorization])?;
    }
    drop((delete, queue, commits, commands));
    tx.commit()
}
