//! The state machine's task `Persist`.

use std::sync::Arc;

use aws::{clients, lambda, wiring};
use lambda_runtime::Error;
use pipeline::{
    identity::cedar::CedarEngine,
    ports::clock::SystemClock,
    steps::persist::{Persist, Warm},
};

/// Memory for streams that were loaded, in bytes.
const WARM: usize = 128 << 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let store = Arc::new(wiring::store(&sdk)?);
    let catalog = Arc::new(domain::catalog());
    let persist = Arc::new(Persist {
        policies: Arc::new(CedarEngine::new(catalog.policy_sources())?),
        catalog,
        commits: store.clone(),
        snapshots: store,
        clock: Arc::new(SystemClock),
        warm: Warm::new(WARM),
    });
    lambda::serve_step(|mut batch| {
        let persist = persist.clone();
        async move {
            persist.persist(&mut batch).await?;
            Ok(batch)
        }
    })
    .await
}
