//! Refreshes that many ask for at the same time and one makes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use pipeline::ports::Unavailable;

/// The refreshes of every alias.
#[derive(Debug, Default)]
pub(super) struct Refreshes(Mutex<HashMap<String, Arc<Tickets>>>);

/// Who asked, and up to whom all were served.
#[derive(Debug, Default)]
struct Tickets {
    asked: AtomicU64,
    served: tokio::sync::Mutex<u64>,
}

impl Refreshes {
    /// Resolves when a refresh that began after this call is done. `refresh` is made by one for all who wait.
    pub(super) async fn after<F>(&self, alias: &str, refresh: impl FnOnce() -> F) -> Result<(), Unavailable>
    where
        F: Future<Output = Result<(), Unavailable>>,
    {
        let tickets = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(tickets) = all.get(alias) {
                tickets.clone()
            } else {
                all.entry(alias.into()).or_default().clone()
            }
        };
        let mine = tickets.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut served = tickets.served.lock().await;
        if *served >= mine {
            return Ok(());
        }
        let all = tickets.asked.load(Ordering::SeqCst);
        refresh().await?;
        *served = all;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn who_comes_while_a_refresh_runs_shares_the_next_one() {
        let (refreshes, made, go) = (Refreshes::default(), AtomicUsize::new(0), Notify::new());
        let one = async || {
            refreshes
                .after("a", async || {
                    go.notified().await;
                    made.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                })
                .await
        };
        let release = async {
            // the first refresh runs, all the others wait
            go.notify_one();
            go.notify_one();
        };
        let all = join_all((0..20).map(|_| one()));
        let (first, others, ()) = tokio::join!(one(), all, release);
        assert!(first.is_ok() && others.iter().all(Result::is_ok));
        assert_eq!(made.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_refresh_that_failed_serves_nobody() {
        let refreshes = Refreshes::default();
        let fails = refreshes.after("a", async || Err(Unavailable::new("refreshing", "no"))).await;
        assert!(fails.is_err());
        let mut made = false;
        refreshes
            .after("a", async || {
                made = true;
                Ok(())
            })
            .await
            .unwrap();
        assert!(made);
    }
}
