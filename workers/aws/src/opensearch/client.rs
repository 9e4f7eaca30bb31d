//! The connection to a cluster: requests, answers, and what an error says.

use std::{error::Error as _, fmt::Write as _, time::Duration};

use ::opensearch::{
    Error,
    auth::Credentials,
    http::{
        Method, Url,
        headers::{ACCEPT_ENCODING, HeaderMap, HeaderValue},
        transport::{SingleNodeConnectionPool, Transport, TransportBuilder},
    },
};
use aws_config::SdkConfig;
use bytes::Bytes;
use pipeline::ports::Unavailable;
use serde::Deserialize;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster. A clone uses the same connections.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
}

/// An answer, whatever it says.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Bytes,
}

/// What the cluster says of an error.
#[derive(Debug, Deserialize)]
pub(super) struct Cause {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    caused_by: Option<Box<Cause>>,
}

impl Client {
    /// A cluster at this URL. With a configuration, requests are signed by its credentials for its region.
    pub fn connect(url: &str, signer: Option<&SdkConfig>) -> Result<Self, Unavailable> {
        let failed = |error: &dyn std::fmt::Display| Unavailable::new("connecting to OpenSearch", error);
        // whoever came first has chosen how to encrypt, for the whole process
        drop(rustls::crypto::ring::default_provider().install_default());
        let url: Url = url.parse().map_err(|error| failed(&error))?;
        let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(url))
            .disable_proxy()
            .timeout(PATIENCE)
            // compressing costs the cluster more than the way does
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(signer) = signer {
            builder = builder.auth(Credentials::try_from(signer).map_err(|error| failed(&error))?);
        }
        Ok(Self { transport: builder.build().map_err(|error| failed(&error))? })
    }

    /// Sends a request; an answer of any status is one.
    pub(super) async fn send(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, Unavailable> {
        let failed = |error: Error| Unavailable::new(what, chain(&error));
        let body: Bytes = body.into();
        let body = (!body.is_empty()).then_some(body);
        let sent = self.transport.send(method, path, HeaderMap::new(), None::<&()>, body, None).await;
        let response = sent.map_err(failed)?;
        let status = response.status_code().as_u16();
        Ok(Answer { status, body: response.bytes().await.map_err(failed)? })
    }

    /// Sends a request that must succeed.
    pub(super) async fn ask(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, Unavailable> {
        let answer = self.send(what, method, path, body).await?;
        if answer.is_success() { Ok(answer) } else { Err(Unavailable::new(what, answer.trouble())) }
    }

    /// What keeps the cluster from working; `None` if nothing does.
    pub async fn trouble(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Health {
            status: String,
        }
        let what = "asking for the cluster's health";
        match self.ask(what, Method::Get, "_cluster/health", Bytes::new()).await {
            Err(error) => Some(error.to_string()),
            Ok(answer) => match answer.read::<Health>(what) {
                Ok(health) if health.status == "red" => Some("the cluster is red: some of its data is missing".into()),
                Ok(_) => None,
                Err(error) => Some(error.to_string()),
            },
        }
    }
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads the answer.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self, what: &'static str) -> Result<T, Unavailable> {
        serde_json::from_slice(&self.body).map_err(|error| Unavailable::new(what, error))
    }

    /// The cause of an answer that is an error, as far as it says one.
    pub(super) fn cause(&self) -> Option<Cause> {
        #[derive(Deserialize)]
        struct Failed {
            error: Cause,
        }
        serde_json::from_slice::<Failed>(&self.body).ok().map(|failed| failed.error)
    }

    /// What the answer says went wrong.
    pub(super) fn trouble(&self) -> String {
        let said = self
            .cause()
            .map_or_else(|| String::from_utf8_lossy(&self.body).chars().take(200).collect(), |cause| cause.to_string());
        format!("status {}: {said}", self.status)
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.reason.as_deref().filter(|reason| !reason.is_empty()).unwrap_or(&self.kind))?;
        self.caused_by.as_ref().map_or(Ok(()), |deeper| write!(f, ": {deeper}"))
    }
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        // writing to a text does not fail
        let _ = write!(text, ": {deeper}");
        source = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        net::TcpListener,
        thread,
    };

    use aws_sdk_opensearch::config::{Credentials, Region, SharedCredentialsProvider};

    use super::*;

    /// Answers one request; returns its head.
    fn node(status: u16, body: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/opensearch/domain", listener.local_addr().unwrap());
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
            head.join("\n")
        });
        (url, served)
    }

    #[tokio::test]
    async fn requests_are_signed_for_the_service_and_go_below_the_urls_path() {
        let (url, served) = node(200, r#"{ "status": "green" }"#);
        let credentials = Credentials::new("AKID", "secret", Some("session".into()), None, "test");
        let config = SdkConfig::builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .region(Region::new("eu-west-1"))
            .build();
        assert_eq!(Client::connect(&url, Some(&config)).unwrap().trouble().await, None);
        let head = served.join().unwrap();
        assert!(head.starts_with("GET /opensearch/domain/_cluster/health HTTP/1.1"), "{head}");
        assert!(head.contains("authorization: AWS4-HMAC-SHA256 Credential=AKID/"), "{head}");
        assert!(head.contains("/eu-west-1/es/aws4_request"), "{head}");
        assert!(head.contains("x-amz-security-token: session"), "{head}");
    }

    #[tokio::test]
    async fn an_error_says_what_its_cause_says() {
        let body =
            r#"{ "error": { "type": "outer", "reason": "", "caused_by": { "type": "inner", "reason": "too full" } } }"#;
        let (url, _served) = node(503, body);
        let trouble = Client::connect(&url, None).unwrap().trouble().await.unwrap();
        assert!(trouble.ends_with("status 503: outer: too full"), "{trouble}");
    }

    #[tokio::test]
    async fn a_cluster_that_is_not_there_is_an_outage() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let client = Client::connect(&format!("http://127.0.0.1:{port}"), None).unwrap();
        let told = client.ask("asking", Method::Get, "", Bytes::new()).await.err().unwrap();
        assert!(told.reason.contains("refused"), "{told}");
    }

    #[test]
    fn a_client_speaks_in_private() {
        Client::connect("https://search-d-1.eu-west-1.es.amazonaws.com", None).unwrap();
    }
}
