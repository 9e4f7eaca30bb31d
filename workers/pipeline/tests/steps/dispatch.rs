//! Dispatch: what becomes of messages, whatever becomes of their executions.

use std::time::{Duration, Instant};

use pipeline::ports::status::Outcome;
use serde_json::{Value, json};

use crate::support::{
    add, command,
    machine::{Dispatching, awaited, delivery},
};

fn on(stream: &str, id: &str) -> Value {
    command(id, stream, "Add", json!({ "count": 1 }))
}

fn quiet() -> Dispatching {
    Dispatching::new(|_, _| None)
}

/// The commands of these ids crash their execution; alone or with others, not when probed.
fn poisoned_by(ids: &'static [&'static str]) -> Dispatching {
    Dispatching::new(move |batch, probe| {
        (!probe && batch.iter().any(|id| ids.contains(&id.as_str()))).then_some("Lambda.Unknown")
    })
}

fn receipts(released: &[(u64, Duration)]) -> Vec<u64> {
    released.iter().map(|(receipt, _)| *receipt).collect()
}

#[tokio::test]
async fn whole_messages_are_packed_into_executions_of_200_kb_in_order() {
    let dispatching = quiet();
    let named = |prefix: &str| -> Vec<String> { (0..20).map(|number| format!("{prefix}{number}")).collect() };
    let (a, b, c) = (named("a"), named("b"), named("c"));
    let big = |receipt: u64, ids: &[String]| {
        let list = |id: &String| command(id, "toy/b", "List", json!({ "item": "x", "amount": "y".repeat(4_000) }));
        delivery(receipt, 1, "toy/b", &Value::Array(ids.iter().map(list).collect()))
    };
    let deliveries = [big(1, &a), big(2, &b), delivery(3, 1, "toy/a", &add("x", 1)), big(4, &c)];
    let done = dispatching.dispatch(&deliveries).await;
    assert_eq!(done.acknowledge, [1, 2, 3, 4]);
    assert_eq!((done.settled.len(), done.release.len()), (61, 0));
    assert_eq!(dispatching.executed(), [format!("{} {} x", a.join(" "), b.join(" ")), c.join(" ")]);
    let order: Vec<_> = dispatching.pipeline.commits("toy/b").await;
    let order: Vec<_> = order.iter().flat_map(|stored| &stored.commit.commands).map(|c| c.id.to_string()).collect();
    assert_eq!(order, [a, b, c].concat(), "a group's in order");
}

#[tokio::test]
async fn what_the_infrastructure_could_not_do_is_given_back_with_a_growing_delay() {
    for (receives, longest) in [(1, 4), (2, 8)] {
        let dispatching = Dispatching::new(|_, _| Some("Unavailable"));
        let done = dispatching.dispatch(&[delivery(7, receives, "toy/a", &add("c1", 1))]).await;
        assert_eq!((receipts(&done.release), done.acknowledge.len()), (vec![7], 0));
        assert!(done.release[0].1 < Duration::from_secs(longest), "{:?}", done.release);
    }
    let mut longest = Duration::ZERO;
    let dispatching = Dispatching::new(|_, _| Some("Unavailable"));
    for receives in 3..200 {
        let done = dispatching.dispatch(&[delivery(7, receives, "toy/a", &add("c1", 1))]).await;
        longest = longest.max(done.release[0].1);
    }
    let bound = Duration::from_mins(5);
    assert!(longest <= bound && longest > bound / 2, "at most 5 minutes, with jitter: {longest:?}");
}

#[tokio::test]
async fn behind_a_message_that_is_given_back_its_groups_later_ones_go_back_too() {
    let dispatching = Dispatching::new(|ids, _| ids.contains(&"a1".to_owned()).then_some("Unavailable"));
    let bulk =
        |id: &str, stream: &str| command(id, stream, "List", json!({ "item": "x", "amount": "y".repeat(60_000) }));
    let many = |ids: [&str; 3], stream: &str| Value::Array(ids.iter().map(|id| bulk(id, stream)).collect());
    let done = dispatching
        .dispatch(&[
            delivery(1, 1, "toy/a", &many(["a1", "a2", "a3"], "toy/a")),
            delivery(2, 1, "toy/b", &many(["b1", "b2", "b3"], "toy/b")),
            delivery(3, 1, "toy/a", &bulk("a4", "toy/a")),
        ])
        .await;
    assert_eq!((done.acknowledge, receipts(&done.release)), (vec![2], vec![1, 3]));
    assert_eq!(dispatching.executed(), ["a1 a2 a3", "b1 b2 b3"], "nothing of the group was started");
}

