//! Refusals and failures, told on the bus: nobody who refuses a command writes the status index.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Id, StreamId, Tenant};
use pipeline::{
    ports::{
        Unavailable,
        feed::{Bus, BusEntry},
        status::{Change, Known, StatusStore},
    },
    steps::relay::FEED,
};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

/// The `detail-type` of refusals and failures.
pub const REFUSALS: &str = "Refusals";
/// The largest entry's detail, in bytes.
const LARGEST_DETAIL: usize = 200 * 1024;
const TELL: &str = "tell of refusals";

/// The detail of an entry: refusals and failures of one tenant's commands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusals {
    /// Whose commands.
    pub tenant: Tenant,
    /// What is known of them.
    pub refusals: Vec<Known>,
}

/// A status store that is written through the bus. What it reads, if this function may read, is another store.
pub struct Announced {
    bus: Arc<dyn Bus>,
    known: Option<Arc<dyn StatusStore>>,
}

impl Announced {
    /// Tells on the bus, and reads nothing.
    pub fn write_only(bus: Arc<dyn Bus>) -> Self {
        Self { bus, known: None }
    }

    /// Tells on the bus, and reads what became of it.
    pub fn over(bus: Arc<dyn Bus>, known: Arc<dyn StatusStore>) -> Self {
        Self { bus, known: Some(known) }
    }

    fn known(&self) -> Result<&dyn StatusStore, Unavailable> {
        self.known.as_deref().ok_or_else(|| Unavailable::new("read a status", "this function reads no statuses"))
    }
}

#[async_trait]
impl StatusStore for Announced {
    async fn read(&self, tenant: &Tenant, ids: &[Id]) -> Result<Vec<Option<Known>>, Unavailable> {
        self.known()?.read(tenant, ids).await
    }

    async fn read_on(&self, tenant: &Tenant, id: &Id, stream: &StreamId) -> Result<Option<Known>, Unavailable> {
        self.known()?.read_on(tenant, id, stream).await
    }

    async fn record(&self, tenant: &Tenant, settled: Vec<Known>) -> Result<(), Unavailable> {
        let entries = entries(tenant, settled).map_err(|error| Unavailable::new(TELL, error))?;
        self.bus.publish(entries).await.into_iter().collect()
    }

    fn watch(&self, tenant: &Tenant, id: &Id) -> Change<'_> {
        match &self.known {
            Some(known) => known.watch(tenant, id),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// Refusals as entries of the bus.
fn entries(tenant: &Tenant, settled: Vec<Known>) -> Result<Vec<BusEntry>, serde_json::Error> {
    let mut entries = Vec::new();
    let mut packed = Refusals { tenant: tenant.clone(), refusals: Vec::new() };
    let mut bytes = 0;
    for known in settled {
        let size = serde_json::to_vec(&known)?.len() + 1;
        if bytes + size > LARGEST_DETAIL && !packed.refusals.is_empty() {
            entries.push(entry(&packed)?);
            packed.refusals.clear();
            bytes = 0;
        }
        bytes += size;
        packed.refusals.push(known);
    }
    if !packed.refusals.is_empty() {
        entries.push(entry(&packed)?);
    }
    Ok(entries)
}

fn entry(refusals: &Refusals) -> Result<BusEntry, serde_json::Error> {
    Ok(BusEntry { source: FEED.into(), detail_type: REFUSALS.into(), detail: to_raw_value(refusals)? })
}

#[cfg(test)]
mod tests;
