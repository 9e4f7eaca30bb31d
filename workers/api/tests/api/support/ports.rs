//! Ports in memory, as far as the entry point uses them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Actor, Id, StreamId, StreamKey, Tenant, catalog::ViewSpec, query::Query};
use pipeline::ports::{
    Unavailable,
    clock::Clock,
    commits::{Append, AppendError, ClaimKey, CommitStore, Holder, Page, Seen, Stored},
    health::{Health, Trouble},
    identity::{Bound, Claims, PolicyEngine, Resource, Ruling, TokenError, TokenVerifier},
    queue::{CommandQueue, Message, SendError},
    search::{Entry, Found, Hit, Key, Put, Scope, SearchError, SearchIndex},
    status::{Change, Known, StatusStore},
    verify::{Verifier, VerifyError, VerifyPage},
};
use tokio::sync::Notify;

/// What time it is in all tests.
pub(crate) fn now() -> Timestamp {
    kernel::spec::now()
}

pub(crate) struct Fixed;
impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Takes `<sub>:<role,role>:<tenant>` or `<sub>:<roles>:<tenant>:<id>:<digest>` for a token.
pub(crate) struct Tokens;
#[async_trait]
impl TokenVerifier for Tokens {
    async fn verify(&self, token: &str, _: Timestamp) -> Result<Arc<Claims>, TokenError> {
        let parts: Vec<_> = token.split(':').collect();
        let (actor, tenant, bound) = match parts.as_slice() {
            ["down"] => return Err(Unavailable::new("the keys", "no answer").into()),
            [sub, roles, tenant] => ((sub, roles), tenant, None),
            [sub, roles, tenant, id, digest] => {
                let bound = Bound { id: (*id).to_owned(), digest: (*digest).to_owned() };
                ((sub, roles), tenant, Some(bound))
            }
            _ => return Err(TokenError::Invalid("it is no token of ours".into())),
        };
        let actor = Actor { sub: (*actor.0).to_owned(), roles: actor.1.split(',').map(str::to_owned).collect() };
        let tenant = tenant.parse().map_err(|_| TokenError::Invalid("no tenant".into()))?;
        Ok(Arc::new(Claims { tenant, actor: Arc::new(actor), bound, expires: Timestamp::MAX }))
    }
}

/// Staff may do all but verify; guests write notes, may erase what the stream lets them, and read notes.
pub(crate) struct Policies;
impl PolicyEngine for Policies {
    fn early(&self, actor: &Actor, _: &str, command: &str) -> Ruling {
        match command {
            _ if actor.roles.contains("staff") => Ruling::Allow(vec!["staff".into()]),
            "WriteNote" if actor.roles.contains("guest") => Ruling::Allow(vec!["guest".into()]),
            "EraseNote" if actor.roles.contains("guest") => Ruling::Depends,
            _ => Ruling::Deny,
        }
    }

    fn command(&self, actor: &Actor, aggregate: &str, command: &str, _: &Resource<'_>) -> Ruling {
        self.early(actor, aggregate, command)
    }

    fn access(&self, actor: &Actor, action: &str, resource: &Resource<'_>) -> Ruling {
        let staff = actor.roles.contains("staff");
        let may = match (action, resource.kind) {
            ("verify", "System") => actor.roles.contains("operator"),
            ("read", "View") => staff || actor.roles.contains("guest"),
            ("read", "Stream") => staff && resource.attributes.iter().any(|(name, _)| *name == "aggregate"),
            ("read", "CommandStatus") => staff || resource.attributes == [("actor", actor.sub.as_str().into())],
            ("read", _) => staff,
            _ => false,
        };
        if may { Ruling::Allow(vec!["test".into()]) } else { Ruling::Deny }
    }
}

/// Keeps what was sent; groups named in `full` are busy.
#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) sent: Mutex<Vec<Message>>,
    pub(crate) full: Mutex<Vec<String>>,
    pub(crate) down: Mutex<bool>,
}
#[async_trait]
impl CommandQueue for Queue {
    async fn send(&self, messages: Vec<Message>) -> Vec<Result<Timestamp, SendError>> {
        let send = |message: Message| {
            if *self.down.lock().unwrap() {
                return Err(Unavailable::new("the queue", "no answer").into());
            }
            if self.full.lock().unwrap().contains(&message.group) {
                return Err(SendError::Busy(Duration::from_millis(1_500)));
            }
            self.sent.lock().unwrap().push(message);
            Ok(now())
        };
        messages.into_iter().map(send).collect()
    }
}

#[derive(Default)]
pub(crate) struct Statuses {
    pub(crate) known: Mutex<Vec<(Tenant, Known)>>,
    pub(crate) changed: Notify,
    pub(crate) down: Mutex<bool>,
}
impl Statuses {
    /// Settles a command, and wakes who waits.
    pub(crate) fn settle(&self, tenant: &str, known: Known) {
        let tenant: Tenant = tenant.parse().unwrap();
        let mut all = self.known.lock().unwrap();
        let same = |(of, old): &(Tenant, Known)| {
            *of == tenant && old.status.id == known.status.id && old.status.stream == known.status.stream
        };
        match all.iter_mut().find(|old| same(old)) {
            Some((_, old)) if known.outranks(old) => *old = known,
            Some(_) => {}
            None => all.push((tenant, known)),
        }
        drop(all);
        self.changed.notify_waiters();
    }

