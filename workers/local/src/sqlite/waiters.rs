//! Who waits for news of a command.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use kernel::{Id, Tenant};
use pipeline::ports::status::Change;
use tokio::sync::oneshot;

use super::writer::lock;

type Key = (Tenant, Id);
/// Those who wait for the same, each with its ticket.
type Tickets = Vec<(u64, oneshot::Sender<()>)>;

/// Who waits for news of a command. Without waiters, news cost nothing.
#[derive(Default)]
pub(super) struct Waiters {
    waiting: Mutex<HashMap<Key, Tickets>>,
    /// How many commands are waited for.
    commands: AtomicUsize,
    tickets: AtomicU64,
}

impl Waiters {
    /// Resolves at the next news of the command, counted from this call.
    pub(super) fn watch(&self, tenant: &Tenant, id: &Id) -> Change<'_> {
        let key = (tenant.clone(), id.clone());
        let (wake, woken) = oneshot::channel();
        let mut waiting = lock(&self.waiting);
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        waiting.entry(key.clone()).or_default().push((ticket, wake));
        self.commands.store(waiting.len(), Ordering::SeqCst);
        drop(waiting);
        let waiter = Waiter { waiters: self, key, ticket };
        Box::pin(async move {
            // an error means that the store is gone: look again
            drop(woken.await);
            drop(waiter);
        })
    }

    /// Whether anybody waits.
    pub(super) fn any(&self) -> bool {
        self.commands.load(Ordering::SeqCst) > 0
    }

    /// Wakes whoever waits for one of these commands.
    pub(super) fn wake<'a>(&self, tenant: &Tenant, ids: impl Iterator<Item = &'a Id>) {
        // a watcher that registers after this reads what is durable by now
        if !self.any() {
            return;
        }
        let mut waiting = lock(&self.waiting);
        for id in ids {
            let waiters = waiting.remove(&(tenant.clone(), id.clone())).unwrap_or_default();
            for (_, wake) in waiters {
                // whoever waited may have gone
                let _ = wake.send(());
            }
        }
        self.commands.store(waiting.len(), Ordering::SeqCst);
    }
}

/// Takes itself off the list.
struct Waiter<'a> {
    waiters: &'a Waiters,
    key: Key,
    ticket: u64,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiters.waiting);
        if let Some(waiters) = waiting.get_mut(&self.key) {
            waiters.retain(|(ticket, _)| *ticket != self.ticket);
            if waiters.is_empty() {
                waiting.remove(&self.key);
            }
        }
        self.waiters.commands.store(waiting.len(), Ordering::SeqCst);
    }
}
