//! The bus.

use aws::eventbridge::EventBridgeBus;
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use pipeline::ports::feed::{Bus, BusEntry};
use serde_json::{Value, json, value::to_raw_value};

use crate::{fresh, sdk};

#[tokio::test]
async fn entries_reach_a_rules_queue() {
    let sdk = sdk();
    let (events, queues) = (aws_sdk_eventbridge::Client::new(&sdk), aws_sdk_sqs::Client::new(&sdk));
    let (bus, rule) = (fresh("facts"), fresh("feed"));
    events.create_event_bus().name(&bus).send().await.unwrap();
    let url = queues.create_queue().queue_name(fresh("told")).send().await.unwrap().queue_url.unwrap();
    let attributes = queues.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::QueueArn);
    let arn = attributes.send().await.unwrap().attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    let pattern = json!({ "source": ["factmill.feed"], "detail": { "aggregates": ["count"] } }).to_string();
    events.put_rule().name(&rule).event_bus_name(&bus).event_pattern(pattern).send().await.unwrap();
    let target = Target::builder().id("queue").arn(arn).build().unwrap();
    events.put_targets().rule(&rule).event_bus_name(&bus).targets(target).send().await.unwrap();

    let entry = |number: usize| BusEntry {
        source: "factmill.feed".into(),
        detail_type: "Commits".into(),
        detail: to_raw_value(&json!({ "aggregates": [if number == 7 { "other" } else { "count" }], "number": number,
            "filler": "x".repeat(60_000) }))
        .unwrap(),
    };
    let results = EventBridgeBus::new(events, &bus).publish((0..12).map(entry).collect()).await;
    assert!(results.len() == 12 && results.iter().all(Result::is_ok), "{results:?}");

    let mut told = Vec::new();
    while told.len() < 11 {
        let receive = queues.receive_message().queue_url(&url).max_number_of_messages(10).wait_time_seconds(10);
        let some = receive.send().await.unwrap().messages.unwrap_or_default();
        assert!(!some.is_empty(), "only {told:?} came");
        for message in some {
            let event: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            assert_eq!(event["detail-type"], json!("Commits"));
            told.push(event["detail"]["number"].as_u64().unwrap());
            queues
                .delete_message()
                .queue_url(&url)
                .receipt_handle(message.receipt_handle().unwrap())
                .send()
                .await
                .unwrap();
        }
    }
    told.sort_unstable();
    assert_eq!(told, (0..12).filter(|number| *number != 7).collect::<Vec<_>>());
}