    fn find(&self, tenant: &Tenant, wanted: impl Fn(&Known) -> bool) -> Result<Option<Known>, Unavailable> {
        if *self.down.lock().unwrap() {
            return Err(Unavailable::new("the statuses", "no answer"));
        }
        let all = self.known.lock().unwrap();
        Ok(all.iter().find(|(of, known)| of == tenant && wanted(known)).map(|(_, known)| known.clone()))
    }
}
#[async_trait]
impl StatusStore for Statuses {
    async fn read(&self, tenant: &Tenant, ids: &[Id]) -> Result<Vec<Option<Known>>, Unavailable> {
        ids.iter().map(|id| self.find(tenant, |known| known.status.id == *id)).collect()
    }

    async fn read_on(&self, tenant: &Tenant, id: &Id, stream: &StreamId) -> Result<Option<Known>, Unavailable> {
        self.find(tenant, |known| known.status.id == *id && known.status.stream == *stream)
    }

    async fn record(&self, tenant: &Tenant, settled: Vec<Known>) -> Result<(), Unavailable> {
        for known in settled {
            self.settle(tenant.as_str(), known);
        }
        Ok(())
    }

    fn watch(&self, _: &Tenant, _: &Id) -> Change<'_> {
        Box::pin(self.changed.notified())
    }
}

#[derive(Default)]
pub(crate) struct Commits(pub(crate) Mutex<HashMap<StreamKey, Vec<Arc<Stored>>>>);
impl Commits {
    fn of(&self, key: &StreamKey) -> Vec<Arc<Stored>> {
        self.0.lock().unwrap().get(key).cloned().unwrap_or_default()
    }
}
#[async_trait]
impl CommitStore for Commits {
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        let page = |(key, seq): &(StreamKey, u64)| Page {
            commits: self.of(key).into_iter().rev().filter(|stored| stored.commit.seq > *seq).collect(),
            more: false,
            corrupt: None,
        };
        Ok(above.iter().map(page).collect())
    }

    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable> {
        // short pages, so that readers go on
        let mut commits: Vec<_> = self.of(key).into_iter().filter(|stored| stored.commit.seq >= from).collect();
        let more = commits.len() > limit.min(2);
        commits.truncate(limit.min(2));
        Ok(Page { commits, more, corrupt: None })
    }

    async fn find(&self, _: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        Ok(vec![None; commands.len()])
    }

    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        Ok(vec![None; claims.len()])
    }

    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        appends.into_iter().map(|_| Err(AppendError::Conflict)).collect()
    }

    async fn streams(
        &self,
        _: &Tenant,
        _: Option<&str>,
        _: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        Ok((Vec::new(), None))
    }

    async fn claims(
        &self,
        _: &Tenant,
        _: Option<&str>,
        _: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        Ok((Vec::new(), None))
    }
}

/// Answers every search with the same; keeps what it was asked.
#[derive(Default)]
pub(crate) struct Index {
    pub(crate) entries: Mutex<Vec<Entry>>,
    pub(crate) hits: Mutex<Vec<Hit>>,
    pub(crate) next: Mutex<Option<String>>,
    pub(crate) asked: Mutex<Vec<(Scope, Query)>>,
    pub(crate) refreshed: Mutex<usize>,
}
#[async_trait]
impl SearchIndex for Index {
    async fn get(&self, _: &ViewSpec, keys: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable> {
        let entries = self.entries.lock().unwrap();
        Ok(keys.iter().map(|key| entries.iter().find(|entry| entry.key == *key).cloned()).collect())
    }

    async fn put(&self, _: &ViewSpec, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        let puts = vec![Put::Accepted; entries.len()];
        self.entries.lock().unwrap().extend(entries);
        Ok(puts)
    }

    async fn refresh(&self, _: &ViewSpec) -> Result<(), Unavailable> {
        *self.refreshed.lock().unwrap() += 1;
        Ok(())
    }

    async fn search(&self, _: &ViewSpec, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
        if query.cursor.as_deref() == Some("bad") {
            return Err(SearchError::BadCursor);
        }
        self.asked.lock().unwrap().push((scope.clone(), query.clone()));
        let hits = self.hits.lock().unwrap().clone();
        Ok(Found { total: hits.len() as u64, hits, next: self.next.lock().unwrap().clone(), ..Found::default() })
    }

    async fn find(&self, _: &ViewSpec, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable> {
        let hits = self.hits.lock().unwrap();
        // what a row filter hides is not found
        Ok(hits.iter().filter(|hit| hit.id == id && scope.rows.is_none()).cloned().collect())
    }

    async fn entries(&self, _: &ViewSpec, _: &Tenant, _: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        Ok(self.entries.lock().unwrap().clone())
    }
}

pub(crate) struct NothingDiffers;
#[async_trait]
impl Verifier for NothingDiffers {
    async fn page(&self, _: &Tenant, _: Option<&StreamId>, cursor: Option<&str>) -> Result<VerifyPage, VerifyError> {
        match cursor {
            Some("bad") => Err(VerifyError::BadCursor),
            Some("panic") => panic!("a verifier that panics"),
            Some("slow") => std::future::pending().await,
            _ => Ok(VerifyPage { checked: 7, differences: Vec::new(), next: None }),
        }
    }
}

#[derive(Default)]
pub(crate) struct Parts(pub(crate) Mutex<Trouble>);
#[async_trait]
impl Health for Parts {
    async fn parts(&self) -> BTreeMap<&'static str, Trouble> {
        BTreeMap::from([("store", None), ("index", self.0.lock().unwrap().clone())])
    }
}
