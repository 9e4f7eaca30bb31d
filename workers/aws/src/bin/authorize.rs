//! The state machine's task `Authorize`.

use std::sync::Arc;

use aws::{clients, lambda, wiring};
use lambda_runtime::Error;
use pipeline::{
    identity::cedar::CedarEngine,
    ports::clock::{Clock, SystemClock},
    steps::authorize::authorize,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let verifier = Arc::new(wiring::verifier(&sdk)?);
    let policies = Arc::new(CedarEngine::new(domain::catalog().policy_sources())?);
    lambda::serve_step(|mut batch| {
        let (verifier, policies) = (verifier.clone(), policies.clone());
        async move {
            authorize(&*verifier, &*policies, SystemClock.now(), &mut batch).await?;
            Ok(batch)
        }
    })
    .await
}
