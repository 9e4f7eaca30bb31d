//! Whether what the read side reads from answers.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use kernel::StreamKey;
use pipeline::ports::{
    commits::CommitStore,
    health::{Health, Trouble},
};
use tokio::time::timeout;

use crate::{
    dynamodb::DynamoStore,
    opensearch::{Client, Domain},
};

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The stores of the read side.
pub struct Stores {
    /// The commits.
    pub commits: DynamoStore,
    /// A stream that may be asked for, there or not.
    pub stream: StreamKey,
    /// The views' cluster.
    pub search: Client,
    /// The views' domain …
    pub domain: String,
    /// … and who knows of it.
    pub sdk: SdkConfig,
}

#[async_trait]
impl Health for Stores {
    async fn parts(&self) -> BTreeMap<&'static str, Trouble> {
        let store = async { self.commits.read(&self.stream, 1, 1).await.err().map(|outage| outage.to_string()) };
        let domain = async {
            match Domain::find(&self.sdk, &self.domain).await {
                Ok(domain) => domain.trouble,
                Err(outage) => Some(outage.to_string()),
            }
        };
        let (store, index, domain) = tokio::join!(told(store), told(self.search.trouble()), told(domain));
        BTreeMap::from([("store", store), ("index", index), ("domain", domain)])
    }
}

async fn told(part: impl Future<Output = Trouble>) -> Trouble {
    timeout(PATIENCE, part).await.unwrap_or_else(|_| Some("it does not answer".to_owned()))
}
