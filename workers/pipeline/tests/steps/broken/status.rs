//! Status stores.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use kernel::{Id, StreamId, Tenant};
use pipeline::{
    laws::status::Ledger,
    memory::commits::MemoryStore,
    ports::{
        Unavailable,
        status::{Change, Known, StatusStore},
    },
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    /// A refusal overwrites what is committed.
    RefusalsStand,
    /// What is recorded last stands, whichever delivery it answers.
    LastOneStands,
    /// What was told before the first poll is missed.
    WatchesLate,
    /// One id is one command, on whatever stream.
    MixesStreams,
    /// One id is one command, of whatever tenant.
    MixesTenants,
}

type Recorded = HashMap<(Tenant, Id, StreamId), Known>;

#[derive(Clone)]
struct Broken {
    store: MemoryStore,
    bug: Bug,
    last: Arc<Mutex<Recorded>>,
}

#[async_trait]
impl StatusStore for Broken {
    async fn read(&self, tenant: &Tenant, ids: &[Id]) -> Result<Vec<Option<Known>>, Unavailable> {
        let mut known = StatusStore::read(&self.store, tenant, ids).await?;
        let last = self.last.lock().unwrap().clone();
        for (known, id) in known.iter_mut().zip(ids) {
            let recorded = last
                .iter()
                .find(|((whose, which, _), _)| which == id && (whose == tenant || self.bug == Bug::MixesTenants));
            let recorded = recorded.map(|(_, recorded)| recorded.clone());
            let is_final = known.as_ref().is_some_and(|known| known.status.status.is_final());
            match self.bug {
                Bug::RefusalsStand if is_final && recorded.is_some() => *known = recorded,
                Bug::LastOneStands if !is_final => *known = recorded,
                Bug::MixesTenants if known.is_none() => *known = recorded,
                _ => {}
            }
        }
        Ok(known)
    }

    async fn read_on(&self, tenant: &Tenant, id: &Id, stream: &StreamId) -> Result<Option<Known>, Unavailable> {
        if self.bug == Bug::MixesStreams {
            return Ok(StatusStore::read(&self.store, tenant, std::slice::from_ref(id)).await?.remove(0));
        }
        self.store.read_on(tenant, id, stream).await
    }

    async fn record(&self, tenant: &Tenant, settled: Vec<Known>) -> Result<(), Unavailable> {
        for known in &settled {
            let key = (tenant.clone(), known.status.id.clone(), known.status.stream.clone());
            self.last.lock().unwrap().insert(key, known.clone());
        }
        self.store.record(tenant, settled).await
    }

    fn watch(&self, tenant: &Tenant, id: &Id) -> Change<'_> {
        if self.bug == Bug::WatchesLate {
            let (tenant, id) = (tenant.clone(), id.clone());
            return Box::pin(async move { self.store.watch(&tenant, &id).await });
        }
        self.store.watch(tenant, id)
    }
}

macro_rules! failing {
    ($fresh:path: $($law:ident),+ $(,)?) => {{
        let mut failed = Vec::new();
        $(
            let statuses = $fresh();
            let ledger = Ledger { commits: &statuses.store, statuses: &statuses };
            if super::fails(pipeline::laws::status::$law(ledger)).await {
                failed.push(stringify!($law));
            }
        )+
        failed
    }};
}

#[tokio::test(start_paused = true)]
async fn each_broken_status_store_fails_its_own_law() {
    for (bug, laws) in [
        (Bug::RefusalsStand, &["what_is_final_outranks_a_refusal"][..]),
        (Bug::LastOneStands, &["the_latest_delivery_of_a_refused_command_stands"]),
        (Bug::WatchesLate, &["a_watcher_hears_what_came_before_it_was_polled"]),
        (Bug::MixesStreams, &["a_status_is_told_by_stream"]),
        (Bug::MixesTenants, &["a_status_is_its_tenants_own"]),
    ] {
        let fresh = || Broken { store: MemoryStore::default(), bug, last: Arc::default() };
        assert_eq!(pipeline::status_store_laws!([failing] fresh), laws, "{bug:?}");
    }
}
