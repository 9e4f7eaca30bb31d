//! The ports of a function, as its environment names them. To be made before its first event.

use std::sync::Arc;

use aws_config::SdkConfig;
use pipeline::{
    identity::jwt::JwtVerifier,
    ports::{Unavailable, clock::SystemClock},
    steps::dispatch::Backoff,
};

use crate::{
    config::{self, ConfigError, required},
    dynamodb::DynamoStore,
    eventbridge::EventBridgeBus,
    keys,
    sqs::{SqsInbox, SqsQueue, Stamps, WeakKey},
    stepfunctions::{StepFunctionsTokens, StepFunctionsWorkflow},
};

/// Why a function can't begin.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// The environment doesn't say.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What must be read first can't be.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The key of acceptance stamps is none.
    #[error(transparent)]
    WeakKey(#[from] WeakKey),
}

/// Commits, claims and snapshots.
pub fn store(sdk: &SdkConfig) -> Result<DynamoStore, WiringError> {
    let (commits, state) = (required(config::COMMITS_TABLE)?, required(config::STATE_TABLE)?);
    Ok(DynamoStore::new(aws_sdk_dynamodb::Client::new(sdk), &commits, &state))
}

/// Commits alone, of a function that touches neither claims nor snapshots.
pub fn commits(sdk: &SdkConfig) -> Result<DynamoStore, WiringError> {
    let commits = required(config::COMMITS_TABLE)?;
    Ok(DynamoStore::new(aws_sdk_dynamodb::Client::new(sdk), &commits, ""))
}

/// The bus.
pub fn bus(sdk: &SdkConfig) -> Result<EventBridgeBus, WiringError> {
    Ok(EventBridgeBus::new(aws_sdk_eventbridge::Client::new(sdk), required(config::BUS)?))
}

/// Who asks.
pub fn verifier(sdk: &SdkConfig) -> Result<JwtVerifier, WiringError> {
    let source = keys::source(&required(config::ISSUER_KEYS)?, &aws_sdk_ssm::Client::new(sdk));
    Ok(JwtVerifier::new(required(config::ISSUER)?, source))
}

/// Who knows when a message was first accepted.
pub async fn stamps(sdk: &SdkConfig) -> Result<Stamps, WiringError> {
    let name = required(config::STAMP_KEY_PARAMETER)?;
    let key = keys::parameter(&aws_sdk_ssm::Client::new(sdk), &name).await?;
    Ok(Stamps::new(key.as_bytes())?)
}

/// The door's side of the queue.
pub fn queue(sdk: &SdkConfig, stamps: Stamps) -> Result<SqsQueue, WiringError> {
    let client = aws_sdk_sqs::Client::new(sdk);
    Ok(SqsQueue::new(client, &required(config::COMMAND_QUEUE)?, stamps, Arc::new(SystemClock)))
}

/// Where given-up commands go.
pub fn inbox(sdk: &SdkConfig, stamps: Stamps) -> Result<SqsInbox, WiringError> {
    Ok(SqsInbox::new(aws_sdk_sqs::Client::new(sdk), required(config::FAILURE_QUEUE)?, stamps))
}

/// The state machine, and who waits for it.
pub fn workflow(sdk: &SdkConfig) -> Result<StepFunctionsWorkflow, WiringError> {
    Ok(StepFunctionsWorkflow::new(crate::clients::step_functions(sdk), required(config::STATE_MACHINE)?))
}

/// Who waits for a command.
pub fn tokens(sdk: &SdkConfig) -> StepFunctionsTokens {
    StepFunctionsTokens::new(crate::clients::step_functions(sdk))
}

/// How long messages stay away that are given back.
pub fn backoff() -> Result<Backoff, WiringError> {
    let usual = Backoff::default();
    Ok(Backoff {
        first: config::seconds(config::BACKOFF)?.unwrap_or(usual.first),
        longest: config::seconds(config::BACKOFF_LIMIT)?.unwrap_or(usual.longest),
    })
}
