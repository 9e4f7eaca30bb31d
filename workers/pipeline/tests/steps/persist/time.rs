//! A commit's time is monotone, and never long before its commands.

use serde_json::{Value, json};

use crate::support::{Pipeline, add, batch, minutes, noon, with};

fn issued(id: &str, after: i64) -> Value {
    with(add(id, 1), "issuedAt", (noon() + minutes(after)).to_string())
}

async fn times(pipeline: &Pipeline) -> Vec<i64> {
    let commits = pipeline.commits("toy/a").await;
    commits.iter().map(|stored| stored.commit.time.duration_since(noon()).as_secs() / 60).collect()
}

/// Runs a command that was received when it was issued.
async fn ask(pipeline: &Pipeline, id: &str, after: i64) {
    let mut batch = batch(&[issued(id, after)]);
    batch.messages[0].received_at = noon() + minutes(after);
    pipeline.run(&mut batch).await.unwrap();
}

#[tokio::test]
async fn a_commits_time_is_the_greatest_of_the_clock_the_last_commit_and_issued_at_minus_5_minutes() {
    let pipeline = Pipeline::new();
    for (number, (clock, issued, time)) in
        [(0, 0, 0), (2, 0, 2), (-30, 0, 2), (3, 20, 15), (4, -60, 15), (16, 21, 16)].into_iter().enumerate()
    {
        pipeline.clock.set(noon() + minutes(clock));
        ask(&pipeline, &format!("c{number}"), issued).await;
        assert_eq!(times(&pipeline).await.last(), Some(&time), "clock {clock}, issued {issued}");
    }
}

#[tokio::test]
async fn times_are_monotone_across_skewed_hosts() {
    let one = Pipeline::new();
    let other = one.restarted();
    for number in 0..10 {
        one.clock.set(noon() + minutes(number * 7 % 5 + 40));
        other.clock.set(noon() - minutes(number * 3 % 7 + 40));
        ask(&one, &format!("a{number}"), number).await;
        ask(&other, &format!("b{number}"), 60 - number).await;
    }
    let times = times(&one).await;
    assert!(times.is_sorted() && times.len() == 20, "{times:?}");
}

#[tokio::test]
async fn of_one_commit_every_command_bounds_the_time() {
    let pipeline = Pipeline::new();
    let mut batch = batch(&[issued("c1", 0), issued("c2", 30), issued("c3", 10)]);
    for (message, after) in batch.messages.iter_mut().zip([0, 30, 10]) {
        message.received_at = noon() + minutes(after);
    }
    pipeline.run(&mut batch).await.unwrap();
    assert_eq!(times(&pipeline).await, [25]);
}

#[tokio::test]
async fn what_a_decision_takes_for_now_is_never_before_the_last_commit() {
    let pipeline = Pipeline::new();
    pipeline.ask(&[add("c1", 1)]).await;
    pipeline.clock.set(noon() - minutes(60));
    pipeline.ask(&[add("c2", 1)]).await;
    let events: Vec<Value> = pipeline
        .commits("toy/a")
        .await
        .iter()
        .map(|stored| serde_json::from_str(stored.commit.events[0].data.get()).unwrap())
        .collect();
    assert_eq!(events[1]["now"], json!(noon().to_string()));
}
