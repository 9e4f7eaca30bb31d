//! Command queues.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use pipeline::{
    memory::queue::MemoryQueue,
    ports::queue::{CommandQueue, Message, SendError},
};

use super::failing;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// Times are finer than what is stored.
    TellsNanoseconds,
    /// An empty call is answered as one message.
    AnswersNothing,
    /// There is room for one more than there is.
    TakesOneMore,
    /// A group's next message overtakes one that found no room.
    Overtakes,
}

struct Broken(MemoryQueue, Bug);

fn broken(bug: Bug) -> Broken {
    let room = if bug == Bug::TakesOneMore { 4 } else { 3 };
    Broken(MemoryQueue::new(room, 1 << 19), bug)
}

#[async_trait]
impl CommandQueue for Broken {
    async fn send(&self, messages: Vec<Message>) -> Vec<Result<Timestamp, SendError>> {
        let mut sent = Vec::new();
        match self.1 {
            Bug::AnswersNothing if messages.is_empty() => sent.push(Err(SendError::Busy(Duration::from_secs(1)))),
            // each is sent by itself
            Bug::Overtakes => {
                for message in messages {
                    sent.extend(self.0.send(vec![message]).await);
                }
            }
            _ => sent = self.0.send(messages).await,
        }
        if self.1 == Bug::TellsNanoseconds {
            // one that was told as it is would do
            for at in sent.iter_mut().flatten() {
                *at = Timestamp::from_nanosecond(at.as_nanosecond() + 1).unwrap();
            }
        }
        sent
    }
}

#[tokio::test]
async fn each_broken_queue_fails_its_own_law() {
    for (bug, laws) in [
        (Bug::None, &[][..]),
        (Bug::TellsNanoseconds, &["each_message_is_accepted_at_a_whole_millisecond"]),
        (Bug::AnswersNothing, &["nothing_sent_is_nothing_accepted"]),
        (Bug::TakesOneMore, &["a_full_queue_is_busy"]),
        (Bug::Overtakes, &["behind_a_message_that_was_not_accepted_none_is"]),
    ] {
        let fresh = || broken(bug);
        let mut failed = pipeline::command_queue_laws!([failing] fresh);
        failed.extend(pipeline::bounded_queue_laws!([failing] fresh));
        assert_eq!(failed, laws, "{bug:?}");
    }
}
