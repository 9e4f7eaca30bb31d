//! The state machine's task `Settle`.

use std::sync::Arc;

use aws::{announce::Announced, clients, lambda, wiring};
use lambda_runtime::Error;
use pipeline::steps::settle::settle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let statuses = Arc::new(Announced::write_only(Arc::new(wiring::bus(&sdk)?)));
    let tokens = Arc::new(wiring::tokens(&sdk));
    lambda::serve_step(|batch| {
        let (statuses, tokens) = (statuses.clone(), tokens.clone());
        async move {
            settle(&*statuses, &*tokens, &batch).await?;
            Ok(batch)
        }
    })
    .await
}
