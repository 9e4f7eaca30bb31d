//! The ports of a function, as its environment names them. To be made before its first event.

use std::{sync::Arc, time::Duration};

use api::{App, Limits};
use aws_config::SdkConfig;
use kernel::{Catalog, StreamKey, id::BadId};
use pipeline::{
    identity::{cedar::CedarEngine, jwt::JwtVerifier, policies::PolicyError},
    ports::{Unavailable, clock::SystemClock},
    steps::{dispatch::Backoff, verify::Verify},
};

use crate::{
    absent::Absent,
    announce::Announced,
    config::{self, ConfigError, required},
    dynamodb::DynamoStore,
    eventbridge::EventBridgeBus,
    health::Stores,
    keys,
    opensearch::{Client, Domain, Naming, OpenSearchIndex, OpenSearchStatuses},
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
    /// The policies are not valid.
    #[error(transparent)]
    Policies(#[from] PolicyError),
    /// A name of ours is none.
    #[error(transparent)]
    Name(#[from] BadId),
}

/// The longest that the API may take for a request: longer than a client may ask it to wait, and shorter than its
/// function may take.
const REQUEST: Duration = Duration::from_millis(26_500);
/// The stream that is asked for to see whether the store answers.
const PROBE: (&str, &str) = ("factmill", "health/probe");

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

/// The cluster of the views, and how its indices are called.
pub struct Search {
    /// The cluster.
    pub client: Client,
    /// Its indices.
    pub naming: Naming,
    /// The domain that it is of.
    pub domain: String,
}

impl Search {
    /// The statuses of commands.
    pub fn statuses(&self) -> OpenSearchStatuses {
        OpenSearchStatuses::new(self.client.clone(), &self.naming)
    }
}

/// Finds the cluster of the views.
pub async fn search(sdk: &SdkConfig) -> Result<Search, WiringError> {
    let domain = required(config::SEARCH_DOMAIN)?;
    let usual = Naming::default();
    let naming = Naming {
        prefix: config::optional(config::INDEX_PREFIX).unwrap_or(usual.prefix),
        generation: config::number(config::INDEX_GENERATION)?.unwrap_or(usual.generation),
    };
    let found = Domain::find(sdk, &domain).await?;
    Ok(Search { client: Client::connect(&found.url, Some(sdk))?, naming, domain })
}

/// The write side of the API: commands, and what came of them. It reads no views and no streams.
pub async fn commands_api(sdk: &SdkConfig, catalog: Catalog) -> Result<App, WiringError> {
    let catalog = Arc::new(catalog);
    let (search, stamps) = tokio::try_join!(search(sdk), stamps(sdk))?;
    Ok(App {
        clock: Arc::new(SystemClock),
        queue: Arc::new(queue(sdk, stamps)?),
        statuses: Arc::new(Announced::over(Arc::new(bus(sdk)?), Arc::new(search.statuses()))),
        commits: Arc::new(Absent),
        index: Arc::new(Absent),
        tokens: Arc::new(verifier(sdk)?),
        policies: Arc::new(CedarEngine::new(catalog.policy_sources())?),
        verify: Arc::new(Absent),
        health: Arc::new(Absent),
        limits: Limits { request: REQUEST },
        catalog,
    })
}

/// The read side of the API: all the rest. It sends nothing.
pub async fn queries_api(sdk: &SdkConfig, catalog: Catalog) -> Result<App, WiringError> {
    let catalog = Arc::new(catalog);
    let Search { client, naming, domain } = search(sdk).await?;
    let commits = store(sdk)?;
    let index = Arc::new(OpenSearchIndex::new(client.clone(), naming));
    let (tenant, stream) = PROBE;
    Ok(App {
        clock: Arc::new(SystemClock),
        queue: Arc::new(Absent),
        statuses: Arc::new(Absent),
        commits: Arc::new(commits.clone()),
        index: index.clone(),
        tokens: Arc::new(verifier(sdk)?),
        policies: Arc::new(CedarEngine::new(catalog.policy_sources())?),
        verify: Arc::new(Verify { catalog: catalog.clone(), commits: Arc::new(commits.clone()), index }),
        health: Arc::new(Stores {
            stream: StreamKey::new(tenant.parse()?, stream.parse()?),
            commits,
            search: client,
            domain,
            sdk: sdk.clone(),
        }),
        limits: Limits { request: REQUEST },
        catalog,
    })
}
