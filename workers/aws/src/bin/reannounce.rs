//! Tells projectors again of what was committed in a time.

use std::sync::Arc;

use aws::{clients, lambda, reannounce, wiring};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use pipeline::ports::feed::Bus;

/// After so many percent of its time it ends, and says where to go on.
const WORKS: u32 = 80;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let store = wiring::commits(&sdk)?;
    let bus: Arc<dyn Bus> = Arc::new(wiring::bus(&sdk)?);
    let (store, bus) = (&store, &bus);
    lambda_runtime::run(service_fn(|event: LambdaEvent<reannounce::Request>| async move {
        let until = lambda::part_of_time(&event.context, WORKS);
        Ok::<_, Error>(reannounce::run(store, bus, event.payload, until).await?)
    }))
    .await
}