#[tokio::test]
async fn what_is_too_big_for_the_service_is_halved_at_once() {
    let dispatching = Dispatching::new(|ids, _| (ids.len() > 1).then_some("States.DataLimitExceeded"));
    let deliveries: Vec<_> =
        ["c1", "c2", "c3"].iter().zip(1..).map(|(id, n)| delivery(n, 1, "toy/a", &add(id, 1))).collect();
    let done = dispatching.dispatch(&deliveries).await;
    assert_eq!((done.acknowledge, done.release), (vec![1, 2, 3], vec![]));
    assert_eq!(dispatching.executed(), ["c1 c2 c3", "c1", "c2 c3", "c2", "c3"]);
}

#[tokio::test]
async fn a_message_that_is_too_big_for_the_service_is_halved_at_once() {
    let dispatching = Dispatching::new(|ids, _| (ids.len() > 1).then_some("States.DataLimitExceeded"));
    let batch: Vec<_> = ["c1", "c2", "c3", "c4", "c5"].map(|id| add(id, 1)).into();
    let done = dispatching.dispatch(&[delivery(1, 1, "toy/a", &Value::Array(batch.clone()))]).await;
    assert_eq!((done.acknowledge, done.release), (vec![1], vec![]));
    assert_eq!(done.settled, [Outcome::Committed; 5]);
    let executed = ["c1 c2 c3 c4 c5", "c1 c2", "c1", "c2", "c3 c4 c5", "c3", "c4 c5", "c4", "c5"];
    assert_eq!(dispatching.executed(), executed, "in order");
    assert_eq!(dispatching.pipeline.value("toy/a").await, 5);
    // what fails in a half gives the whole message back, and what stands behind it in its group
    let dispatching = Dispatching::new(|ids, _| match ids.len() {
        1 => ids.contains(&"c3".to_owned()).then_some("Unavailable"),
        _ => Some("States.DataLimitExceeded"),
    });
    let deliveries = [delivery(1, 1, "toy/a", &Value::Array(batch)), delivery(2, 1, "toy/a", &add("c6", 1))];
    let done = dispatching.dispatch(&deliveries).await;
    assert_eq!((done.acknowledge.len(), receipts(&done.release)), (0, vec![1, 2]));
    assert_eq!(dispatching.pipeline.value("toy/a").await, 2, "the rest comes again, and has one effect");
    // a single command can't be halved: it is given back, and given up like any other that fails alone
    let dispatching = Dispatching::new(|_, probe| (!probe).then_some("RequestTooLarge"));
    let done = dispatching.dispatch(&[delivery(1, 1, "toy/a", &json!([add("c1", 1)]))]).await;
    assert_eq!(receipts(&done.release), [1]);
    let done = dispatching.dispatch(&[delivery(1, 3, "toy/a", &json!([add("c1", 1)]))]).await;
    assert_eq!((done.acknowledge, dispatching.given_up().await), (vec![1], vec!["c1".to_owned()]));
}

