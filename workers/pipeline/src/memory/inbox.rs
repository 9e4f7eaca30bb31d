//! Given-up commands in memory.

use async_trait::async_trait;

use super::commits::MemoryStore;
use crate::{
    laws::inbox::ReadInbox,
    ports::{
        Unavailable,
        queue::{Failed, FailureInbox},
    },
};

impl MemoryStore {
    /// The commands that were given up, oldest first.
    pub fn failures(&self) -> Vec<Failed> {
        self.state().failures.clone()
    }
}

#[async_trait]
impl FailureInbox for MemoryStore {
    async fn keep(&self, failed: &Failed) -> Result<(), Unavailable> {
        let mut state = self.state();
        let same = |other: &Failed| {
            (&other.tenant, &other.stream, &other.id, other.received_at)
                == (&failed.tenant, &failed.stream, &failed.id, failed.received_at)
        };
        if !state.failures.iter().any(same) {
            state.failures.push(failed.clone());
        }
        Ok(())
    }
}

#[async_trait]
impl ReadInbox for MemoryStore {
    async fn kept(&self) -> Result<Vec<Failed>, Unavailable> {
        Ok(self.failures())
    }
}
