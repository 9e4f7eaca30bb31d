//! The adapters against the services' own answers, as LocalStack gives them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what it did not expect")]

mod bus;
mod queue;
mod workflow;

use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A configuration of clients of the emulation.
fn sdk() -> SdkConfig {
    let Ok(url) = std::env::var("AWS_ENDPOINT_URL") else {
        panic!("`AWS_ENDPOINT_URL` names no LocalStack: run these tests by `make test`, or start one by `make aws-up`")
    };
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// A name that no other test has.
fn fresh(name: &str) -> String {
    format!("{name}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}
