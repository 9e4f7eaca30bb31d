//! Ports that do what a test tells them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Attribute, Id, Refusal, StreamId, StreamKey, Tenant};
use pipeline::ports::{
    Unavailable,
    clock::Clock,
    commits::{Append, AppendError, ClaimKey, CommitStore, Holder, Page, Seen, Stored},
    feed::{Bus, BusEntry},
    identity::{Bound, Claims, PolicyEngine, Resource, Ruling, TokenError, TokenVerifier},
    status::Status,
    workflow::TaskTokens,
};

use crate::host;

pub(crate) fn down() -> Unavailable {
    Unavailable::new("reaching it", "it is down")
}

/// A clock that stands still until it is set.
pub(crate) struct StillClock(Mutex<Timestamp>);

impl StillClock {
    pub(crate) fn at(time: Timestamp) -> Self {
        Self(Mutex::new(time))
    }

    pub(crate) fn set(&self, time: Timestamp) {
        *self.0.lock().unwrap() = time;
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Takes `<tenant>/<sub>/<role>`, behind `expired:` or `bound:<id>:<digest>:` as such; `outage` can't be verified, and
/// all else is no token.
pub(crate) struct PlainTokens;

#[async_trait]
impl TokenVerifier for PlainTokens {
    async fn verify(&self, token: &str, at: Timestamp) -> Result<Arc<Claims>, TokenError> {
        if token == "outage" {
            return Err(down().into());
        }
        let (expired, rest) = token.strip_prefix("expired:").map_or((false, token), |rest| (true, rest));
        let (bound, rest) = match rest.strip_prefix("bound:").map(|rest| rest.splitn(3, ':').collect::<Vec<_>>()) {
            Some(parts) => (Some(Bound { id: parts[0].into(), digest: parts[1].into() }), parts[2]),
            None => (None, rest),
        };
        let parts: Vec<_> = rest.split('/').collect();
        let [tenant, sub, role] = parts[..] else { return Err(TokenError::Invalid("no token".into())) };
        let claims = Claims {
            tenant: tenant.parse().unwrap(),
            actor: Arc::new(Actor { sub: sub.into(), roles: [role.to_owned()].into() }),
            bound,
            expires: at,
        };
        if expired { Err(TokenError::Expired(Box::new(claims))) } else { Ok(Arc::new(claims)) }
    }
}

/// Staff may do everything, guests all but closing; only the owner closes again what is closed.
pub(crate) struct PlainPolicies;

impl PolicyEngine for PlainPolicies {
    fn early(&self, actor: &Actor, _: &str, command: &str) -> Ruling {
        match (actor.roles.iter().next().map(String::as_str), command) {
            (Some("staff"), _) => Ruling::Allow(vec!["staff-all".into()]),
            (Some("owner"), _) => Ruling::Depends,
            (Some("guest"), command) if command != "Close" => Ruling::Allow(vec!["guests-most".into()]),
            _ => Ruling::Deny,
        }
    }

    fn command(&self, actor: &Actor, _: &str, _: &str, resource: &Resource<'_>) -> Ruling {
        let owner = resource.attributes.iter().find(|(name, _)| *name == "owner").map(|(_, owner)| owner);
        match owner {
            Some(Attribute::Text(owner)) if *owner != actor.sub => Ruling::Deny,
            _ => Ruling::Allow(vec!["owners-own".into()]),
        }
    }

    fn access(&self, _: &Actor, _: &str, _: &Resource<'_>) -> Ruling {
        Ruling::Deny
    }
}

/// Notes what each token was told.
#[derive(Default)]
pub(crate) struct Answers(Mutex<Vec<(String, String)>>);

impl Answers {
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl TaskTokens for Answers {
    async fn answer(&self, token: &str, status: &Status) -> Result<(), Unavailable> {
        self.0.lock().unwrap().push((token.into(), format!("{} {}", status.id, status.status.as_str())));
        Ok(())
    }

    async fn refuse(&self, token: &str, refusal: &Refusal) -> Result<(), Unavailable> {
        self.0.lock().unwrap().push((token.into(), refusal.code.as_str().to_owned()));
        Ok(())
    }
}

/// Notes what it is told; refuses the entries whose numbers it was given.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) entries: Mutex<Vec<BusEntry>>,
    pub(crate) refused: Mutex<Vec<usize>>,
}

#[async_trait]
impl Bus for Notes {
    async fn publish(&self, entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>> {
        let refused = std::mem::take(&mut *self.refused.lock().unwrap());
        let results = (0..entries.len()).map(|index| if refused.contains(&index) { Err(down()) } else { Ok(()) });
        let results = results.collect();
        self.entries.lock().unwrap().extend(entries);
        results
    }
}

/// What happens to a call of a store.
pub(crate) enum Fault {
    /// Nothing but an error.
    Down,
    /// The call has its effect, and its answer is lost.
    LostReply,
    /// Another writer appends this first.
    Rival(Append),
}

/// A store whose calls are counted, and fail as told.
pub(crate) struct Tapped {
    pub(crate) store: host::Store,
    pub(crate) rest: host::Rest,
    pub(crate) calls: Mutex<BTreeMap<&'static str, usize>>,
    faults: Mutex<BTreeMap<&'static str, VecDeque<Option<Fault>>>>,
    damage: Mutex<Option<fn(&mut Stored)>>,
}

impl Default for Tapped {
    fn default() -> Self {
        let (store, rest) = host::store();
        Self { store, rest, calls: Mutex::default(), faults: Mutex::default(), damage: Mutex::default() }
    }
}

impl Tapped {
    /// The next calls of this name fail so, each once.
    pub(crate) fn fail(&self, call: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().entry(call).or_default().extend(faults.into_iter().map(Some));
    }

    /// One call of this name fails so, behind a number of others.
    pub(crate) fn fail_at(&self, call: &'static str, behind: usize, fault: Fault) {
        let calls = (0..behind).map(|_| None).chain([Some(fault)]);
        self.faults.lock().unwrap().entry(call).or_default().extend(calls);
    }

    /// From now on, the last commit of each page that is read is told damaged.
    pub(crate) fn tell_otherwise(&self, damage: fn(&mut Stored)) {
        *self.damage.lock().unwrap() = Some(damage);
    }

    /// How often each was called since it was asked for last.
    pub(crate) fn counted(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn fault(&self, call: &'static str) -> Option<Fault> {
        *self.calls.lock().unwrap().entry(call).or_default() += 1;
        self.faults.lock().unwrap().get_mut(call)?.pop_front()?
    }

    async fn tap<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<T, Unavailable>> + Send,
    ) -> Result<T, Unavailable> {
        match self.fault(call) {
            Some(Fault::Down) => Err(down()),
            Some(Fault::LostReply) => answer.await.and(Err(down())),
            Some(Fault::Rival(rival)) => {
                self.store.append(vec![rival]).await.remove(0).unwrap();
                answer.await
            }
            None => answer.await,
        }
    }
}

#[async_trait]
impl CommitStore for Tapped {
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        self.tap("newest", self.store.newest(above)).await
    }

    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable> {
        let mut page = self.tap("read", self.store.read(key, from, limit)).await?;
        let damage = *self.damage.lock().unwrap();
        if let (Some(damage), Some(last)) = (damage, page.commits.last_mut()) {
            damage(Arc::make_mut(last));
        }
        Ok(page)
    }

    async fn find(&self, key: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        // a store may look no further back than it must
        let tolerance = SignedDuration::ZERO;
        let mut found = self.tap("find", self.store.find(key, commands)).await?;
        for (seen, (_, from)) in found.iter_mut().zip(commands) {
            if let Some(at) = *seen {
                let stored = self.store.at(key, at.seq).await?.unwrap();
                seen.take_if(|_| stored.commit.time.duration_since(*from) < tolerance);
            }
        }
        Ok(found)
    }

    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        self.tap("holders", self.store.holders(claims)).await
    }

    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        let down = |appends: usize| (0..appends).map(|_| Err(down().into())).collect();
        let count = appends.len();
        match self.fault("append") {
            Some(Fault::Down) => down(count),
            Some(Fault::LostReply) => {
                self.store.append(appends).await;
                down(count)
            }
            Some(Fault::Rival(rival)) => {
                self.store.append(vec![rival]).await.remove(0).unwrap();
                self.store.append(appends).await
            }
            None => self.store.append(appends).await,
        }
    }

    async fn streams(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        self.tap("streams", self.store.streams(tenant, cursor, limit)).await
    }

    async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        self.tap("claims", self.store.claims(tenant, cursor, limit)).await
    }
}
