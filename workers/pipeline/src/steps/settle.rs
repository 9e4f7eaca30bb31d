//! Settle: tell what came of commands that no commit speaks for, and answer whoever waits.

use std::collections::BTreeMap;

use super::{
    StepError,
    batch::{Batch, Settled, Stage},
};
use crate::ports::{status::StatusStore, workflow::TaskTokens};

/// Records refusals and failures, and answers task tokens, those of duplicates too.
pub async fn settle(statuses: &dyn StatusStore, tokens: &dyn TaskTokens, batch: &Batch) -> Result<(), StepError> {
    let mut by_tenant: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in &batch.commands {
        match &item.stage {
            Stage::Settled(settled) => match settled.as_ref() {
                Settled::Told { tenant, known } if !known.status.status.is_final() => {
                    by_tenant.entry(tenant).or_default().push((**known).clone());
                }
                Settled::Told { .. } => {}
                Settled::Untold(refusal) => {
                    let group = batch.message_of(item).map(|message| message.group.as_str());
                    tracing::warn!(
                        group,
                        code = refusal.code.as_str(),
                        "a command that nobody can be told of was refused: {refusal}"
                    );
                }
            },
            _ => return Err(kernel::Corrupt("a command came to be settled without a verdict".into()).into()),
        }
    }
    for (tenant, settled) in by_tenant {
        statuses.record(tenant, settled).await?;
    }
    for item in &batch.commands {
        let token = batch.message_of(item).and_then(|message| message.task_token.as_deref());
        if let (Some(token), Stage::Settled(settled)) = (token, &item.stage) {
            match settled.as_ref() {
                Settled::Told { known, .. } => tokens.answer(token, &known.status).await?,
                Settled::Untold(refusal) => tokens.refuse(token, refusal).await?,
            }
        }
    }
    Ok(())
}
