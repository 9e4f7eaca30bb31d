//! The laws of commit and snapshot stores, and what DynamoDB costs, on a real engine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what it did not expect")]

mod cost;
mod faults;
mod scan;
mod support;

use self::support::Engine;
use aws::dynamodb::DynamoStore;

async fn fresh() -> (DynamoStore, Engine) {
    let engine = Engine::fresh().await;
    (engine.store(), engine)
}

pipeline::commit_store_laws!(fresh);
pipeline::snapshot_store_laws!(fresh);
