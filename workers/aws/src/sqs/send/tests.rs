use std::{
    collections::BTreeSet,
    future::{Ready, ready},
    sync::Arc,
};

use jiff::Timestamp;
use pipeline::{
    laws::queue::message,
    ports::{
        clock::SystemClock,
        queue::{CommandQueue, Message, SendError},
    },
};
use serde_json::{Value, json};

use super::SqsQueue;
use crate::{fake::Fake, sqs::Stamps};

fn stamps() -> Stamps {
    Stamps::new(&[7; 32]).unwrap()
}

fn queue(service: &Fake, url: &str) -> SqsQueue {
    let client = aws_sdk_sqs::Client::new(&service.config());
    SqsQueue::new(client, url, stamps(), Arc::new(SystemClock))
}

const FIFO: &str = "http://127.0.0.1/commands.fifo";
const STANDARD: &str = "http://127.0.0.1/commands";

/// Takes what a test takes; else fails it, for this fault of the sender's or its own.
fn service(takes: impl Fn(&Value) -> Result<(), bool> + Send + Sync + 'static) -> Fake {
    Fake::new(move |request| {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in request["Entries"].as_array().unwrap() {
            match takes(entry) {
                Ok(()) => successful.push(json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" })),
                Err(fault) => failed.push(json!({ "Id": entry["Id"], "SenderFault": fault, "Code": "AsTold" })),
            }
        }
        (200, json!({ "Successful": successful, "Failed": failed }))
    })
}

/// The bodies' ids, by call.
fn sent(service: &Fake) -> Vec<Vec<String>> {
    let id = |entry: &Value| {
        let body: Value = serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
        body["id"].as_str().unwrap().to_owned()
    };
    service.asked().iter().map(|request| request["Entries"].as_array().unwrap().iter().map(id).collect()).collect()
}

fn fresh() -> Ready<(SqsQueue, ())> {
    ready((queue(&service(|_| Ok(())), FIFO), ()))
}

pipeline::command_queue_laws!(fresh);

#[tokio::test]
async fn a_message_bears_its_group_a_value_of_its_own_and_its_attributes() {
    let service = service(|_| Ok(()));
    let whole =
        Message { traceparent: Some("00-trace".into()), task_token: Some("token".into()), ..message("count/a", "c1") };
    let bare = Message { authorization: String::new(), ..message("count/b", "c2") };
    queue(&service, FIFO).send(vec![whole.clone(), bare]).await;
    let entries = service.asked()[0]["Entries"].clone();
    assert_eq!(entries[0]["MessageGroupId"], json!("acme/count/a"));
    assert_eq!(entries[0]["MessageBody"], json!(whole.body));
    let attributes = entries[0]["MessageAttributes"].as_object().unwrap();
    let value = |name: &str| attributes[name]["StringValue"].as_str().unwrap();
    assert_eq!(
        [value("authorization"), value("traceparent"), value("taskToken")],
        [&whole.authorization, "00-trace", "token"]
    );
    assert!(stamps().read(&whole, value("receivedAt")).is_some());
    let names: Vec<_> = entries[1]["MessageAttributes"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["receivedAt"], "what is not there has no attribute");
    let once = |at: usize| entries[at]["MessageDeduplicationId"].as_str().unwrap();
    assert!(!once(0).is_empty() && once(0) != once(1));
}

#[tokio::test]
async fn the_same_message_sent_twice_is_two_sends_to_the_queue() {
    let service = service(|_| Ok(()));
    let queue = queue(&service, FIFO);
    for _ in 0..2 {
        queue.send(vec![message("count/a", "c1")]).await;
    }
    let once = |call: &Value| call["Entries"][0]["MessageDeduplicationId"].as_str().unwrap().to_owned();
    assert_eq!(service.asked().iter().map(once).collect::<BTreeSet<_>>().len(), 2);
}

#[tokio::test]
async fn a_standard_queue_has_no_groups() {
    let service = service(|_| Ok(()));
    assert!(queue(&service, STANDARD).send(vec![message("count/a", "c1")]).await[0].is_ok());
    let entry = &service.asked()[0]["Entries"][0];
    assert!(entry.get("MessageGroupId").is_none() && entry.get("MessageDeduplicationId").is_none());
}

#[tokio::test]
async fn a_call_has_at_most_ten_messages_and_256_kb() {
    let service = service(|_| Ok(()));
    let mut messages: Vec<_> = (0..12).map(|number| message(&format!("count/{number}"), "c")).collect();
    queue(&service, FIFO).send(messages.clone()).await;
    let mut sizes: Vec<_> = sent(&service).iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 10]);

    for message in &mut messages {
        message.body = format!("{{\"id\":\"c\",\"filler\":\"{}\"}}", "x".repeat(100_000));
    }
    let service = self::service(|_| Ok(()));
    assert!(queue(&service, FIFO).send(messages).await.iter().all(Result::is_ok));
    assert!(sent(&service).iter().all(|call| call.len() == 2));
}