#[tokio::test]
async fn a_poison_command_is_given_up_alone_and_its_successors_go_on() {
    let dispatching = poisoned_by(&["p"]);
    let batch = json!([add("c1", 1), add("p", 1), add("c2", 1)]);
    for receives in 1..3 {
        let done = dispatching.dispatch(&[delivery(1, receives, "toy/a", &batch)]).await;
        assert_eq!((receipts(&done.release), done.acknowledge.len()), (vec![1], 0), "not yet");
    }
    let done = dispatching
        .dispatch(&[
            delivery(1, 3, "toy/a", &batch),
            delivery(2, 1, "toy/a", &add("c3", 1)),
            delivery(3, 1, "toy/b", &on("toy/b", "b1")),
        ])
        .await;
    assert_eq!((done.acknowledge, done.release), (vec![1, 2, 3], vec![]));
    let failed = done.settled.iter().filter(|outcome| **outcome == Outcome::Failed).count();
    assert_eq!((done.settled.len(), failed), (5, 1));
    let executed = ["c1 p c2", "c1 p c2", "c1 p c2", "c1", "p", "probe p", "p", "c2", "c3", "b1"];
    assert_eq!(dispatching.executed(), executed);
    let kept = dispatching.pipeline.failures().await.remove(0);
    assert_eq!((kept.id.as_str(), kept.code.as_str(), kept.body), ("p", "gave-up", add("p", 1).to_string()));
    assert!(kept.message.contains("Lambda.Unknown"), "{}", kept.message);
    assert_eq!(dispatching.pipeline.status("p").await.unwrap(), "failed gave-up");
    assert_eq!(dispatching.pipeline.value("toy/a").await, 3);
}

