//! The commit store.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Hash, Id, StreamId, StreamKey, Tenant};
use pipeline::FailPoint;
use pipeline::ports::{
    Unavailable,
    commits::{Append, AppendError, ClaimKey, ClaimWrite, CommitStore, Holder, Page, Seen, Stored},
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, readers::ReadError};

/// How many bytes of a stream's commits the newest page may have: a stream that is longer is loaded from a snapshot.
const NEWEST_BYTES: usize = 64 << 10;
/// How many bytes of a stream's commits another page may have.
const PAGE_BYTES: usize = 512 << 10;

/// What became of an append within its transaction.
type Appended = Result<u64, AppendError>;

#[async_trait]
impl CommitStore for Store {
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        let above = above.to_vec();
        let read = move |db: &Connection| above.iter().map(|(key, above)| newest(db, key, *above)).collect();
        self.inner.readers.read("load streams", read).await
    }

    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable> {
        let stream = key.to_string();
        let read = move |db: &Connection| {
            let sql = "SELECT body FROM commits WHERE stream = ?1 AND seq >= ?2 ORDER BY seq";
            let mut select = db.prepare_cached(sql)?;
            page(select.query(params![stream, from.cast_signed()])?, limit, PAGE_BYTES, |_| false)
        };
        self.inner.readers.read("read a stream", read).await
    }

    async fn find(&self, key: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        let (tenant, stream) = (key.tenant.clone(), key.to_string());
        // the index on the id makes looking back cheap: the time is not needed to bound it
        let ids: Vec<Id> = commands.iter().map(|(id, _)| id.clone()).collect();
        let read = move |db: &Connection| {
            let sql = "SELECT seq, idx FROM commands JOIN commits USING (pos)
                       WHERE tenant = ?1 AND id = ?2 AND stream = ?3 ORDER BY pos DESC, idx DESC LIMIT 1";
            let mut select = db.prepare_cached(sql)?;
            let seen = |row: &Row<'_>| {
                let (seq, command): (i64, isize) = (row.get(0)?, row.get(1)?);
                Ok(Seen { seq: seq.cast_unsigned(), command: command.cast_unsigned() })
            };
            let mut find = |id: &Id| select.query_row([tenant.as_str(), id.as_str(), &stream], seen).optional();
            Ok(ids.iter().map(&mut find).collect::<Result<_, _>>()?)
        };
        self.inner.readers.read("find commands", read).await
    }

    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        let claims = claims.to_vec();
        let read = move |db: &Connection| Ok(claims.iter().map(|key| holder(db, key)).collect::<Result<_, _>>()?);
        self.inner.readers.read("read claims", read).await
    }

    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        let count = appends.len();
        let appends = Arc::new(appends);
        let (writing, telling) = (appends.clone(), appends.clone());
        let (log, waiters) = (self.inner.log.clone(), self.inner.waiters.clone());
        let write = move |db: &Connection| -> rusqlite::Result<Vec<Appended>> {
            writing.iter().map(|append| write(db, append)).collect()
        };
        let done = move |appended: Option<&mut Vec<Appended>>| {
            let Some(appended) = appended else { return };
            let kept = || telling.iter().zip(appended.iter()).filter_map(|(a, pos)| Some((*pos.as_ref().ok()?, a)));
            log.push(kept().map(|(pos, append)| (pos, append.stored())));
            for (_, append) in kept() {
                let commit = &append.stored().commit;
                waiters.wake(&commit.tenant, commit.commands.iter().map(|command| &command.id));
            }
        };
        match self.inner.writer.write((FailPoint::Commit, FailPoint::Committed), write, done).await {
            Ok(appended) => {
                let answer = |(append, appended): (&Append, Appended)| appended.map(|_| append.stored().clone());
                appends.iter().zip(appended).map(answer).collect()
            }
            Err(error) => (0..count).map(|_| Err(error.clone().into())).collect(),
        }
    }

    async fn streams(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        let prefix = format!("{tenant}/");
        let mut last = format!("{prefix}{}", cursor.unwrap_or_default());
        let read = move |db: &Connection| {
            let mut select =
                db.prepare_cached("SELECT stream FROM commits WHERE stream > ?1 ORDER BY stream LIMIT 1")?;
            let mut names: Vec<StreamId> = Vec::new();
            while names.len() < limit {
                let next: Option<String> = select.query_row([&last], |row| row.get(0)).optional()?;
                let Some(next) = next.filter(|next| next.starts_with(&prefix)) else { return Ok((names, None)) };
                let name = next.strip_prefix(&prefix).unwrap_or_default();
                names.push(name.parse().map_err(|error| ReadError::Corrupt(format!("stream `{next}` {error}")))?);
                last = next;
            }
            let cursor = names.last().map(ToString::to_string);
            Ok((names, cursor))
        };
        self.inner.readers.read("list streams", read).await
    }

    async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        let tenant = tenant.clone();
        let cursor = cursor.unwrap_or_default();
        let (scope, value) = cursor.split_once('\n').unwrap_or((cursor, ""));
        let (scope, value) = (scope.to_owned(), value.to_owned());
        let read = move |db: &Connection| {
            let sql = "SELECT stream, seq, hash, scope, value FROM claims
                       WHERE tenant = ?1 AND (scope, value) > (?2, ?3) ORDER BY scope, value LIMIT ?4";
            let mut select = db.prepare_cached(sql)?;
            let claim = |row: &Row<'_>| {
                let key = ClaimKey { tenant: tenant.clone(), scope: row.get(3)?, value: row.get(4)? };
                Ok((key, told_holder(row)?))
            };
            let claims = select.query_map(params![tenant.as_str(), scope, value, limit.cast_signed()], claim)?;
            let claims: Vec<_> = claims.collect::<Result<_, _>>()?;
            let last = claims.last().filter(|_| claims.len() == limit);
            let cursor = last.map(|(key, _): &(ClaimKey, Holder)| format!("{}\n{}", key.scope, key.value));
            Ok((claims, cursor))
        };
        self.inner.readers.read("list claims", read).await
    }
}

