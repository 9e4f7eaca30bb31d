//! What DynamoDB counts.

use aws::dynamodb::commit_size;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use jiff::Timestamp;
use kernel::StreamKey;
use pipeline::{
    laws::sample::{append, command, event, second, stream},
    ports::commits::{Append, CommitStore, Position, Stored},
};

use crate::support::Engine;

/// What writing an item as the store does costs, in write units.
async fn units(engine: &Engine, stored: &Stored, body: &[u8]) -> f64 {
    let commit = &stored.commit;
    let put = engine
        .client
        .put_item()
        .table_name(&engine.commits)
        .item("k", AttributeValue::S(commit.key().to_string()))
        .item("s", AttributeValue::N(commit.seq.to_string()))
        .item("b", AttributeValue::B(body.into()))
        .return_consumed_capacity(ReturnConsumedCapacity::Total);
    put.send().await.unwrap().consumed_capacity.unwrap().capacity_units.unwrap()
}

/// An append whose commit has so many bytes.
fn of_bytes(bytes: usize) -> Append {
    let of = |filler: usize| {
        let data = format!("{{\"filler\":\"{}\"}}", "x".repeat(filler));
        let start = Position::start(stream("count/a"));
        Append::new(start, second(2), None, vec![command("c1", 1, false)], vec![event(&data)], vec![]).unwrap()
    };
    let least = of(0).body().len();
    of(bytes - least)
}

#[tokio::test]
async fn a_commit_of_at_most_1_kb_costs_exactly_one_write_unit() {
    let engine = Engine::fresh().await;
    let beside = commit_size(&stream("count/a"), 1, 0);
    for (bytes, expected) in [(900, 1.0), (1_024 - beside, 1.0), (1_025 - beside, 2.0), (2_048 - beside, 2.0)] {
        let append = of_bytes(bytes);
        assert_eq!(append.body().len(), bytes);
        let units = units(&engine, append.stored(), append.body()).await;
        assert!((units - expected).abs() < f64::EPSILON, "{bytes} bytes cost {units}");
    }
}

#[tokio::test]
async fn an_appended_item_has_nothing_but_its_key_and_its_bytes() {
    let engine = Engine::fresh().await;
    let append = append(&Position::start(stream("count/a")), "c1");
    let body = append.body().to_vec();
    engine.store().append(vec![append]).await.remove(0).unwrap();
    let items = engine.client.scan().table_name(&engine.commits).send().await.unwrap().items.unwrap();
    assert_eq!(items.len(), 1);
    let mut names: Vec<_> = items[0].keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["b", "k", "s"]);
    assert_eq!(items[0]["b"].as_b().unwrap().as_ref(), body);
}

#[test]
fn a_number_counts_a_byte_for_two_digits() {
    let key: StreamKey = stream("count/a");
    let size = |seq| commit_size(&key, seq, 0) - commit_size(&key, 1, 0);
    assert_eq!([size(9), size(10), size(12), size(123), size(1_000), size(12_345)], [0, 0, 0, 1, 0, 2]);
}

#[tokio::test]
async fn a_command_is_looked_for_no_further_back_than_its_time() {
    let engine = Engine::fresh().await;
    let (store, key) = (engine.store(), stream("count/a"));
    let mut position = Position::start(key.clone());
    for number in 0..300_i64 {
        let command = command(&format!("c{number}"), position.version() + 1, false);
        let time = second(number);
        let append = Append::new(position, time, None, vec![command], vec![event("{}")], vec![]).unwrap();
        position = Position::after(&store.append(vec![append]).await.remove(0).unwrap());
    }
    let find = async |id: &str, since: Timestamp| {
        let wanted = [(pipeline::laws::sample::id(id), since)];
        store.find(&key, &wanted).await.unwrap().remove(0).map(|seen| seen.seq)
    };
    assert_eq!(find("c3", second(0)).await, Some(4), "far back, over several pages");
    assert_eq!(find("nobody", second(0)).await, None);
    assert_eq!(find("c3", second(250)).await, None, "older than what is looked at");
    assert_eq!(find("c299", second(299)).await, Some(300));
}
