//! From the commits' table to the bus.

use std::sync::Arc;

use aws::{clients, config, lambda, relay::Relay, wiring};
use aws_lambda_events::event::dynamodb::Event;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let relay = Relay {
        catalog: Arc::new(domain::catalog()),
        bus: Arc::new(wiring::bus(&sdk)?),
        queue: aws_sdk_sqs::Client::new(&sdk),
        unreadable: config::required(config::UNREADABLE_QUEUE)?,
    };
    let relay = &relay;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| async move {
        Ok::<_, Error>(relay.relay(&event.payload).await)
    }))
    .await
}
