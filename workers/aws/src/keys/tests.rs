use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::source;
use crate::fake::Fake;

const SET: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn parameters(service: &Fake) -> aws_sdk_ssm::Client {
    aws_sdk_ssm::Client::new(&service.config())
}

fn nobody() -> Fake {
    Fake::new(|_| (500, json!({})))
}

/// Answers every connection with the same; its URL.
async fn issuer(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = [0; 1_024];
            let read = connection.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /keys HTTP/1.1\r\n"));
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test]
async fn keys_come_from_a_url() {
    let answer: &'static str = Box::leak(
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{SET}", SET.len()).into_boxed_str(),
    );
    let keys = source(&issuer(answer).await, &parameters(&nobody()));
    assert_eq!(keys.keys().await.unwrap().keys[0].common.key_id.as_deref(), Some("one"));
}

#[tokio::test]
async fn keys_that_cannot_be_reached_or_read_are_an_outage() {
    let refusing = issuer("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    let garbage = issuer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]").await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}/keys", closed.local_addr().unwrap());
    drop(closed);
    for url in [refusing, garbage, nowhere, "not a url".into(), "parameter:keys".into()] {
        assert!(source(&url, &parameters(&nobody())).keys().await.is_err(), "{url}");
    }
}

#[tokio::test]
async fn keys_come_from_a_parameter() {
    let service = Fake::new(|request| {
        assert_eq!(request, &json!({ "Name": "/factmill/keys", "WithDecryption": true }));
        (200, json!({ "Parameter": { "Name": "/factmill/keys", "Value": SET } }))
    });
    let keys = source("parameter:/factmill/keys", &parameters(&service));
    assert_eq!(keys.keys().await.unwrap().keys.len(), 1);
}
