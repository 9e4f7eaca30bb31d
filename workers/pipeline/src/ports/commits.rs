//! The commit store: every stream's ledger, and the claims that are taken with it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{
    ClaimRecord, CommandRecord, Commit, EventRecord, Hash, Id, StreamId, StreamKey, Tenant, catalog::Corrupt,
};

use super::Unavailable;

/// A commit as it was read: its content and the hash of its bytes. Shared, not copied: a writer's cache, the tail and
/// the statuses hold the same one.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The content.
    pub commit: Commit,
    /// Hash of the bytes as stored.
    pub hash: Hash,
    /// How many bytes it has.
    pub bytes: usize,
}

impl Stored {
    /// Decodes a commit's bytes.
    pub fn decode(body: &[u8]) -> Result<Self, Corrupt> {
        let commit =
            serde_json::from_slice(body).map_err(|error| Corrupt(format!("a commit can't be read: {error}")))?;
        Ok(Self { commit, hash: Hash::of(body), bytes: body.len() })
    }
}

/// Where a stream ended when it was loaded. Only made of what a store returned, so that no caller can leave a gap.
#[derive(Debug, Clone)]
pub struct Position {
    key: StreamKey,
    seq: u64,
    version: u64,
    time: Timestamp,
    hash: Option<Hash>,
}

impl Position {
    /// The beginning of a stream; an append there conflicts if the stream has a commit.
    pub fn start(key: StreamKey) -> Self {
        Self { key, seq: 0, version: 0, time: Timestamp::MIN, hash: None }
    }

    /// Behind a commit that a store returned.
    pub fn after(stored: &Stored) -> Self {
        let commit = &stored.commit;
        Self { key: commit.key(), seq: commit.seq, version: commit.last, time: commit.time, hash: Some(stored.hash) }
    }

    /// Whose stream, and which.
    pub fn key(&self) -> &StreamKey {
        &self.key
    }

    /// The number of the last commit; 0 if there is none.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The stream's version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The last commit's time.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The last commit's hash.
    pub fn hash(&self) -> Option<Hash> {
        self.hash
    }
}

/// What a claim is about, within a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimKey {
    /// Whose claim.
    pub tenant: Tenant,
    /// What the value is unique in.
    pub scope: String,
    /// The value, as it is compared.
    pub value: String,
}

/// Who holds a claim: a stream, by a commit. Void where that commit isn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The stream.
    pub stream: StreamId,
    /// The commit that took it.
    pub seq: u64,
    /// That commit's hash.
    pub hash: Hash,
}

/// A change of a claim, atomic with a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimWrite {
    /// Takes it, over the holder that was read (none, or one that is void).
    Take {
        /// What is taken.
        key: ClaimKey,
        /// The holder that was read.
        over: Option<Holder>,
    },
    /// Gives back what this stream was read to hold.
    Release {
        /// What is given back.
        key: ClaimKey,
        /// The holder that was read: this stream.
        held: Holder,
    },
}

impl ClaimWrite {
    /// What is changed.
    pub fn key(&self) -> &ClaimKey {
        match self {
            Self::Take { key, .. } | Self::Release { key, .. } => key,
        }
    }

    /// The holder that was read.
    pub fn read(&self) -> Option<&Holder> {
        match self {
            Self::Take { over, .. } => over.as_ref(),
            Self::Release { held, .. } => Some(held),
        }
    }

    /// The change as its commit tells it.
    pub fn record(&self) -> ClaimRecord {
        let ClaimKey { scope, value, .. } = self.key().clone();
        ClaimRecord { scope, value, released: matches!(self, Self::Release { .. }) }
    }
}

/// A commit to be written at a position.
#[derive(Debug, Clone)]
pub struct Append {
    position: Position,
    stored: Arc<Stored>,
    body: Vec<u8>,
    claims: Vec<ClaimWrite>,
}

