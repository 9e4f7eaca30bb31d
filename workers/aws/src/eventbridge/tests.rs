use pipeline::ports::feed::{Bus, BusEntry};
use serde_json::{Value, json, value::to_raw_value};

use super::EventBridgeBus;
use crate::fake::Fake;

fn entries(sizes: &[usize]) -> Vec<BusEntry> {
    let entry = |(number, size): (usize, &usize)| BusEntry {
        source: "factmill.feed".into(),
        detail_type: "Commits".into(),
        detail: to_raw_value(&json!({ "number": number, "filler": "x".repeat(*size) })).unwrap(),
    };
    sizes.iter().enumerate().map(entry).collect()
}

/// The numbers of the entries of each call.
fn calls(service: &Fake) -> Vec<Vec<u64>> {
    service.asked().iter().map(numbers).collect()
}

fn numbers(request: &Value) -> Vec<u64> {
    let number = |entry: &Value| {
        assert_eq!((&entry["EventBusName"], &entry["Source"]), (&json!("facts"), &json!("factmill.feed")));
        assert_eq!(entry["DetailType"], json!("Commits"));
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        detail["number"].as_u64().unwrap()
    };
    request["Entries"].as_array().unwrap().iter().map(number).collect()
}

/// Accepts what a test accepts.
fn service(accepts: impl Fn(u64) -> bool + Send + Sync + 'static) -> Fake {
    Fake::new(move |request| {
        let result = |number: &u64| {
            if accepts(*number) {
                json!({ "EventId": number.to_string() })
            } else {
                json!({ "ErrorCode": "InternalFailure", "ErrorMessage": "as told" })
            }
        };
        let numbers = numbers(request);
        let failed = numbers.iter().filter(|number| !accepts(**number)).count();
        let results: Vec<_> = numbers.iter().map(result).collect();
        (200, json!({ "FailedEntryCount": failed, "Entries": results }))
    })
}

fn bus(service: &Fake) -> EventBridgeBus {
    EventBridgeBus::new(aws_sdk_eventbridge::Client::new(&service.config()), "facts")
}

#[tokio::test]
async fn a_call_has_at_most_ten_entries() {
    let service = service(|_| true);
    let results = bus(&service).publish(entries(&[10; 23])).await;
    assert!(results.len() == 23 && results.iter().all(Result::is_ok));
    let sizes: Vec<_> = calls(&service).iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 3]);
    assert_eq!(calls(&service).concat(), (0..23).collect::<Vec<_>>(), "in order");
}

#[tokio::test]
async fn a_call_has_at_most_256_kb() {
    let service = service(|_| true);
    let results = bus(&service).publish(entries(&[200_000, 200_000, 50_000, 10, 300_000, 10])).await;
    assert_eq!(results.len(), 6);
    assert_eq!(calls(&service), [vec![0], vec![1, 2, 3], vec![4], vec![5]]);
}

#[tokio::test]
async fn what_was_not_accepted_is_sent_again_by_itself() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let service = service(move |number| number != 1 || tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 4);
    let results = bus(&service).publish(entries(&[10; 3])).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let calls = calls(&service);
    assert_eq!(calls[0], [0, 1, 2]);
    assert!(calls.len() > 1 && calls[1..].iter().all(|call| call == &[1]), "{calls:?}");
}

#[tokio::test]
async fn what_is_never_accepted_is_told_and_nothing_else() {
    let service = service(|number| number != 1);
    let results = bus(&service).publish(entries(&[10; 3])).await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(calls(&service).len(), 1 + usize::try_from(super::RESENDS).unwrap());
}

#[tokio::test]
async fn a_call_that_fails_tells_of_its_entries_alone() {
    let service = Fake::new(|request| {
        let results: Vec<_> = numbers(request).iter().map(|number| json!({ "EventId": number.to_string() })).collect();
        match numbers(request)[0] {
            0 => (500, json!({ "__type": "InternalException" })),
            _ => (200, json!({ "FailedEntryCount": 0, "Entries": results })),
        }
    });
    let results = bus(&service).publish(entries(&[10; 12])).await;
    assert!(results[..10].iter().all(Result::is_err) && results[10..].iter().all(Result::is_ok));
}

#[tokio::test]
async fn an_answer_that_does_not_tell_of_an_entry_accepts_none() {
    let service = Fake::new(|_| (200, json!({ "FailedEntryCount": 0, "Entries": [] })));
    assert!(bus(&service).publish(entries(&[10])).await[0].is_err());
    assert!(bus(&service).publish(Vec::new()).await.is_empty());
}
