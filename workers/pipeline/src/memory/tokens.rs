//! Task tokens in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    laws::tokens::AwaitedTokens,
    ports::{
        Unavailable,
        status::Status,
        workflow::{TaskTokens, Told},
    },
};

/// Who waits by which token, and what it was told. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct MemoryTokens(Arc<Mutex<BTreeMap<String, Option<Told>>>>);

impl MemoryTokens {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, Option<Told>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, token: &str, told: Result<Told, serde_json::Error>) -> Result<(), Unavailable> {
        let told = told.map_err(|error| Unavailable::new("answer a task token", error))?;
        match self.waiting().get_mut(token) {
            Some(slot @ None) => *slot = Some(told),
            Some(_) => tracing::warn!("a task token was answered already"),
            None => tracing::warn!("a task token that nobody waits by was to be answered"),
        }
        Ok(())
    }
}

#[async_trait]
impl TaskTokens for MemoryTokens {
    async fn answer(&self, token: &str, status: &Status) -> Result<(), Unavailable> {
        self.tell(token, Told::of(status))
    }

    async fn refuse(&self, token: &str, refusal: &kernel::Refusal) -> Result<(), Unavailable> {
        self.tell(token, Ok(Told::refused(refusal)))
    }
}

#[async_trait]
impl AwaitedTokens for MemoryTokens {
    async fn begin(&self) -> Result<String, Unavailable> {
        let mut waiting = self.waiting();
        let token = format!("task-{}", waiting.len());
        waiting.insert(token.clone(), None);
        Ok(token)
    }

    async fn told(&self, token: &str) -> Result<Option<Told>, Unavailable> {
        Ok(self.waiting().get(token).cloned().flatten())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::MemoryTokens;

    fn fresh() -> Ready<(MemoryTokens, ())> {
        ready((MemoryTokens::default(), ()))
    }

    crate::task_token_laws!(fresh);
}