/// The newest commits of a stream above a number, no further back than the snapshot that the newest names.
fn newest(db: &Connection, key: &StreamKey, above: u64) -> Result<Page, ReadError> {
    let sql = "SELECT body FROM commits WHERE stream = ?1 AND seq > ?2 ORDER BY seq DESC";
    let mut select = db.prepare_cached(sql)?;
    let mut snapshot = None;
    page(select.query(params![key.to_string(), above.cast_signed()])?, usize::MAX, NEWEST_BYTES, |stored| {
        let at = *snapshot.get_or_insert(stored.commit.snapshot.unwrap_or_default());
        stored.commit.seq <= at + 1
    })
}

/// Decodes rows until a page is full, or a commit is the last that is wanted.
fn page(
    mut rows: rusqlite::Rows<'_>,
    limit: usize,
    max_bytes: usize,
    mut last: impl FnMut(&Stored) -> bool,
) -> Result<Page, ReadError> {
    let (mut page, mut bytes) = (Page::default(), 0);
    while let Some(row) = rows.next()? {
        if page.commits.len() >= limit || bytes > max_bytes {
            page.more = true;
            break;
        }
        let stored = match Stored::decode(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?) {
            Ok(stored) => stored,
            Err(corrupt) => {
                page.corrupt = Some(corrupt);
                break;
            }
        };
        bytes += stored.bytes;
        let enough = last(&stored);
        page.commits.push(Arc::new(stored));
        if enough {
            page.more = rows.next()?.is_some();
            break;
        }
    }
    Ok(page)
}

/// Who holds a claim.
fn holder(db: &Connection, key: &ClaimKey) -> rusqlite::Result<Option<Holder>> {
    let sql = "SELECT stream, seq, hash FROM claims WHERE tenant = ?1 AND scope = ?2 AND value = ?3";
    let mut select = db.prepare_cached(sql)?;
    select.query_row([key.tenant.as_str(), &key.scope, &key.value], told_holder).optional()
}

/// The holder that a row tells in its first three columns.
fn told_holder(row: &Row<'_>) -> rusqlite::Result<Holder> {
    let stream: String = row.get(0)?;
    let stream = stream.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
    let seq: i64 = row.get(1)?;
    let hash = Hash::from_bytes(row.get_ref(2)?.as_blob()?).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(Holder { stream, seq: seq.cast_unsigned(), hash })
}

/// Writes a commit and its claims, or nothing. Everything is asked before the first row is written.
fn write(db: &Connection, append: &Append) -> rusqlite::Result<Appended> {
    let commit = &append.stored().commit;
    let (stream, seq) = (append.position().key().to_string(), commit.seq.cast_signed());
    if !append.claims().is_empty() {
        let mut taken = db.prepare_cached("SELECT 1 FROM commits WHERE stream = ?1 AND seq = ?2")?;
        if taken.exists(params![stream, seq])? {
            return Ok(Err(AppendError::Conflict));
        }
        for (index, claim) in append.claims().iter().enumerate() {
            if holder(db, claim.key())?.as_ref() != claim.read() {
                return Ok(Err(AppendError::Claimed(index)));
            }
        }
    }
    let sql = "INSERT INTO commits (stream, seq, body) VALUES (?1, ?2, ?3) ON CONFLICT (stream, seq) DO NOTHING";
    if db.prepare_cached(sql)?.execute(params![stream, seq, append.body()])? == 0 {
        return Ok(Err(AppendError::Conflict));
    }
    let pos = db.last_insert_rowid();
    let mut index = db.prepare_cached("INSERT INTO commands (tenant, id, pos, idx) VALUES (?1, ?2, ?3, ?4)")?;
    for (command, record) in commit.commands.iter().enumerate() {
        index.execute(params![commit.tenant.as_str(), record.id.as_str(), pos, command.cast_signed()])?;
    }
    for claim in append.claims() {
        write_claim(db, claim, append.stored())?;
    }
    Ok(Ok(pos.cast_unsigned()))
}

fn write_claim(db: &Connection, claim: &ClaimWrite, stored: &Stored) -> rusqlite::Result<()> {
    match claim {
        ClaimWrite::Take { key, .. } => {
            let sql = "INSERT OR REPLACE INTO claims (tenant, scope, value, stream, seq, hash)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let (stream, seq) = (stored.commit.stream.as_str(), stored.commit.seq.cast_signed());
            let hash = stored.hash.as_bytes();
            let row = params![key.tenant.as_str(), key.scope, key.value, stream, seq, hash];
            db.prepare_cached(sql)?.execute(row)?;
        }
        ClaimWrite::Release { key, .. } => {
            let sql = "DELETE FROM claims WHERE tenant = ?1 AND scope = ?2 AND value = ?3";
            db.prepare_cached(sql)?.execute([key.tenant.as_str(), &key.scope, &key.value])?;
        }
    }
    Ok(())
}