#[tokio::test]
async fn a_groups_messages_are_sent_one_after_the_other() {
    let service = service(|_| Ok(()));
    let messages =
        vec![message("count/a", "a1"), message("count/a", "a2"), message("count/b", "b1"), message("count/a", "a3")];
    assert!(queue(&service, FIFO).send(messages).await.iter().all(Result::is_ok));
    assert_eq!(sent(&service), [vec!["a1", "b1"], vec!["a2"], vec!["a3"]]);
}

#[tokio::test]
async fn behind_a_message_that_was_not_taken_none_of_its_group_is_sent() {
    let service =
        service(|entry| if entry["MessageBody"].as_str().unwrap().contains("a2") { Err(true) } else { Ok(()) });
    let messages = ["a1", "a2", "a3"].map(|id| message("count/a", id)).into_iter().chain([message("count/b", "b1")]);
    let results = queue(&service, FIFO).send(messages.collect()).await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
    assert_eq!(sent(&service).concat(), ["a1", "b1", "a2"]);
}

#[tokio::test]
async fn what_the_service_did_not_take_for_its_own_fault_is_sent_again_as_the_same_send() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let service = service(move |entry| {
        let first = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2;
        if first && entry["MessageGroupId"] == json!("acme/count/b") { Err(false) } else { Ok(()) }
    });
    let results = queue(&service, FIFO).send(vec![message("count/a", "a1"), message("count/b", "b1")]).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(sent(&service), [vec!["a1", "b1"], vec!["b1"]]);
    let asked = service.asked();
    let once = |call: usize, entry: usize| asked[call]["Entries"][entry]["MessageDeduplicationId"].clone();
    assert_eq!(once(0, 1), once(1, 0));
}

#[tokio::test]
async fn what_is_never_taken_is_told() {
    let service = service(|_| Err(false));
    let results = queue(&service, FIFO).send(vec![message("count/a", "a1")]).await;
    assert!(matches!(results[0], Err(SendError::Unavailable(_))), "{results:?}");
    assert_eq!(sent(&service).len(), usize::try_from(super::TRIES).unwrap());
}

#[tokio::test]
async fn a_throttled_queue_is_busy_and_one_that_does_not_answer_is_an_outage() {
    for (status, kind, busy) in
        [(400, "RequestThrottled", true), (400, "OverLimit", true), (500, "InternalError", false)]
    {
        let service = Fake::new(move |_| (status, json!({ "__type": kind })));
        let result = queue(&service, FIFO).send(vec![message("count/a", "a1")]).await.remove(0);
        assert_eq!(matches!(result, Err(SendError::Busy(_))), busy, "{kind}: {result:?}");
        assert!(result.is_err());
    }
}

#[tokio::test]
async fn characters_that_the_service_refuses_travel_escaped() {
    let service = service(|_| Ok(()));
    let body = "{\"id\":\"c1\",\"text\":\"a\u{ffff}b\u{fffe}c\u{10ffff}\"}";
    queue(&service, FIFO).send(vec![Message { body: body.into(), ..message("count/a", "c1") }]).await;
    let sent = service.asked()[0]["Entries"][0]["MessageBody"].as_str().unwrap().to_owned();
    assert!(!sent.contains(['\u{ffff}', '\u{fffe}']));
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parsed(&sent), parsed(body), "the same content");
}

#[test]
fn a_stamp_is_of_one_message_and_one_key() {
    let (at, ours) = (Timestamp::from_millisecond(1_795_000_000_123).unwrap(), message("count/a", "c1"));
    let stamp = stamps().stamp(&ours, at);
    assert_eq!(stamps().read(&ours, &stamp), Some(at));
    let others = [
        message("count/a", "c2"),
        message("count/b", "c1"),
        Message { authorization: "another".into(), ..ours.clone() },
        Message { group: format!("{}x", ours.group), ..ours.clone() },
    ];
    for other in others {
        assert_eq!(stamps().read(&other, &stamp), None);
    }
    assert_eq!(Stamps::new(&[8; 32]).unwrap().read(&ours, &stamp), None);
    assert_eq!(stamps().read(&ours, &stamp.replace("1795000000123", "1795000000124")), None);
    for garbage in ["", ".", "x.y", "1795000000123", "1795000000123."] {
        assert_eq!(stamps().read(&ours, garbage), None);
    }
    assert!(Stamps::new(b"short").is_err());
}
