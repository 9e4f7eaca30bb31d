//! Tables of our own in the engine.

use std::sync::atomic::{AtomicU32, Ordering};

use aws::dynamodb::DynamoStore;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::{
    Client,
    config::Credentials,
    types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType},
};

/// Where the engine is.
const ENGINE: &str = "FACTMILL_TEST_DYNAMODB";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Two empty tables.
pub(crate) struct Engine {
    pub(crate) client: Client,
    pub(crate) commits: String,
    pub(crate) state: String,
}

impl Engine {
    /// Makes tables that no other test has.
    pub(crate) async fn fresh() -> Self {
        let client = client(aws_sdk_dynamodb::config::Builder::new());
        let name = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (commits, state) = (format!("commits-{name}"), format!("state-{name}"));
        for table in [&commits, &state] {
            let key =
                |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
            let attribute = |name: &str, kind| {
                AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
            };
            let create = client
                .create_table()
                .table_name(table)
                .billing_mode(BillingMode::PayPerRequest)
                .key_schema(key("k", KeyType::Hash))
                .key_schema(key("s", KeyType::Range))
                .attribute_definitions(attribute("k", ScalarAttributeType::S))
                .attribute_definitions(attribute("s", ScalarAttributeType::N));
            create.send().await.unwrap();
        }
        Self { client, commits, state }
    }

    /// A store on the tables.
    pub(crate) fn store(&self) -> DynamoStore {
        self.store_by(self.client.clone())
    }

    /// A store on the tables, by another client.
    pub(crate) fn store_by(&self, client: Client) -> DynamoStore {
        DynamoStore::new(client, &self.commits, &self.state)
    }
}

/// A client of the engine.
pub(crate) fn client(config: aws_sdk_dynamodb::config::Builder) -> Client {
    let Ok(url) = std::env::var(ENGINE) else {
        panic!("`{ENGINE}` names no DynamoDB engine: run these tests by `make test`, or start one by `make aws-up`")
    };
    let config = config
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"));
    Client::from_conf(match config.clone().build().http_client() {
        Some(_) => config.build(),
        None => config.http_client(aws_smithy_http_client::Builder::new().build_http()).build(),
    })
}
