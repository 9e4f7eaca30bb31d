//! How much of bare SQLite is left. Run it in release: `cargo test --release -p local -- --ignored --nocapture speed`.

use std::time::Instant;

use futures_util::{StreamExt, stream};
use pipeline::{
    laws::{
        queue::message,
        sample::{append, stream as key},
    },
    ports::{
        commits::{CommitStore, Position},
        queue::CommandQueue,
    },
};

use super::{
    super::{
        limits::{Rows, bare_insert, raw_rows},
        queue::Most,
    },
    LEASE, fresh,
};

const COMMANDS: u32 = 50_000;
const IN_FLIGHT: usize = 256;

fn per_second(elapsed: std::time::Duration) -> f64 {
    f64::from(COMMANDS) / elapsed.as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and takes a while"]
async fn speed() {
    let id = |number: u32| format!("0199a1c2-{:04x}-7000-8000-{number:012x}", number >> 8);
    let name = |number: u32| format!("count/{number}");
    let rows = (0..COMMANDS).map(|number| {
        let append = append(&Position::start(key(&name(number))), &id(number));
        let commit = append.body().to_vec();
        Rows {
            message: message(&name(number), &id(number)),
            stream: key(&name(number)),
            seq: 1,
            commit,
            ids: vec![id(number)],
        }
    });
    let folder = tempfile::tempdir().unwrap();
    println!("one durable insert of 1 KB: {:?}", bare_insert(folder.path(), 1024, 200).unwrap());

    let (store, _folder) = fresh();
    let started = Instant::now();
    stream::iter(0..COMMANDS)
        .map(|number| {
            let append = append(&Position::start(key(&name(number))), &id(number));
            store.append(vec![append])
        })
        .buffer_unordered(IN_FLIGHT)
        .for_each(|result| async move { assert!(result[0].is_ok()) })
        .await;
    println!("append alone: {:.0}/s, {} transactions", per_second(started.elapsed()), store.transactions());

    let (store, _folder) = fresh();
    let started = Instant::now();
    let accept = stream::iter(0..COMMANDS)
        .map(|number| store.queue().send(vec![message(&name(number), &id(number))]))
        .buffer_unordered(IN_FLIGHT)
        .for_each(|result| async move { assert!(result[0].is_ok()) });
    let work = async {
        let mut left = COMMANDS as usize;
        while left > 0 {
            let deliveries = store.queue().receive(Most { messages: IN_FLIGHT, bytes: 1 << 20 }, LEASE).await;
            left -= deliveries.len();
            let position = |group: &str| Position::start(group.parse().unwrap());
            let appends = deliveries.iter().map(|delivery| {
                let body: serde_json::Value = serde_json::from_str(&delivery.message.body).unwrap();
                append(&position(&delivery.message.group), body["id"].as_str().unwrap())
            });
            assert!(store.append(appends.collect()).await.iter().all(Result::is_ok));
            let receipts: Vec<u64> = deliveries.iter().map(|delivery| delivery.receipt).collect();
            store.queue().acknowledge(&receipts);
        }
    };
    tokio::join!(accept, work);
    store.flush().await.unwrap();
    let (ours, transactions) = (started.elapsed(), store.transactions());
    println!("accept, append, acknowledge: {:.0}/s, {transactions} transactions", per_second(ours));

    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<Rows> = rows.collect();
    let per_transaction = (u64::from(COMMANDS) / transactions).max(1);
    let raw = raw_rows(folder.path(), rows.into_iter(), usize::try_from(per_transaction).unwrap()).unwrap();
    println!("bare loop, {per_transaction} per transaction: {:.0}/s", per_second(raw));
    println!("ratio: {:.2}", raw.as_secs_f64() / ours.as_secs_f64());
}
