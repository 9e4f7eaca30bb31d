use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use pipeline::{
    laws::sample::{append, stream},
    ports::{
        Unavailable,
        commits::Position,
        feed::{Bus, BusEntry},
    },
};
use serde_json::{Value, json};

use super::Relay;
use crate::fake::Fake;

#[derive(Default)]
struct Notes {
    told: Mutex<Vec<Value>>,
    refuses: bool,
}

#[async_trait]
impl Bus for Notes {
    async fn publish(&self, entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>> {
        let results =
            entries.iter().map(|_| if self.refuses { Err(Unavailable::new("publish", "as told")) } else { Ok(()) });
        let results = results.collect();
        let detail = |entry: &BusEntry| serde_json::from_str::<Value>(entry.detail.get()).unwrap();
        self.told.lock().unwrap().extend(entries.iter().map(detail));
        results
    }
}

/// A record of a commit, as the stream delivers it.
fn appended(number: u64) -> Value {
    let append = append(&Position::start(stream(&format!("count/{number}"))), "c1");
    record(number, "INSERT", &json!({ "B": STANDARD.encode(append.body()) }))
}

fn record(number: u64, name: &str, body: &Value) -> Value {
    json!({
        "eventID": number.to_string(), "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:dynamodb:::table/commits/stream/1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_000_000, "SequenceNumber": number.to_string(), "SizeBytes": 1, "StreamViewType": "NEW_IMAGE",
            "Keys": { "k": { "S": format!("acme/count/{number}") }, "s": { "N": "1" } },
            "NewImage": { "k": { "S": format!("acme/count/{number}") }, "s": { "N": "1" }, "b": body }
        }
    })
}

async fn relay(bus: &Arc<Notes>, queue: &Fake, records: &[Value]) -> Value {
    let relay = Relay {
        catalog: Arc::new(domain::catalog()),
        bus: bus.clone(),
        queue: aws_sdk_sqs::Client::new(&queue.config()),
        unreadable: "http://127.0.0.1/unreadable".into(),
    };
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    serde_json::to_value(relay.relay(&event).await).unwrap()
}

fn queue(status: u16) -> Fake {
    Fake::new(move |_| (status, json!({ "MessageId": "m" })))
}

fn told(bus: &Notes) -> Vec<String> {
    let streams = |detail: &Value| {
        detail["commits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|commit| commit["stream"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    bus.told.lock().unwrap().iter().flat_map(streams).collect()
}

#[tokio::test]
async fn commits_are_told_as_they_come() {
    let (bus, queue) = (Arc::default(), queue(200));
    let response = relay(&bus, &queue, &[appended(1), appended(2)]).await;
    assert_eq!(response, json!({ "batchItemFailures": [] }));
    assert_eq!(told(&bus), ["count/1", "count/2"]);
    assert!(queue.asked().is_empty());
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_put_aside_with_its_key_and_reason_and_passed() {
    let strange = [
        record(2, "INSERT", &json!({ "B": STANDARD.encode("not a commit") })),
        record(3, "INSERT", &json!({ "S": "text" })),
        record(4, "MODIFY", &json!({ "B": "" })),
    ];
    let (bus, queue) = (Arc::default(), queue(200));
    let records = [&[appended(1)], &strange[..], &[appended(5)]].concat();
    assert_eq!(relay(&bus, &queue, &records).await, json!({ "batchItemFailures": [] }));
    assert_eq!(told(&bus), ["count/1", "count/5"]);
    let aside: Vec<Value> = queue
        .asked()
        .iter()
        .map(|request| serde_json::from_str(request["MessageBody"].as_str().unwrap()).unwrap())
        .collect();
    let numbers: Vec<_> = aside.iter().map(|record| record["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["2", "3", "4"]);
    assert_eq!((&aside[0]["stream"], &aside[0]["seq"]), (&json!("acme/count/2"), &json!("1")));
    assert!(aside.iter().all(|record| !record["reason"].as_str().unwrap().is_empty()));
}

#[tokio::test]
async fn a_commit_that_was_removed_is_not_told() {
    let (bus, queue) = (Arc::default(), queue(200));
    let removed = record(1, "REMOVE", &json!({ "B": "" }));
    assert_eq!(relay(&bus, &queue, &[removed]).await, json!({ "batchItemFailures": [] }));
    assert!(told(&bus).is_empty() && queue.asked().is_empty());
}

#[tokio::test]
async fn an_outage_of_the_bus_is_reported_by_the_first_commit_that_was_not_told() {
    let bus = Arc::new(Notes { refuses: true, ..Notes::default() });
    let unreadable = record(1, "INSERT", &json!({ "S": "" }));
    let response = relay(&bus, &queue(200), &[unreadable, appended(2), appended(3)]).await;
    assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] }));
}

#[tokio::test]
async fn what_cannot_be_put_aside_comes_again_and_what_came_before_it_is_told() {
    let (bus, queue) = (Arc::default(), queue(500));
    let unreadable = record(2, "INSERT", &json!({ "S": "" }));
    let response = relay(&bus, &queue, &[appended(1), unreadable, appended(3)]).await;
    assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] }));
    assert_eq!(told(&bus), ["count/1"]);
}
