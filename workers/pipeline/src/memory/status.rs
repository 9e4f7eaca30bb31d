//! Statuses in memory. Nothing is ever `queued` here: there is no queue.

use async_trait::async_trait;
use kernel::{Id, StreamId, Tenant};

use super::commits::{MemoryStore, State};
use crate::ports::{
    Unavailable,
    status::{Change, Known, StatusStore},
};

#[async_trait]
impl StatusStore for MemoryStore {
    async fn read(&self, tenant: &Tenant, ids: &[Id]) -> Result<Vec<Option<Known>>, Unavailable> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.known(tenant, id, None)).collect())
    }

    async fn read_on(&self, tenant: &Tenant, id: &Id, stream: &StreamId) -> Result<Option<Known>, Unavailable> {
        Ok(self.state().known(tenant, id, Some(stream)))
    }

    async fn record(&self, tenant: &Tenant, settled: Vec<Known>) -> Result<(), Unavailable> {
        {
            let mut state = self.state();
            for known in settled {
                let key = (tenant.clone(), known.status.id.clone(), known.status.stream.clone());
                if state.refusals.get(&key).is_none_or(|kept| known.outranks(kept)) {
                    state.refusals.insert(key, known);
                }
            }
        }
        self.news.send_replace(());
        Ok(())
    }

    fn watch(&self, _: &Tenant, _: &Id) -> Change<'_> {
        let mut news = self.news.subscribe();
        Box::pin(async move {
            // an error means that the store is gone: look again
            drop(news.changed().await);
        })
    }
}

impl State {
    fn known(&self, tenant: &Tenant, id: &Id, stream: Option<&StreamId>) -> Option<Known> {
        let wanted = |other: &StreamId| stream.is_none_or(|stream| stream == other);
        let commits = self.log.iter().map(|stored| &stored.commit);
        let mut commits = commits.filter(|commit| commit.tenant == *tenant && wanted(&commit.stream));
        let settled = commits.find_map(|commit| {
            let command = commit.commands.iter().position(|command| command.id == *id)?;
            Known::of_commit(commit, command)
        });
        let refusals = self.refusals.iter();
        let refusals = refusals.filter(|((whose, other, on), _)| whose == tenant && other == id && wanted(on));
        settled.or_else(|| refusals.map(|(_, known)| known).max_by_key(|known| known.status.received_at).cloned())
    }
}