#[tokio::test]
async fn whoever_waits_for_a_command_that_is_given_up_is_told() {
    let dispatching = poisoned_by(&["p"]);
    let done = dispatching.dispatch(&[awaited(&delivery(1, 3, "toy/a", &add("p", 1)), "t1")]).await;
    assert_eq!(done.acknowledge, [1]);
    assert_eq!(dispatching.pipeline.answers.told(), [("t1".to_owned(), "p failed".to_owned())]);
    // one that nobody can name is told too, and kept from going round for ever
    let dispatching = Dispatching::new(|_, probe| (!probe).then_some("States.Timeout"));
    let mut nameless = awaited(&delivery(1, 3, "toy/a", &add("p", 1)), "t2");
    std::sync::Arc::make_mut(&mut nameless.message).authorization = "no token".into();
    let done = dispatching.dispatch(&[nameless]).await;
    assert_eq!(done.acknowledge, [1]);
    assert_eq!(dispatching.pipeline.answers.told(), [("t2".to_owned(), "malformed".to_owned())]);
    assert_eq!(dispatching.given_up().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_outage_gives_up_nothing() {
    let seen = std::sync::atomic::AtomicU32::new(0);
    let cases = [
        ("the probe fails too", Dispatching::new(|_, _| Some("States.Timeout"))),
        ("it has a name", Dispatching::new(|_, probe| (!probe).then_some("Unavailable"))),
        ("others write the stream", Dispatching::new(|_, probe| (!probe).then_some("Conflict"))),
        (
            "it fails another way",
            Dispatching::new(move |_, probe| {
                let crash = seen.fetch_add(u32::from(!probe), std::sync::atomic::Ordering::SeqCst);
                (!probe).then_some(if crash < 2 { "States.Timeout" } else { "Lambda.Unknown" })
            }),
        ),
    ];
    for (why, dispatching) in cases {
        let done = dispatching.dispatch(&[delivery(1, 500, "toy/a", &json!([add("c1", 1), add("c2", 1)]))]).await;
        assert_eq!((receipts(&done.release), done.acknowledge.len()), (vec![1], 0), "{why}");
        assert_eq!((dispatching.given_up().await, dispatching.pipeline.status("c1").await), (vec![], None), "{why}");
    }
}

#[tokio::test]
async fn from_the_third_receive_on_messages_are_tried_one_by_one_in_order() {
    let dispatching = Dispatching::new(|ids, _| ids.contains(&"a1".to_owned()).then_some("Unavailable"));
    let done = dispatching
        .dispatch(&[
            delivery(1, 3, "toy/a", &add("a1", 1)),
            delivery(2, 1, "toy/b", &on("toy/b", "b1")),
            delivery(3, 1, "toy/a", &add("a2", 1)),
            delivery(4, 1, "toy/b", &on("toy/b", "b2")),
        ])
        .await;
    assert_eq!((done.acknowledge, receipts(&done.release)), (vec![2, 4], vec![1, 3]));
    assert_eq!(dispatching.executed(), ["a1", "a1", "b1", "b2"]);
}

#[tokio::test]
async fn nothing_is_started_after_the_deadline() {
    for receives in [1, 3] {
        let dispatching = quiet();
        let deliveries = [delivery(1, receives, "toy/a", &add("c1", 1)), delivery(2, 1, "toy/b", &on("toy/b", "b1"))];
        let done = dispatching.dispatch_until(&deliveries, Instant::now()).await;
        assert_eq!((done.acknowledge.len(), receipts(&done.release)), (0, vec![1, 2]));
        assert!(dispatching.executed().is_empty());
    }
    // of several suspects, those after it
    let until = Instant::now() + Duration::from_millis(30);
    let dispatching = Dispatching::new(move |_, _| {
        while Instant::now() < until {
            std::thread::yield_now();
        }
        None
    });
    let suspects = [delivery(1, 3, "toy/a", &add("c1", 1)), delivery(2, 3, "toy/b", &on("toy/b", "b1"))];
    let done = dispatching.dispatch_until(&suspects, until).await;
    assert_eq!((done.acknowledge, receipts(&done.release)), (vec![1], vec![2]));
}

#[tokio::test]
async fn a_message_that_holds_no_command_is_settled_as_refused() {
    for (body, code) in [
        ("", "malformed"),
        ("garbage", "malformed"),
        ("[]", "malformed"),
        ("[1", "malformed"),
        ("{\"id\":\"c1\"", "malformed"),
        ("5", "malformed"),
        ("[[]]", "malformed"),
        ("null", "malformed"),
    ] {
        let dispatching = quiet();
        let waiting = awaited(&delivery(1, 1, "toy/a", body), "t");
        let done = dispatching.dispatch(&[waiting, delivery(2, 1, "toy/b", &on("toy/b", "b1"))]).await;
        assert_eq!(
            (done.acknowledge, done.settled),
            (vec![1, 2], vec![Outcome::Refused, Outcome::Committed]),
            "{body}"
        );
        assert_eq!(dispatching.pipeline.answers.told(), [("t".to_owned(), code.to_owned())], "{body}");
    }
}

#[tokio::test]
async fn a_message_of_more_than_100_commands_is_refused_by_each_of_its_ids() {
    for (count, told) in [(100, "committed 1"), (101, "refused too-large")] {
        let dispatching = quiet();
        let commands: Vec<_> = (0..count).map(|number| add(&format!("c{number}"), 1)).collect();
        let done = dispatching.dispatch(&[delivery(1, 1, "toy/a", &Value::Array(commands))]).await;
        assert_eq!((done.acknowledge, done.settled.len()), (vec![1], count));
        assert_eq!(dispatching.pipeline.status("c0").await.unwrap(), told);
        assert!(dispatching.pipeline.status("c99").await.is_some());
    }
}

#[tokio::test]
async fn a_command_that_failed_is_kept_once_with_its_reason() {
    let dispatching = quiet();
    let batch = json!([add("c1", 1), command("x", "toy/a", "Explode", json!({})), add("c2", 1)]);
    for _ in 0..2 {
        let done = dispatching.dispatch(&[delivery(1, 1, "toy/a", &batch)]).await;
        assert_eq!(done.acknowledge, [1]);
        assert_eq!(done.settled, [Outcome::Committed, Outcome::Failed, Outcome::Committed]);
    }
    let kept = dispatching.pipeline.failures().await;
    assert_eq!(kept.len(), 1, "once for each delivery");
    assert_eq!((kept[0].id.as_str(), kept[0].code.as_str()), ("x", "corrupt"));
    assert_eq!(kept[0].message, "the domain panicked: it exploded");
    assert_eq!(kept[0].authorization, "acme/alice/staff");
}

#[tokio::test]
async fn a_machine_that_loses_commands_or_leaves_them_open_acknowledges_nothing() {
    for how in ["lose", "leave"] {
        let dispatching = Dispatching::new(move |_, _| Some(how));
        let done = dispatching.dispatch(&[delivery(1, 1, "toy/a", &json!([add("c1", 1), add("c2", 1)]))]).await;
        assert_eq!((done.acknowledge.len(), receipts(&done.release)), (0, vec![1]), "{how}");
    }
}
