//! Where the app is, and who acts there.

use std::{
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::{
    config::{Credentials, SharedCredentialsProvider},
    types::{MessageAttributeValue, QueueAttributeName},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk, jwk::ThumbprintHash};
use serde_json::{Value, json};

/// What a part of the deployment is called, or where it is.
fn named(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("`{variable}` names no deployment: `make aws-deploy` makes one, and `localstack/stack env` tells of it")
    })
}

/// What nobody used before, and can be used as a tenant.
pub(crate) fn fresh(name: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    format!("{name}{millis:x}-{:x}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The bytes of a key in PEM.
fn key(file: &Path) -> Vec<u8> {
    let pem = std::fs::read_to_string(file).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).unwrap()
}

/// The deployed app.
pub(crate) struct Stack {
    outputs: Value,
    url: String,
    key: Vec<u8>,
    http: reqwest::Client,
    pub(crate) sdk: SdkConfig,
}

impl Stack {
    pub(crate) fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(named("AWS_ENDPOINT_URL"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let outputs = std::fs::read_to_string(named("FACTMILL_TEST_OUTPUTS")).unwrap();
        Self {
            outputs: serde_json::from_str(&outputs).unwrap(),
            url: named("FACTMILL_URL"),
            key: key(&PathBuf::from(named("FACTMILL_DATA")).join("issuer.pem")),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            sdk,
        }
    }

    /// What the deployment told of a part.
    pub(crate) fn output(&self, name: &str) -> &str {
        let mut stacks = self.outputs.as_object().unwrap().values();
        stacks.find_map(|stack| stack[name].as_str()).unwrap_or_else(|| panic!("there is no output `{name}`"))
    }

    /// A token of the trusted issuer, for ten minutes.
    pub(crate) fn token(&self, tenant: &str, sub: &str, role: &str) -> String {
        let key = EncodingKey::from_ed_der(&self.key);
        let public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).unwrap();
        let header =
            Header { kid: Some(public.thumbprint(ThumbprintHash::SHA256).unwrap()), ..Header::new(Algorithm::EdDSA) };
        let exp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 600;
        let claims = json!({ "iss": "factmill-dev", "aud": "factmill", "exp": exp, "sub": sub, "tenant": tenant, "roles": [role] });
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }

    /// Asks the API; what it answered, and its status.
    pub(crate) async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let answer = self.http.get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// Puts a command on the queue, as another service would.
    pub(crate) async fn enqueue(&self, token: &str, group: &str, command: &Value) {
        let authorization = MessageAttributeValue::builder().data_type("String").string_value(token).build().unwrap();
        aws_sdk_sqs::Client::new(&self.sdk)
            .send_message()
            .queue_url(self.output("CommandsQueueUrl"))
            .message_group_id(group)
            .message_deduplication_id(fresh("once"))
            .message_attributes("authorization", authorization)
            .message_body(command.to_string())
            .send()
            .await
            .unwrap();
    }

    /// A queue that a rule on the bus leads to.
    pub(crate) async fn listen(&self, pattern: &Value) -> String {
        let (events, queues) = (aws_sdk_eventbridge::Client::new(&self.sdk), aws_sdk_sqs::Client::new(&self.sdk));
        let (bus, name) = (self.output("BusName"), fresh("listener"));
        let url = queues.create_queue().queue_name(&name).send().await.unwrap().queue_url.unwrap();
        let attributes = queues.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::QueueArn);
        let arn = attributes.send().await.unwrap().attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
        events.put_rule().name(&name).event_bus_name(bus).event_pattern(pattern.to_string()).send().await.unwrap();
        let target = Target::builder().id("queue").arn(arn).build().unwrap();
        events.put_targets().rule(&name).event_bus_name(bus).targets(target).send().await.unwrap();
        url
    }

    /// The next message of a queue, within the time that a queue lets one wait.
    pub(crate) async fn heard(&self, url: &str) -> Option<Value> {
        let queues = aws_sdk_sqs::Client::new(&self.sdk);
        let heard = queues.receive_message().queue_url(url).wait_time_seconds(20).send().await.unwrap();
        let message = heard.messages.unwrap_or_default().into_iter().next()?;
        let receipt = message.receipt_handle().unwrap();
        queues.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
        Some(serde_json::from_str(message.body().unwrap()).unwrap())
    }
}
