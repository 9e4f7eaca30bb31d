//! The tables, and the format of the data folder.

use rusqlite::Connection;

/// The format that this program writes. A folder of a newer one is not opened.
pub(super) const FORMAT: u32 = 1;

/// `b"fact"`: says that a SQLite file is ours.
const APPLICATION: u32 = 0x6661_6374;

/// Keys are texts as they stand in ids, `stream` is `<tenant>/<aggregate>/<id>`, times are milliseconds since 1970.
///
/// Commits are never deleted, so `pos` is the log's order. What a command came to follows from `commands` and the
/// commit; only refusals and failures have rows of their own.
const TABLES: &str = "
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE queue (
        seq INTEGER PRIMARY KEY,
        grp TEXT NOT NULL,
        body TEXT NOT NULL,
        authorization TEXT NOT NULL,
        traceparent TEXT,
        task_token TEXT,
        received_at INTEGER NOT NULL,
        boot INTEGER NOT NULL
    );
    CREATE TABLE commits (
        pos INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (stream, seq)
    );
    CREATE TABLE commands (
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        pos INTEGER NOT NULL,
        idx INTEGER NOT NULL,
        PRIMARY KEY (tenant, id, pos, idx)
    ) WITHOUT ROWID;
    CREATE TABLE claims (
        tenant TEXT NOT NULL,
        scope TEXT NOT NULL,
        value TEXT NOT NULL,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (tenant, scope, value)
    ) WITHOUT ROWID;
    CREATE TABLE refusals (
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        stream TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        known TEXT NOT NULL,
        PRIMARY KEY (tenant, id, stream)
    ) WITHOUT ROWID;
    CREATE TABLE snapshots (
        stream TEXT NOT NULL,
        revision INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        version INTEGER NOT NULL,
        time TEXT NOT NULL,
        state BLOB NOT NULL,
        UNIQUE (stream, revision)
    );
    CREATE TABLE inbox (
        tenant TEXT NOT NULL,
        stream TEXT NOT NULL,
        id TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        failed TEXT NOT NULL,
        PRIMARY KEY (tenant, stream, id, received_at)
    ) WITHOUT ROWID;
";

/// What makes reading by age cheap. Files that were made before there were any get them when they are opened.
const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS refusals_by_age ON refusals (received_at);
    CREATE INDEX IF NOT EXISTS inbox_by_age ON inbox (received_at);
";

/// How a file's format stands to ours.
pub(super) enum Format {
    /// It is ours, and has tables now.
    Ready,
    /// It was written by a newer program.
    Newer(u32),
    /// It is a database of something else.
    Foreign,
}

/// Makes the tables of a new file.
pub(super) fn prepare(db: &mut Connection) -> rusqlite::Result<Format> {
    let application: u32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let format: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, format, tables) {
        (0, 0, 0) => {}
        (APPLICATION, FORMAT, _) => {
            db.execute_batch(INDEXES)?;
            return Ok(Format::Ready);
        }
        (APPLICATION, newer, _) if newer > FORMAT => return Ok(Format::Newer(newer)),
        _ => return Ok(Format::Foreign),
    }
    let tx = db.transaction()?;
    tx.execute_batch(TABLES)?;
    tx.execute_batch(INDEXES)?;
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()?;
    Ok(Format::Ready)
}

/// Counts one more of something that happened to this folder, such as a start of the engine.
pub(super) fn count(db: &Connection, what: &str) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, 1)
               ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value";
    db.query_row(sql, [what], |row| row.get(0))
}
