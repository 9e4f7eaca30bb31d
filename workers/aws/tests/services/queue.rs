//! The command queue and the inbox.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws::sqs::{Received, SqsInbox, SqsQueue, Stamps};
use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_sqs::{
    Client,
    types::{Message as Taken, MessageSystemAttributeName, QueueAttributeName},
};
use pipeline::{
    laws::queue::message,
    ports::{
        clock::SystemClock,
        queue::{CommandQueue, Delivery, Failed, FailureInbox, Message},
    },
    steps::dispatch::Dispatched,
};
use serde_json::{Value, json};

use crate::{fresh, sdk};

fn stamps() -> Stamps {
    Stamps::new(&[7; 32]).unwrap()
}

async fn queue(client: &Client, fifo: bool) -> String {
    let suffix = if fifo { ".fifo" } else { "" };
    let create = client.create_queue().queue_name(format!("{}{suffix}", fresh("commands")));
    let create = if fifo { create.attributes(QueueAttributeName::FifoQueue, "true") } else { create };
    create.send().await.unwrap().queue_url.unwrap()
}

/// So many messages, as they come; waits for each a few seconds.
async fn take(client: &Client, url: &str, count: usize) -> Vec<Taken> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let receive = client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(5);
        let receive =
            receive.message_attribute_names("All").message_system_attribute_names(MessageSystemAttributeName::All);
        let some = receive.send().await.unwrap().messages.unwrap_or_default();
        assert!(!some.is_empty(), "{} of {count} messages came", taken.len());
        taken.extend(some);
    }
    taken
}

/// The messages as a function would be given them.
fn event(taken: &[Taken]) -> SqsEvent {
    let record = |message: &Taken| {
        let system: HashMap<_, _> =
            message.attributes().into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
        let attribute = |(name, value): (&String, &aws_sdk_sqs::types::MessageAttributeValue)| {
            (name.clone(), json!({ "stringValue": value.string_value(), "dataType": value.data_type() }))
        };
        let attributes: serde_json::Map<_, _> =
            message.message_attributes().into_iter().flatten().map(attribute).collect();
        json!({ "messageId": message.message_id(), "receiptHandle": message.receipt_handle(), "body": message.body(),
            "attributes": system, "messageAttributes": attributes })
    };
    let records: Vec<Value> = taken.iter().map(record).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

fn of_group<'a>(deliveries: &'a [Delivery], stream: &str) -> Vec<&'a Message> {
    let group = format!("acme/{stream}");
    deliveries.iter().map(|delivery| &*delivery.message).filter(|message| message.group == group).collect()
}

#[tokio::test]
async fn messages_come_back_as_they_were_sent_each_groups_in_order() {
    let client = Client::new(&sdk());
    let url = queue(&client, true).await;
    let door = SqsQueue::new(client.clone(), &url, stamps(), Arc::new(SystemClock));
    let sent: Vec<_> = (0..9).map(|number| message(&format!("count/{}", number % 3), &format!("c{number}"))).collect();
    let first = Message { traceparent: Some("00-trace".into()), task_token: Some("token".into()), ..sent[0].clone() };
    let sent = [vec![first], sent[1..].to_vec()].concat();
    let results = door.send(sent.clone()).await;
    let accepted = *results[0].as_ref().unwrap();
    assert!(results.iter().all(|result| result.as_ref().is_ok_and(|at| *at == accepted)), "{results:?}");

    let received = Received::of(event(&take(&client, &url, 9).await), &stamps());
    for stream in ["count/0", "count/1", "count/2"] {
        let group = format!("acme/{stream}");
        let expected: Vec<_> = sent.iter().filter(|message| message.group == group).collect();
        assert_eq!(of_group(received.deliveries(), stream), expected);
    }
    let times = received.deliveries().iter().map(|delivery| (delivery.received_at, delivery.receives));
    assert!(times.clone().all(|told| told == (accepted, 1)), "{:?}", times.collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_given_back_comes_again_after_its_delay() {
    let client = Client::new(&sdk());
    let url = queue(&client, true).await;
    let door = SqsQueue::new(client.clone(), &url, stamps(), Arc::new(SystemClock));
    door.send(vec![message("count/a", "c1"), message("count/a", "c2")]).await;
    let received = Received::of(event(&take(&client, &url, 2).await), &stamps());
    let release = vec![(0, Duration::from_millis(900)), (1, Duration::ZERO)];
    let answer = received.answer(&Dispatched { release, ..Dispatched::default() });
    answer.release(&client, &url).await;
    let again = Received::of(event(&take(&client, &url, 2).await), &stamps());
    let bodies = |received: &Received| -> Vec<_> {
        received.deliveries().iter().map(|delivery| delivery.message.body.clone()).collect()
    };
    assert_eq!(bodies(&again), bodies(&received));
    assert!(again.deliveries().iter().all(|delivery| delivery.receives == 2));
}

#[tokio::test]
async fn a_standard_queue_takes_the_same_messages() {
    let client = Client::new(&sdk());
    let url = queue(&client, false).await;
    let door = SqsQueue::new(client.clone(), &url, stamps(), Arc::new(SystemClock));
    let accepted = *door.send(vec![message("count/a", "c1")]).await[0].as_ref().unwrap();
    let received = Received::of(event(&take(&client, &url, 1).await), &stamps());
    let told = &received.deliveries()[0].message;
    assert_eq!(
        (told.body.clone(), told.group.as_str()),
        (message("count/a", "c1").body, ""),
        "its token names no tenant"
    );
    assert_ne!(received.deliveries()[0].received_at, accepted, "so its stamp does not count");
}

#[tokio::test]
async fn a_failed_command_is_kept_once_and_can_be_sent_back() {
    let client = Client::new(&sdk());
    let url = queue(&client, true).await;
    let inbox = SqsInbox::new(client.clone(), &url, stamps());
    let failed = Failed {
        tenant: "acme".parse().unwrap(),
        stream: "count/a".parse().unwrap(),
        id: "c1".parse().unwrap(),
        code: "gave-up".into(),
        message: "it crashed".into(),
        body: message("count/a", "c1").body,
        authorization: "token".into(),
        received_at: jiff::Timestamp::from_millisecond(1_795_000_000_123).unwrap(),
    };
    for _ in 0..2 {
        inbox.keep(&failed).await.unwrap();
    }
    inbox.keep(&Failed { id: "c2".parse().unwrap(), ..failed.clone() }).await.unwrap();
    let received = Received::of(event(&take(&client, &url, 2).await), &stamps());
    let times: Vec<_> = received.deliveries().iter().map(|delivery| delivery.received_at).collect();
    assert_eq!(times, [failed.received_at; 2]);
}
