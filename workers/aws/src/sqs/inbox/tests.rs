use jiff::Timestamp;
use pipeline::ports::queue::{Failed, FailureInbox, Message};
use serde_json::{Value, json};

use super::SqsInbox;
use crate::{fake::Fake, sqs::Stamps};

fn stamps() -> Stamps {
    Stamps::new(&[7; 32]).unwrap()
}

fn inbox(service: &Fake, url: &str) -> SqsInbox {
    SqsInbox::new(aws_sdk_sqs::Client::new(&service.config()), url, stamps())
}

fn failed(message: &str) -> Failed {
    Failed {
        tenant: "acme".parse().unwrap(),
        stream: "count/a".parse().unwrap(),
        id: "c1".parse().unwrap(),
        code: "gave-up".into(),
        message: message.into(),
        body: r#"{"id":"c1"}"#.into(),
        authorization: "token".into(),
        received_at: Timestamp::from_millisecond(1_795_000_000_123).unwrap(),
    }
}

fn attribute(request: &Value, name: &str) -> String {
    request["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_kept_can_be_sent_back_as_it_is() {
    let service = Fake::new(|_| (200, json!({ "MessageId": "m" })));
    inbox(&service, "http://127.0.0.1/failed.fifo").keep(&failed("it crashed")).await.unwrap();
    let request = &service.asked()[0];
    assert_eq!(
        (&request["MessageGroupId"], &request["MessageBody"]),
        (&json!("acme/count/a"), &json!(r#"{"id":"c1"}"#))
    );
    assert_eq!([attribute(request, "reasonCode"), attribute(request, "reason")], ["gave-up", "it crashed"]);
    let back = Message {
        group: "acme/count/a".into(),
        body: r#"{"id":"c1"}"#.into(),
        authorization: attribute(request, "authorization"),
        traceparent: None,
        task_token: None,
    };
    assert_eq!(stamps().read(&back, &attribute(request, "receivedAt")), Some(failed("").received_at));
}

#[tokio::test]
async fn the_same_delivery_is_kept_once_and_another_beside_it() {
    let service = Fake::new(|_| (200, json!({ "MessageId": "m" })));
    let inbox = inbox(&service, "http://127.0.0.1/failed.fifo");
    let later = Failed { received_at: Timestamp::from_second(1_795_000_001).unwrap(), ..failed("again") };
    for failed in [failed("once"), failed("twice"), later] {
        inbox.keep(&failed).await.unwrap();
    }
    let asked = service.asked();
    let once = |at: usize| asked[at]["MessageDeduplicationId"].as_str().unwrap();
    assert_eq!(once(0), once(1));
    assert_ne!(once(0), once(2));
}

#[tokio::test]
async fn any_reason_can_be_kept() {
    let service = Fake::new(|_| (200, json!({ "MessageId": "m" })));
    let inbox = inbox(&service, "http://127.0.0.1/failed");
    for message in ["", "a\u{0}\u{ffff}b", &"é".repeat(2_000)] {
        inbox.keep(&failed(message)).await.unwrap();
    }
    let reasons: Vec<_> = service.asked().iter().map(|request| attribute(request, "reason")).collect();
    assert_eq!((reasons[0].as_str(), reasons[1].as_str(), reasons[2].len()), ("unknown", "a  b", 1_024));
    assert!(service.asked()[0].get("MessageGroupId").is_none(), "a standard queue has no groups");
}

#[tokio::test]
async fn what_is_not_kept_is_an_outage() {
    let service = Fake::new(|_| (500, json!({})));
    inbox(&service, "http://127.0.0.1/failed.fifo").keep(&failed("no")).await.unwrap_err();
}
