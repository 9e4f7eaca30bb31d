//! The issuer's public keys, from a URL or a parameter. Keys that can't be reached are an outage.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::byte_stream::ByteStream;
use jsonwebtoken::jwk::JwkSet;
use pipeline::ports::{Unavailable, identity::KeySource};

use crate::outage;

/// How long the issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
const FETCH: &str = "fetching the issuer's keys";

/// Where the keys are, by its name in the configuration: an `http(s)` URL, or `parameter:<name>`.
pub fn source(place: &str, parameters: &aws_sdk_ssm::Client) -> Arc<dyn KeySource> {
    match place.strip_prefix("parameter:") {
        Some(name) => Arc::new(ParameterKeys { client: parameters.clone(), name: name.to_owned() }),
        None => Arc::new(UrlKeys::new(place)),
    }
}

/// The value of a parameter, decrypted.
pub async fn parameter(client: &aws_sdk_ssm::Client, name: &str) -> Result<String, Unavailable> {
    let get = client.get_parameter().name(name).with_decryption(true);
    let got = get.send().await.map_err(outage("reading a parameter"))?;
    let value = got.parameter.and_then(|parameter| parameter.value);
    value.ok_or_else(|| Unavailable::new("reading a parameter", format_args!("`{name}` has no value")))
}

/// A JWK set at a URL.
#[derive(Debug)]
pub struct UrlKeys {
    connector: Connector,
    url: String,
}

impl UrlKeys {
    /// The keys at a URL.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let connector = if url.starts_with("http://") {
            Connector::builder().build_http()
        } else {
            Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
        };
        Self { connector, url }
    }

    async fn fetch(&self) -> Result<Vec<u8>, Unavailable> {
        let request = HttpRequest::get(&self.url).map_err(outage(FETCH))?;
        let response = self.connector.call(request).await.map_err(outage(FETCH))?;
        if !response.status().is_success() {
            return Err(Unavailable::new(FETCH, format_args!("the issuer answered {}", response.status())));
        }
        let body = ByteStream::new(response.into_body()).collect().await.map_err(outage(FETCH))?;
        Ok(body.to_vec())
    }
}

#[async_trait]
impl KeySource for UrlKeys {
    async fn keys(&self) -> Result<Arc<JwkSet>, Unavailable> {
        let fetched = tokio::time::timeout(PATIENCE, self.fetch()).await;
        let body = fetched.map_err(|_| Unavailable::new(FETCH, "the issuer does not answer"))??;
        serde_json::from_slice(&body).map(Arc::new).map_err(outage(FETCH))
    }
}

/// A JWK set in a parameter.
#[derive(Debug)]
pub struct ParameterKeys {
    client: aws_sdk_ssm::Client,
    name: String,
}

#[async_trait]
impl KeySource for ParameterKeys {
    async fn keys(&self) -> Result<Arc<JwkSet>, Unavailable> {
        let value = parameter(&self.client, &self.name).await?;
        serde_json::from_str(&value).map(Arc::new).map_err(outage(FETCH))
    }
}

#[cfg(test)]
mod tests;
