//! What a stream takes for itself, or gives back.

use kernel::{ClaimRecord, Verdict, catalog::ErasedClaim};

use super::{Persist, work::Work};
use crate::{
    ports::commits::{ClaimKey, ClaimWrite},
    steps::StepError,
};

impl Work {
    /// What to write for these claims, or the rejection when another stream holds one.
    pub(super) async fn claim(
        &self,
        env: &Persist,
        claims: Vec<ErasedClaim>,
    ) -> Result<Result<Vec<ClaimWrite>, Verdict>, StepError> {
        let key = |claim: &ErasedClaim| {
            let ClaimRecord { scope, value, .. } = claim.record();
            ClaimKey { tenant: self.key.tenant.clone(), scope, value }
        };
        let keys: Vec<_> = claims.iter().map(key).collect();
        let holders = env.commits.holders(&keys).await?;
        let mut writes = Vec::new();
        for ((claim, key), holder) in claims.into_iter().zip(keys).zip(holders) {
            let ours = holder.as_ref().is_some_and(|holder| holder.stream == self.key.stream);
            let void = match &holder {
                Some(holder) => env.commits.is_void(&self.key.tenant, holder).await?,
                None => false,
            };
            match (claim, holder) {
                (ErasedClaim::Unique { .. }, Some(_)) if ours && !void => {}
                (ErasedClaim::Unique { otherwise, .. }, Some(_)) if !void => return Ok(Err(otherwise)),
                (ErasedClaim::Unique { .. }, over) => writes.push(ClaimWrite::Take { key, over }),
                (ErasedClaim::Release { .. }, Some(held)) if ours => writes.push(ClaimWrite::Release { key, held }),
                (ErasedClaim::Release { .. }, _) => {
                    env.warm.count_dropped_release();
                    tracing::warn!(stream = %self.key, scope = key.scope, "a claim that the stream does not hold was not released");
                }
            }
        }
        Ok(Ok(writes))
    }
}
