//! Claims: what a stream's commits took and did not give back is what the store says that it holds, and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{Commit, Hash, StreamId, StreamKey, Tenant};

use super::{Check, Findings, MOST_ROUNDS, Verify};
use crate::ports::{
    Unavailable,
    commits::{ClaimKey, Holder, Stored},
    verify::{Difference, VerifyPage},
};

/// How many claims are looked up at once.
const LOOK_UP: usize = 100;
/// How many claims of a tenant are read at once.
const READ: usize = 200;

/// What a stream's commits say of claims: the commit that took each, or none where it was given back.
#[derive(Default)]
pub(super) struct Folded(BTreeMap<ClaimKey, Option<(u64, Hash)>>);

impl Folded {
    /// Folds a stream's next commits.
    pub(super) fn fold(&mut self, commits: &[Arc<Stored>]) {
        for stored in commits {
            let commit = &stored.commit;
            for claim in &commit.claims {
                let (scope, value) = (claim.scope.clone(), claim.value.clone());
                let key = ClaimKey { tenant: commit.tenant.clone(), scope, value };
                self.0.insert(key, (!claim.released).then_some((commit.seq, stored.hash)));
            }
        }
    }

    /// What of it is not as the holders say.
    fn differences(&self, stream: &StreamId, holders: &[Option<Holder>]) -> Vec<String> {
        let mut differences = Vec::new();
        for ((key, taken), holder) in self.0.iter().zip(holders) {
            let ours = holder.as_ref().filter(|holder| holder.stream == *stream);
            let wrong = match (taken, holder) {
                (Some((seq, hash)), _) if ours.is_some_and(|held| (held.seq, held.hash) == (*seq, *hash)) => continue,
                (Some((seq, _)), None) => format!("was taken by commit {seq}, and nobody holds it"),
                (Some((seq, _)), Some(Holder { stream, seq: other, .. })) => {
                    format!("was taken by commit {seq}, and is held by another one, of number {other} in `{stream}`")
                }
                (None, _) => match ours {
                    Some(held) => format!("was given back, and is still held by commit {}", held.seq),
                    None => continue,
                },
            };
            differences.push(format!("{} {wrong}", name(key)));
        }
        differences
    }
}

fn name(key: &ClaimKey) -> String {
    format!("the claim on `{}` in `{}`", key.value, key.scope)
}

/// Whether a commit leaves its stream holding a claim that it was without.
fn takes(commit: &Commit, key: &ClaimKey) -> bool {
    let of = commit.claims.iter().rfind(|claim| (&claim.scope, &claim.value) == (&key.scope, &key.value));
    of.is_some_and(|claim| !claim.released)
}

impl Verify {
    /// Compares what a stream's commits took with what the store says that it holds. Where that differs and the stream
    /// has gone on, it is compared again.
    pub(super) async fn held(&self, check: &mut Check<'_>, findings: &mut Findings<'_>) -> Result<(), Unavailable> {
        for _ in 0..MOST_ROUNDS {
            let seq = check.seq();
            let keys: Vec<_> = check.claims.0.keys().cloned().collect();
            let mut holders = Vec::with_capacity(keys.len());
            for keys in keys.chunks(LOOK_UP) {
                holders.extend(self.commits.holders(keys).await?);
            }
            let differences = check.claims.differences(&check.key.stream, &holders);
            if !differences.is_empty() {
                let whole = self.read_on(check, findings).await?;
                if whole && check.seq() != seq {
                    continue;
                }
            }
            findings.page.checked += keys.len() as u64;
            for difference in differences {
                findings.tell("claim", difference);
            }
            return Ok(());
        }
        findings
            .tell("busy", "claims changed whenever they were compared: verify the stream again when it rests".into());
        Ok(())
    }

    /// Checks a page of all that is held: by a commit that is there, and took it. Where the next page begins.
    pub(super) async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        page: &mut VerifyPage,
    ) -> Result<Option<String>, Unavailable> {
        let (claims, next) = self.commits.claims(tenant, cursor, READ).await?;
        for (key, holder) in claims {
            page.checked += 1;
            let stream = StreamKey::new(tenant.clone(), holder.stream.clone());
            let read = self.commits.read(&stream, holder.seq, 1).await?;
            let wrong = match (read.commits.first().filter(|stored| stored.commit.seq == holder.seq), read.corrupt) {
                (None, Some(corrupt)) => format!("which can't be read: {corrupt}"),
                (None, None) => "which is not there".into(),
                (Some(stored), _) if stored.hash != holder.hash => "of another hash".into(),
                (Some(stored), _) if !takes(&stored.commit, &key) => "which did not take it".into(),
                (Some(_), _) => continue,
            };
            let message = format!("{} is held by commit {}, {wrong}", name(&key), holder.seq);
            page.differences.push(Difference { stream: holder.stream, kind: "claim".into(), message });
        }
        Ok(next)
    }
}
