//! The state machine's task `Validate`.

use std::sync::Arc;

use aws::lambda;
use lambda_runtime::Error;
use pipeline::steps::validate::validate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let catalog = Arc::new(domain::catalog());
    lambda::serve_step(|mut batch| {
        let catalog = catalog.clone();
        async move {
            validate(&catalog, &mut batch);
            Ok(batch)
        }
    })
    .await
}
