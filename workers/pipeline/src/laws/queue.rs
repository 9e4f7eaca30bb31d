//! What every command queue must do at its door.

#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use jiff::Timestamp;

use crate::ports::queue::{CommandQueue, Message, SendError};

/// One test for each law; `$fresh` is an async function that makes an empty queue, and what must outlive it.
#[macro_export]
macro_rules! command_queue_laws {
    ($fresh:path) => {
        $crate::command_queue_laws! { [$crate::laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { queue, $fresh:
            each_message_is_accepted_at_a_whole_millisecond,
            nothing_sent_is_nothing_accepted,
        }
    };
}

/// One test for each law of a queue that is bounded; `$full` makes an empty one with room for three small messages.
#[macro_export]
macro_rules! bounded_queue_laws {
    ($full:path) => {
        $crate::bounded_queue_laws! { [$crate::laws_of] $full }
    };
    ([$($each:tt)+] $full:path) => {
        $($each)+! { queue, $full: a_full_queue_is_busy, behind_a_message_that_was_not_accepted_none_is }
    };
}

/// A small message of a stream.
pub fn message(stream: &str, id: &str) -> Message {
    Message {
        group: format!("acme/{stream}"),
        body: format!(r#"{{"id":"{id}","stream":"{stream}","type":"Count","data":{{}}}}"#),
        // {"sub":"alice"}
        authorization: "e30.eyJzdWIiOiJhbGljZSJ9.signature".into(),
        traceparent: None,
        task_token: None,
    }
}

fn busy(result: &Result<Timestamp, SendError>) -> bool {
    matches!(result, Err(SendError::Busy(after)) if !after.is_zero())
}

/// Whoever sends is told when the queue accepted it.
pub async fn each_message_is_accepted_at_a_whole_millisecond(queue: &dyn CommandQueue) {
    let before = crate::ports::clock::millis(Timestamp::now());
    let sent = queue.send(vec![message("count/a", "c1"), message("count/b", "c2"), message("count/a", "c3")]).await;
    assert_eq!(sent.len(), 3);
    for accepted in sent {
        let at = accepted.unwrap_or(Timestamp::MIN);
        assert!(at >= before && at <= Timestamp::now() && at.subsec_nanosecond() % 1_000_000 == 0, "{at}");
    }
}

/// An empty call is no mistake.
pub async fn nothing_sent_is_nothing_accepted(queue: &dyn CommandQueue) {
    assert!(queue.send(Vec::new()).await.is_empty());
}

/// A full queue says so, and when to come again; it forgets nothing that it accepted.
pub async fn a_full_queue_is_busy(queue: &dyn CommandQueue) {
    let messages = (0..5).map(|number| message(&format!("count/{number}"), "c"));
    let sent = queue.send(messages.collect()).await;
    assert_eq!(sent.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, false, false]);
    assert!(busy(&sent[3]) && busy(&sent[4]));
    assert!(busy(&queue.send(vec![message("count/9", "c")]).await[0]));
}

/// Of a group, what comes behind a message that was not accepted is not accepted either: the order holds.
pub async fn behind_a_message_that_was_not_accepted_none_is(queue: &dyn CommandQueue) {
    let long = Message { body: " ".repeat(1 << 20), ..message("count/a", "c1") };
    let messages = vec![long, message("count/a", "c2"), message("count/b", "c3")];
    let sent = queue.send(messages).await;
    assert!(busy(&sent[0]) && busy(&sent[1]) && sent[2].is_ok(), "{sent:?}");
}
