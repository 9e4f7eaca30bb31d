//! One client of each service, over one pool of connections, made before the first event.

use std::time::Duration;

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;

use crate::stepfunctions::NoHostPrefix;

/// How often a call is tried, by the SDK's standard mode: with backoff and jitter, and a budget for the whole client.
const ATTEMPTS: u32 = 4;
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How long an attempt of an execution may take: longer than the state machine's own limit.
const EXECUTION: Duration = Duration::from_secs(75);

/// Region, credentials and endpoint from the environment. To be called once in a process.
pub async fn load() -> SdkConfig {
    let plain = std::env::var("AWS_ENDPOINT_URL").is_ok_and(|url| url.starts_with("http://"));
    let http = if plain {
        Builder::new().build_http()
    } else {
        Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    };
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    aws_config::from_env().http_client(http).timeout_config(timeouts).retry_config(retries).load().await
}

/// The client of Step Functions, whose calls last as long as the executions that they start.
pub fn step_functions(config: &SdkConfig) -> aws_sdk_sfn::Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(EXECUTION).build();
    let mut builder = aws_sdk_sfn::config::Builder::from(config)
        .timeout_config(timeouts)
        // nothing comes for as long as the execution lasts
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    // an address for this service alone is not part of the shared configuration
    if config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_SFN").is_some() {
        builder = builder.interceptor(NoHostPrefix);
    }
    aws_sdk_sfn::Client::from_conf(builder.build())
}
