//! What the relay's function does with an event of the commits' table's stream.

use std::sync::Arc;

use aws_lambda_events::event::{
    dynamodb::Event,
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use kernel::Catalog;
use pipeline::{
    ports::{Unavailable, commits::Stored, feed::Bus},
    steps::relay::relay,
};

use crate::{
    dynamodb::stream::{Content, Unreadable, records},
    outage,
};

/// All that relaying needs.
pub struct Relay {
    /// The domains: which events are public.
    pub catalog: Arc<Catalog>,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// Where records go that can't be read.
    pub queue: aws_sdk_sqs::Client,
    /// That queue's URL.
    pub unreadable: String,
}

impl Relay {
    /// Tells the bus of the event's commits. A record that can't be read is put aside and passed; what the
    /// infrastructure could not do is reported by the first record that it concerns, and comes again from there on.
    pub async fn relay(&self, event: &Event) -> DynamoDbEventResponse {
        let mut numbers = Vec::new();
        let mut commits: Vec<Arc<Stored>> = Vec::new();
        let mut first_failed = None;
        for (at, record) in records(event).into_iter().enumerate() {
            match record.content {
                Content::Appended(stored) => {
                    numbers.push((at, record.number));
                    commits.push(stored);
                }
                Content::Removed => tracing::warn!(number = record.number, "a commit was removed: nothing is told"),
                Content::Unreadable(unreadable) => {
                    if let Err(outage) = self.put_aside(&unreadable).await {
                        tracing::error!("a record that can't be read can't be put aside: {outage}");
                        first_failed = Some((at, record.number));
                        break;
                    }
                }
            }
        }
        if let Err(unsent) = relay(&self.catalog, &*self.bus, &commits).await {
            tracing::warn!(commits = commits.len(), first = unsent.first, "not all was told: {}", unsent.outage);
            let unsent = numbers.into_iter().nth(unsent.first);
            first_failed = first_failed.into_iter().chain(unsent).min();
        }
        let mut response = DynamoDbEventResponse::default();
        if let Some((_, number)) = first_failed {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(number);
            response.batch_item_failures.push(failure);
        }
        response
    }

    async fn put_aside(&self, unreadable: &Unreadable) -> Result<(), Unavailable> {
        tracing::error!(?unreadable, "a record of the stream can't be read: it is put aside");
        let body = serde_json::to_string(unreadable).map_err(outage("put a record aside"))?;
        let send = self.queue.send_message().queue_url(&self.unreadable).message_body(body);
        send.send().await.map(drop).map_err(outage("put a record aside"))
    }
}

#[cfg(test)]
mod tests;
