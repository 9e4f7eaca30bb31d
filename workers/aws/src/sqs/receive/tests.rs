use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use pipeline::{ports::queue::Message, steps::dispatch::Dispatched};
use serde_json::{Value, json};

use super::{Answer, Received};
use crate::{fake::Fake, sqs::Stamps};

fn stamps() -> Stamps {
    Stamps::new(&[7; 32]).unwrap()
}

fn token(tenant: &str) -> String {
    let claims = URL_SAFE_NO_PAD.encode(json!({ "tenant": tenant, "sub": "alice" }).to_string());
    format!("e30.{claims}.signature")
}

fn record(id: &str, group: Option<&str>, body: &str, attributes: &Value) -> Value {
    let mut system = json!({ "SentTimestamp": "1795000000500", "ApproximateReceiveCount": "3" });
    if let Some(group) = group {
        system["MessageGroupId"] = json!(group);
    }
    let attribute = |(name, value): (&String, &Value)| {
        let value =
            json!({ "stringValue": value, "dataType": "String", "stringListValues": [], "binaryListValues": [] });
        (name.clone(), value)
    };
    let attributes: serde_json::Map<_, _> = attributes.as_object().unwrap().iter().map(attribute).collect();
    json!({ "messageId": id, "receiptHandle": format!("handle-{id}"), "body": body, "attributes": system,
        "messageAttributes": attributes, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:::commands", "awsRegion": "us-east-1" })
}

fn received(records: &[Value]) -> Received {
    let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
    Received::of(event, &stamps())
}

fn millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

const BODY: &str = r#"{"id":"c1","stream":"count/a","type":"Count"}"#;

#[test]
fn a_message_is_told_as_it_was_sent() {
    let sent = Message {
        group: "acme/count/a".into(),
        body: BODY.into(),
        authorization: token("acme"),
        traceparent: Some("00-trace".into()),
        task_token: Some("waiter".into()),
    };
    let stamp = stamps().stamp(&sent, millis(1_795_000_000_123));
    let attributes = json!({ "authorization": sent.authorization, "traceparent": "00-trace", "taskToken": "waiter", "receivedAt": stamp });
    let received = received(&[record("m1", Some("acme/count/a"), BODY, &attributes)]);
    let delivery = &received.deliveries()[0];
    assert_eq!(*delivery.message, sent);
    assert_eq!((delivery.receipt, delivery.receives, delivery.received_at), (0, 3, millis(1_795_000_000_123)));
}

#[test]
fn a_time_without_our_stamp_does_not_count() {
    for stamp in [json!({}), json!({ "receivedAt": "1.AAAA" }), json!({ "receivedAt": "2026-11-21T08:00:00Z" })] {
        let received = received(&[record("m1", Some("acme/count/a"), BODY, &stamp)]);
        assert_eq!(received.deliveries()[0].received_at, millis(1_795_000_000_500));
    }
}

#[test]
fn a_message_without_a_group_has_that_of_its_token_and_its_first_command() {
    let attributes = json!({ "authorization": token("acme") });
    let many = format!("[{BODY}, {{\"id\":\"c2\",\"stream\":\"count/b\"}}]");
    for body in [BODY, &many] {
        let received = received(&[record("m1", None, body, &attributes)]);
        assert_eq!(received.deliveries()[0].message.group, "acme/count/a");
    }
    for body in ["", "[]", "{}", "nonsense", r#"{"stream":7}"#] {
        assert_eq!(received(&[record("m1", None, body, &attributes)]).deliveries()[0].message.group, "");
    }
    for token in ["", "a.b.c", "a"] {
        let attributes = json!({ "authorization": token });
        assert_eq!(received(&[record("m1", None, BODY, &attributes)]).deliveries()[0].message.group, "");
    }
}

#[test]
fn the_stamp_of_a_standard_queues_message_holds_too() {
    let sent = Message {
        group: "acme/count/a".into(),
        body: BODY.into(),
        authorization: token("acme"),
        traceparent: None,
        task_token: None,
    };
    let stamp = stamps().stamp(&sent, millis(1_795_000_000_123));
    let attributes = json!({ "authorization": sent.authorization, "receivedAt": stamp });
    let received = received(&[record("m1", None, BODY, &attributes)]);
    assert_eq!(received.deliveries()[0].received_at, millis(1_795_000_000_123));
}

#[test]
fn what_is_hardly_a_message_is_told_too() {
    let received = received(&[json!({ "messageId": "m1" }), json!({ "messageId": "m2", "body": "\u{0}" })]);
    let bodies: Vec<_> = received.deliveries().iter().map(|delivery| delivery.message.body.as_str()).collect();
    assert_eq!(bodies, ["", "\u{0}"]);
    assert!(received.deliveries().iter().all(|delivery| delivery.receives == 1));
}

fn three() -> Received {
    let record = |(id, group)| record(id, Some(group), BODY, &json!({}));
    received(&[("m1", "acme/count/a"), ("m2", "acme/count/a"), ("m3", "acme/count/b")].map(record))
}

fn failures(answer: &Answer) -> Value {
    serde_json::to_value(&answer.response).unwrap()
}

#[test]
fn what_was_acknowledged_is_deleted_and_the_rest_stays_in_order() {
    let done = Dispatched {
        acknowledge: vec![2],
        release: vec![(0, Duration::from_millis(3_001)), (1, Duration::ZERO)],
        ..Dispatched::default()
    };
    let answer = three().answer(&done);
    assert_eq!(
        failures(&answer),
        json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }, { "itemIdentifier": "m2" }] })
    );
    let expected = [("handle-m1".to_owned(), 4), ("handle-m2".to_owned(), 4)];
    assert_eq!(answer.visible, expected, "a follower comes back no sooner than its group's first");
}

#[test]
fn all_acknowledged_deletes_all() {
    let answer = three().answer(&Dispatched { acknowledge: vec![0, 1, 2], ..Dispatched::default() });
    assert_eq!(failures(&answer), json!({ "batchItemFailures": [] }));
    assert!(answer.visible.is_empty());
}

#[test]
fn what_dispatch_does_not_speak_of_stays() {
    let answer = three().answer(&Dispatched::default());
    assert_eq!(answer.response.batch_item_failures.len(), 3);
    assert!(answer.visible.is_empty(), "seen again after the time-out");
}

#[test]
fn a_message_without_an_id_gives_the_whole_event_back() {
    let received = received(&[json!({ "body": BODY })]);
    let answer = received.answer(&Dispatched { release: vec![(0, Duration::ZERO)], ..Dispatched::default() });
    assert_eq!(failures(&answer), json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }));
}

#[tokio::test]
async fn delays_are_told_ten_at_a_time_and_a_queue_that_does_not_take_them_stops_nothing() {
    let visible: Vec<_> = (0..12).map(|number| (format!("handle-{number}"), number)).collect();
    let answer = Answer { response: aws_lambda_events::event::sqs::SqsBatchResponse::default(), visible };
    for status in [200, 500] {
        let service = Fake::new(move |_| (status, json!({ "Successful": [], "Failed": [] })));
        let client = aws_sdk_sqs::Client::new(&service.config());
        answer.release(&client, "http://127.0.0.1/commands.fifo").await;
        let asked = service.asked();
        let entry = &asked[1]["Entries"][1];
        assert_eq!((&entry["ReceiptHandle"], &entry["VisibilityTimeout"]), (&json!("handle-11"), &json!(11)));
        assert_eq!((asked.len(), asked[0]["Entries"].as_array().unwrap().len()), (2, 10));
    }
}
