//! Commit stores.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Id, StreamId, StreamKey, Tenant};
use pipeline::{
    memory::commits::MemoryStore,
    ports::{
        Unavailable,
        commits::{Append, AppendError, ClaimKey, ClaimWrite, CommitStore, Holder, Page, Position, Seen, Stored},
    },
};
use tokio::task::yield_now;

use super::failing;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// Of a full page of the newest, one is left out.
    Gap,
    /// The position is looked at, and written later.
    PositionRace,
    /// The holder is looked at, and written later.
    ClaimRace,
    /// What was said to be written is not, now and then.
    LosesWrites,
    /// One conflict keeps out all appends of a call.
    AllOrNothing,
    /// Claims are taken one by one, before the commit.
    ClaimsApart,
    /// A held claim is told before a taken position.
    ClaimBeforePosition,
    /// Anybody may release.
    ReleasesForAll,
    /// The first of several is found.
    FindsTheFirst,
    /// Claims know no tenant.
    MixesTenants,
    /// A commit of the same number will do.
    NeverVoid,
    /// Commits are measured anew.
    Rewrites,
    /// A page of streams ends early.
    ForgetsStreams,
    /// A page of claims ends early.
    ForgetsClaims,
    /// A commit's claims are not read.
    HidesClaims,
}

struct Broken(MemoryStore, Bug);

fn everybodys() -> Tenant {
    "all".parse().unwrap()
}

fn mixed(key: &ClaimKey) -> ClaimKey {
    ClaimKey { tenant: everybodys(), ..key.clone() }
}

/// The same commit at the same position, with other claims.
fn with_claims(append: &Append, claims: Vec<ClaimWrite>) -> Append {
    let commit = append.stored().commit.clone();
    Append::new(append.position().clone(), commit.time, commit.snapshot, commit.commands, commit.events, claims)
        .unwrap()
}

impl Broken {
    async fn one(&self, append: Append) -> Result<Arc<Stored>, AppendError> {
        let Self(store, bug) = self;
        let claims = append.claims().to_vec();
        match bug {
            Bug::PositionRace => {
                let newest = store.newest(&[(append.position().key().clone(), append.position().seq())]).await?;
                if newest.first().is_some_and(|page| !page.commits.is_empty()) {
                    return Err(AppendError::Conflict);
                }
                yield_now().await;
                let stored = append.stored().clone();
                return match store.append(vec![append]).await.remove(0) {
                    // the last one's would stand
                    Err(AppendError::Conflict) => Ok(stored),
                    other => other,
                };
            }
            Bug::ClaimRace if !claims.is_empty() => {
                let before = self.taken(&claims).await?;
                yield_now().await;
                if before.is_none() && self.taken(&claims).await?.is_some() {
                    return store.append(vec![with_claims(&append, vec![])]).await.remove(0);
                }
            }
            Bug::LosesWrites if append.stored().commit.seq == 20 => return Ok(append.into_stored()),
            Bug::ClaimsApart if self.taken(&claims).await?.is_some() => {
                let free: Vec<_> = claims.iter().take_while(|claim| matches!(claim, ClaimWrite::Take { .. })).collect();
                let elsewhere = Position::start(StreamKey::new(
                    append.position().key().tenant.clone(),
                    "else/where".parse().unwrap(),
                ));
                for claim in free {
                    let commit = pipeline::laws::sample::claiming(&elsewhere, "x", vec![claim.clone()]);
                    // whoever is refused has lost nothing by it
                    drop(store.append(vec![commit]).await);
                }
            }
            Bug::ClaimBeforePosition => {
                if let Some(index) = self.taken(&claims).await? {
                    return Err(AppendError::Claimed(index));
                }
            }
            Bug::ReleasesForAll => {
                let mut honest = Vec::new();
                for claim in claims {
                    honest.push(match claim {
                        ClaimWrite::Release { key, held } => {
                            let now = store.holders(std::slice::from_ref(&key)).await?.remove(0);
                            ClaimWrite::Release { key, held: now.unwrap_or(held) }
                        }
                        take @ ClaimWrite::Take { .. } => take,
                    });
                }
                return store.append(vec![with_claims(&append, honest)]).await.remove(0);
            }
            Bug::MixesTenants => {
                let claims = claims.iter().map(|claim| match claim {
                    ClaimWrite::Take { key, over } => ClaimWrite::Take { key: mixed(key), over: over.clone() },
                    ClaimWrite::Release { key, held } => ClaimWrite::Release { key: mixed(key), held: held.clone() },
                });
                return store.append(vec![with_claims(&append, claims.collect())]).await.remove(0);
            }
            _ => {}
        }
        store.append(vec![append]).await.remove(0)
    }