impl Append {
    /// Puts a commit together at a position. Its time is at least the previous commit's, and it tells the claims that
    /// go with it.
    pub fn new(
        position: Position,
        time: Timestamp,
        snapshot: Option<u64>,
        commands: Vec<CommandRecord>,
        events: Vec<EventRecord>,
        claims: Vec<ClaimWrite>,
    ) -> Result<Self, Corrupt> {
        let commit = Commit {
            tenant: position.key.tenant.clone(),
            stream: position.key.stream.clone(),
            seq: position.seq + 1,
            first: position.version + 1,
            last: position.version + events.len() as u64,
            time: time.max(position.time),
            previous: position.hash,
            snapshot,
            commands,
            events,
            claims: claims.iter().map(ClaimWrite::record).collect(),
        };
        let body =
            serde_json::to_vec(&commit).map_err(|error| Corrupt(format!("a commit can't be encoded: {error}")))?;
        let stored = Arc::new(Stored { hash: Hash::of(&body), bytes: body.len(), commit });
        Ok(Self { position, stored, body, claims })
    }

    /// Where it goes.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// The commit as it will be read.
    pub fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    /// The bytes to be stored.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The changes of claims that go with it.
    pub fn claims(&self) -> &[ClaimWrite] {
        &self.claims
    }

    /// The commit, once it was written.
    pub fn into_stored(self) -> Arc<Stored> {
        self.stored
    }
}

/// Why a commit was not appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream does not end at the position any more: reload and decide again. Outranks a failed claim.
    #[error("another writer took the position")]
    Conflict,
    /// The holder of this claim (by index) is no longer the one that was read: read it again.
    #[error("another stream took claim {0}")]
    Claimed(usize),
    /// Nothing is known of the write: it may have happened.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A part of a stream.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Contiguous commits.
    pub commits: Vec<Arc<Stored>>,
    /// Whether there are more in the direction that was read.
    pub more: bool,
    /// Why the page ends here although there is a next commit: that one is there and can't be read. Not an outage:
    /// asking again does not help.
    pub corrupt: Option<Corrupt>,
}

/// A command that a stream has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The commit.
    pub seq: u64,
    /// Its index among the commit's commands.
    pub command: usize,
}

/// Every stream's commits. All reads are consistent: they see what was appended before they began.
///
/// INVARIANT: a stream's commits are numbered 1, 2, 3 … without gaps; an append is all or nothing, claims included.
#[async_trait]
pub trait CommitStore: Send + Sync {
    /// The newest commits of each stream above a number, newest first; a page is bounded by the adapter, and has at
    /// least one commit if there is any that can be read.
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable>;

    /// Commits from a number on, oldest first, at most `limit`; a page may be shorter, and has at least one commit
    /// if there is any, unless that one can't be read.
    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable>;

    /// Where each command was last seen in the stream, looking at commits not older than its time.
    async fn find(&self, key: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable>;

    /// Who holds each claim. A holder whose commit isn't is told as it stands; see [`CommitStore::is_void`].
    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable>;

    /// Appends commits, each to a stream of its own, each by itself.
    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>>;

    /// A tenant's streams, a page of at most `limit` names behind a cursor, in no particular order.
    async fn streams(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable>;

    /// A tenant's claims with their holders, as they stand, a page of at most `limit` behind a cursor, in no particular
    /// order; a page may be shorter, or empty, and not be the last.
    async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable>;

    /// The commit of a number.
    async fn at(&self, key: &StreamKey, seq: u64) -> Result<Option<Arc<Stored>>, Unavailable> {
        let page = self.read(key, seq, 1).await?;
        if let Some(corrupt) = page.corrupt {
            return Err(Unavailable::new("read a commit", corrupt));
        }
        Ok(page.commits.into_iter().next().filter(|stored| stored.commit.seq == seq))
    }

    /// Whether a holder's commit is missing, as after a restore: then the claim is free.
    async fn is_void(&self, tenant: &Tenant, holder: &Holder) -> Result<bool, Unavailable> {
        let key = StreamKey::new(tenant.clone(), holder.stream.clone());
        let commit = self.at(&key, holder.seq).await?;
        Ok(commit.is_none_or(|stored| stored.hash != holder.hash))
    }
}
