//! A bus in memory: it keeps what it accepted.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::{
    laws::bus::HeardBus,
    ports::{
        Unavailable,
        feed::{Bus, BusEntry},
    },
};

/// The largest entry that is accepted, in bytes of its detail.
const LARGEST: usize = 256 * 1024;

/// A bus that keeps what it accepted. A clone is the same bus.
#[derive(Debug, Clone, Default)]
pub struct MemoryBus(Arc<Mutex<Vec<BusEntry>>>);

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let publish = |entry: BusEntry| {
            if entry.detail.get().len() > LARGEST {
                return Err(Unavailable::new("publish an entry", "it is too large"));
            }
            heard.push(entry);
            Ok(())
        };
        entries.into_iter().map(publish).collect()
    }
}

#[async_trait]
impl HeardBus for MemoryBus {
    async fn heard(&self) -> Result<Vec<BusEntry>, Unavailable> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::MemoryBus;

    fn fresh() -> Ready<(MemoryBus, ())> {
        ready((MemoryBus::default(), ()))
    }

    crate::bus_laws!(fresh);
}
