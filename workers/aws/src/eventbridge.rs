//! The bus: EventBridge.

use async_trait::async_trait;
use aws_sdk_eventbridge::{Client, types::PutEventsRequestEntry};
use pipeline::ports::{
    Unavailable,
    feed::{Bus, BusEntry},
};

use crate::outage;

/// The most entries of a call.
const MOST_ENTRIES: usize = 10;
/// The most bytes of a call's entries together, in every region and in every emulation; newer limits are higher, but an
/// entry of the feed nearly fills this one.
const MOST_BYTES: usize = 256_000;
/// How often an entry that was not accepted is sent again, by itself.
const RESENDS: u32 = 3;
const PUBLISH: &str = "publish on the bus";

/// A bus of EventBridge.
#[derive(Debug, Clone)]
pub struct EventBridgeBus {
    client: Client,
    name: String,
}

impl EventBridgeBus {
    /// The bus of a name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Puts entries in one call; what became of each, or that the call failed as a whole.
    async fn put(&self, entries: &[BusEntry]) -> Result<Vec<Result<(), Unavailable>>, Unavailable> {
        let entry = |entry: &BusEntry| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(&entry.source)
                .detail_type(&entry.detail_type)
                .detail(entry.detail.get())
                .build()
        };
        let put = self.client.put_events().set_entries(Some(entries.iter().map(entry).collect()));
        let put = put.send().await.map_err(outage(PUBLISH))?;
        let mut results: Vec<_> = put
            .entries()
            .iter()
            .map(|result| match (result.event_id(), result.error_code()) {
                (Some(_), None) => Ok(()),
                (_, code) => {
                    let (code, message) = (code.unwrap_or("no id"), result.error_message().unwrap_or_default());
                    Err(Unavailable::new(PUBLISH, format_args!("an entry was not accepted: {code}: {message}")))
                }
            })
            .collect();
        // what is not told of was not accepted
        results.resize_with(entries.len(), || Err(Unavailable::new(PUBLISH, "the answer does not tell of an entry")));
        Ok(results)
    }

    /// Puts an entry again, by itself.
    async fn put_again(&self, entry: &BusEntry, mut result: Result<(), Unavailable>) -> Result<(), Unavailable> {
        for attempt in 0..RESENDS {
            if result.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(0..50 << attempt))).await;
            let put = self.put(std::slice::from_ref(entry)).await;
            result = put.and_then(|mut results| results.pop().unwrap_or(result));
        }
        result
    }
}

#[async_trait]
impl Bus for EventBridgeBus {
    async fn publish(&self, entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>> {
        let mut results = Vec::with_capacity(entries.len());
        for call in calls(&entries) {
            match self.put(call).await {
                Ok(put) => {
                    for (entry, result) in call.iter().zip(put) {
                        results.push(self.put_again(entry, result).await);
                    }
                }
                // the client tried it often enough
                Err(outage) => results.extend(call.iter().map(|_| Err(outage.clone()))),
            }
        }
        results
    }
}

/// How many bytes an entry counts.
fn size(entry: &BusEntry) -> usize {
    entry.source.len() + entry.detail_type.len() + entry.detail.get().len()
}

/// Entries by call, in order.
fn calls(entries: &[BusEntry]) -> impl Iterator<Item = &[BusEntry]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |entry: &&BusEntry| {
            bytes += size(entry);
            bytes <= MOST_BYTES
        };
        let fitting = rest.iter().take(MOST_ENTRIES).take_while(fits).count().max(1).min(rest.len());
        let (call, left) = rest.split_at(fitting);
        rest = left;
        (!call.is_empty()).then_some(call)
    })
}

#[cfg(test)]
mod tests;
