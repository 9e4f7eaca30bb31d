//! From the command queue into the state machine.

use std::sync::Arc;

use aws::{announce::Announced, clients, config, lambda, sqs::Received, wiring};
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::{ports::clock::SystemClock, steps::dispatch::Dispatch};

/// After so many percent of its time it starts nothing more.
const WORKS: u32 = 80;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let stamps = wiring::stamps(&sdk).await?;
    let dispatch = Dispatch {
        catalog: Arc::new(domain::catalog()),
        workflow: Arc::new(wiring::workflow(&sdk)?),
        verifier: Arc::new(wiring::verifier(&sdk)?),
        statuses: Arc::new(Announced::write_only(Arc::new(wiring::bus(&sdk)?))),
        tokens: Arc::new(wiring::tokens(&sdk)),
        inbox: Arc::new(wiring::inbox(&sdk, stamps.clone())?),
        clock: Arc::new(SystemClock),
        backoff: wiring::backoff()?,
    };
    let (client, url) = (aws_sdk_sqs::Client::new(&sdk), config::required(config::COMMAND_QUEUE)?);
    let (dispatch, stamps, client, url) = (&dispatch, &stamps, &client, &url);
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        let until = lambda::part_of_time(&event.context, WORKS);
        let received = Received::of(event.payload, stamps);
        let done = dispatch.dispatch(received.deliveries(), until).await;
        let answer = received.answer(&done);
        answer.release(client, url).await;
        Ok::<_, Error>(answer.response)
    }))
    .await
}
