//! The log of commits: in the order in which they were appended, for whoever follows it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use kernel::{Corrupt, Hash};
use pipeline::ports::{Unavailable, commits::Stored};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::watch;

use super::{readers::Readers, writer::lock};

/// How many bytes of the newest commits are kept decoded, so that a follower needn't read them again.
const RECENT_BYTES: usize = 8 << 20;

/// The log's newest commits, and where it ends.
pub(super) struct Log {
    recent: Mutex<Recent>,
    head: watch::Sender<u64>,
}

/// The newest commits. INVARIANT: their positions follow one another without gaps, up to the head.
#[derive(Default)]
struct Recent {
    commits: VecDeque<(u64, Arc<Stored>)>,
    bytes: usize,
}

impl Log {
    /// The log of a file.
    pub(super) fn load(db: &Connection) -> rusqlite::Result<Self> {
        let head: i64 = db.query_row("SELECT coalesce(max(pos), 0) FROM commits", [], |row| row.get(0))?;
        Ok(Self { recent: Mutex::default(), head: watch::Sender::new(head.cast_unsigned()) })
    }

    /// Notes commits that were just made durable, in order.
    pub(super) fn push<'a>(&self, commits: impl Iterator<Item = (u64, &'a Arc<Stored>)>) {
        let mut head = None;
        {
            let mut recent = lock(&self.recent);
            for (pos, stored) in commits {
                recent.bytes += stored.bytes;
                recent.commits.push_back((pos, stored.clone()));
                head = Some(pos);
            }
            while recent.bytes > RECENT_BYTES
                && let Some((_, oldest)) = recent.commits.pop_front()
            {
                recent.bytes -= oldest.bytes;
            }
        }
        if let Some(head) = head {
            self.head.send_replace(head);
        }
    }

    /// The commit at a position, if it is one of the newest.
    pub(super) fn get(&self, pos: u64) -> Option<Arc<Stored>> {
        let recent = lock(&self.recent);
        let (first, _) = recent.commits.front()?;
        let index = usize::try_from(pos.checked_sub(*first)?).ok()?;
        recent.commits.get(index).map(|(_, stored)| stored.clone())
    }

    /// The commits behind a position; none if they are not all among the newest.
    fn after(&self, after: u64, max_bytes: usize) -> Option<Vec<Logged>> {
        let recent = lock(&self.recent);
        let (first, _) = recent.commits.front()?;
        let skip = usize::try_from((after + 1).checked_sub(*first)?).ok()?;
        let mut bytes = 0;
        let page = recent.commits.iter().skip(skip).take_while(|(_, stored)| {
            let fits = bytes == 0 || bytes + stored.bytes <= max_bytes;
            bytes += stored.bytes;
            fits
        });
        Some(page.map(|(pos, stored)| Logged { pos: *pos, hash: stored.hash, stored: Ok(stored.clone()) }).collect())
    }
}

/// A commit in the log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its place: 1, 2, 3 …
    pub pos: u64,
    /// Hash of the bytes as stored.
    pub hash: Hash,
    /// The commit; or why it can't be read, which a follower tells and passes.
    pub stored: Result<Arc<Stored>, Corrupt>,
}

/// The log of commits, for whoever follows it. A clone follows the same log.
#[derive(Clone)]
pub struct Tail {
    log: Arc<Log>,
    readers: Arc<Readers>,
}

impl Tail {
    pub(super) fn new(log: Arc<Log>, readers: Arc<Readers>) -> Self {
        Self { log, readers }
    }

    /// The position of the newest commit, 0 if there is none; tells when it changes.
    pub fn position(&self) -> watch::Receiver<u64> {
        self.log.head.subscribe()
    }

    /// The commits behind a position, oldest first: at most this many bytes, but one commit if there is any.
    pub async fn read(&self, after: u64, max_bytes: usize) -> Result<Vec<Logged>, Unavailable> {
        if after >= *self.log.head.borrow() {
            return Ok(Vec::new());
        }
        if let Some(page) = self.log.after(after, max_bytes) {
            return Ok(page);
        }
        let read = move |db: &Connection| {
            let mut select = db.prepare_cached("SELECT pos, body FROM commits WHERE pos > ?1 ORDER BY pos")?;
            let mut rows = select.query([after.cast_signed()])?;
            let (mut page, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                bytes += body.len();
                if !page.is_empty() && bytes > max_bytes {
                    break;
                }
                let pos: i64 = row.get(0)?;
                let (stored, pos) = (Stored::decode(body).map(Arc::new), pos.cast_unsigned());
                let hash = stored.as_ref().map_or_else(|_| Hash::of(body), |stored| stored.hash);
                page.push(Logged { pos, hash, stored });
            }
            Ok(page)
        };
        self.readers.read("read the log", read).await
    }

    /// The hash of the commit at a position, to see whether a follower remembers this log.
    pub async fn hash_at(&self, pos: u64) -> Result<Option<Hash>, Unavailable> {
        if let Some(stored) = self.log.get(pos) {
            return Ok(Some(stored.hash));
        }
        let read = move |db: &Connection| {
            let mut select = db.prepare_cached("SELECT body FROM commits WHERE pos = ?1")?;
            let body = select.query_row([pos.cast_signed()], |row| Ok(Hash::of(row.get_ref(0)?.as_blob()?)));
            Ok(body.optional()?)
        };
        self.readers.read("read the log", read).await
    }
}