    /// The first claim whose holder is not the one that was read.
    async fn taken(&self, claims: &[ClaimWrite]) -> Result<Option<usize>, Unavailable> {
        for (index, claim) in claims.iter().enumerate() {
            if self.0.holders(std::slice::from_ref(claim.key())).await?.remove(0).as_ref() != claim.read() {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl CommitStore for Broken {
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        let mut pages = self.0.newest(above).await?;
        for page in pages.iter_mut().filter(|page| self.1 == Bug::Gap && page.commits.len() > 9) {
            page.commits.remove(4);
        }
        Ok(pages)
    }

    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable> {
        let mut page = CommitStore::read(&self.0, key, from, limit).await?;
        for stored in &mut page.commits {
            match self.1 {
                Bug::Rewrites => Arc::make_mut(stored).bytes += 1,
                Bug::HidesClaims => Arc::make_mut(stored).commit.claims.clear(),
                _ => {}
            }
        }
        Ok(page)
    }

    async fn find(&self, key: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        if self.1 != Bug::FindsTheFirst {
            return self.0.find(key, commands).await;
        }
        let all = CommitStore::read(&self.0, key, 1, usize::MAX).await?.commits;
        let find = |(id, _): &(Id, Timestamp)| {
            all.iter().find_map(|stored| {
                let command = stored.commit.commands.iter().position(|command| command.id == *id)?;
                Some(Seen { seq: stored.commit.seq, command })
            })
        };
        Ok(commands.iter().map(find).collect())
    }

    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        if self.1 == Bug::MixesTenants {
            return self.0.holders(&claims.iter().map(mixed).collect::<Vec<_>>()).await;
        }
        self.0.holders(claims).await
    }

    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        if self.1 == Bug::AllOrNothing {
            for append in &appends {
                let position = append.position();
                let newest = self.0.newest(&[(position.key().clone(), position.seq())]).await;
                if newest.is_ok_and(|pages| !pages[0].commits.is_empty()) {
                    return appends.iter().map(|_| Err(AppendError::Conflict)).collect();
                }
            }
        }
        let mut results = Vec::new();
        for append in appends {
            results.push(self.one(append).await);
        }
        results
    }

    async fn streams(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        let (names, next) = self.0.streams(tenant, cursor, limit).await?;
        Ok((names, next.filter(|_| self.1 != Bug::ForgetsStreams)))
    }

    async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        let of = if self.1 == Bug::MixesTenants { &everybodys() } else { tenant };
        let (mut claims, next) = self.0.claims(of, cursor, limit).await?;
        for (key, _) in &mut claims {
            key.tenant = tenant.clone();
        }
        Ok((claims, next.filter(|_| self.1 != Bug::ForgetsClaims)))
    }

    async fn is_void(&self, tenant: &Tenant, holder: &Holder) -> Result<bool, Unavailable> {
        let key = StreamKey::new(tenant.clone(), holder.stream.clone());
        let commit = self.at(&key, holder.seq).await?;
        Ok(commit.is_none_or(|stored| self.1 != Bug::NeverVoid && stored.hash != holder.hash))
    }
}

#[tokio::test]
async fn each_broken_commit_store_fails_its_own_law() {
    for (bug, laws) in [
        (Bug::None, &[][..]),
        (Bug::Gap, &["the_newest_are_told_newest_first_and_contiguous"]),
        (Bug::PositionRace, &["of_many_writers_at_one_position_one_wins"]),
        (Bug::ClaimRace, &["of_many_claimants_one_wins"]),
        (Bug::LosesWrites, &["a_read_sees_what_was_appended_before"]),
        (Bug::AllOrNothing, &["appends_of_one_call_succeed_one_by_one"]),
        (Bug::ClaimsApart, &["a_claim_is_taken_with_its_commit_or_not_at_all"]),
        (Bug::ClaimBeforePosition, &["a_failed_position_outranks_a_failed_claim"]),
        (Bug::ReleasesForAll, &["a_claim_is_released_by_its_holder_only"]),
        (Bug::FindsTheFirst, &["a_command_is_found_where_it_was_last_seen"]),
        (Bug::MixesTenants, &["another_tenant_is_never_seen"]),
        (Bug::NeverVoid, &["a_claim_of_a_missing_commit_is_void"]),
        (Bug::Rewrites, &["a_commit_is_read_as_it_was_appended"]),
        (Bug::ForgetsStreams, &["streams_are_listed_page_by_page"]),
        (Bug::ForgetsClaims, &["claims_are_listed_page_by_page"]),
        (Bug::HidesClaims, &["a_commit_tells_the_claims_that_it_changed"]),
    ] {
        let fresh = || Broken(MemoryStore::default(), bug);
        assert_eq!(pipeline::commit_store_laws!([failing] fresh), laws, "{bug:?}");
    }
}
