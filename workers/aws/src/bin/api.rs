//! The API, as the gateway calls it: the write side or the read side of it.

use aws::{clients, config, lambda, wiring};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::log();
    let sdk = clients::load().await;
    let app = match config::required(config::API)?.as_str() {
        "commands" => wiring::commands_api(&sdk, domain::catalog()).await?,
        "queries" => wiring::queries_api(&sdk, domain::catalog()).await?,
        other => return Err(format!("`{other}` is no part of the API").into()),
    };
    lambda_http::run(api::router(app)).await
}
