use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Code, Refusal, Tenant};
use pipeline::ports::{
    Unavailable,
    feed::{Bus, BusEntry},
    status::{About, Known, StatusStore},
};

use super::{Announced, Refusals};

#[derive(Default)]
struct Notes {
    entries: Mutex<Vec<BusEntry>>,
    refuses: Option<usize>,
}

#[async_trait]
impl Bus for Notes {
    async fn publish(&self, entries: Vec<BusEntry>) -> Vec<Result<(), Unavailable>> {
        let result = |at| if self.refuses == Some(at) { Err(Unavailable::new("publish", "as told")) } else { Ok(()) };
        let results = (0..entries.len()).map(result).collect();
        self.entries.lock().unwrap().extend(entries);
        results
    }
}

fn refused(id: &str, message: &str) -> Known {
    let (id, stream) = (id.parse().unwrap(), "count/a".parse().unwrap());
    let at = Timestamp::UNIX_EPOCH;
    let about = About { id: &id, stream: &stream, kind: "Count", digest: None, actor: "alice", received_at: at };
    Known::refused(about, Refusal::new(Code::Forbidden, message), at)
}

fn tenant() -> Tenant {
    "acme".parse().unwrap()
}

#[tokio::test]
async fn refusals_are_told_on_the_feed_and_can_be_read_there() {
    let bus = Arc::new(Notes::default());
    let known = vec![refused("c1", "no"), refused("c2", "no")];
    Announced::write_only(bus.clone()).record(&tenant(), known.clone()).await.unwrap();
    let entries = bus.entries.lock().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].source.as_str(), entries[0].detail_type.as_str()), ("factmill.feed", "Refusals"));
    let told: Refusals = serde_json::from_str(entries[0].detail.get()).unwrap();
    assert_eq!(told, Refusals { tenant: tenant(), refusals: known });
}

#[tokio::test]
async fn many_are_packed_into_entries_of_at_most_200_kb() {
    let bus = Arc::new(Notes::default());
    let long = "x".repeat(60_000);
    let known: Vec<_> = (0..8).map(|number| refused(&format!("c{number}"), &long)).collect();
    Announced::write_only(bus.clone()).record(&tenant(), known).await.unwrap();
    let entries = bus.entries.lock().unwrap();
    let told = |entry: &BusEntry| serde_json::from_str::<Refusals>(entry.detail.get()).unwrap().refusals.len();
    assert_eq!(entries.iter().map(told).collect::<Vec<_>>(), [3, 3, 2]);
    assert!(entries.iter().all(|entry| entry.detail.get().len() <= 200 * 1024));
}

#[tokio::test]
async fn what_the_bus_does_not_take_is_an_outage() {
    let bus = Arc::new(Notes { refuses: Some(0), ..Notes::default() });
    let statuses = Announced::write_only(bus);
    statuses.record(&tenant(), vec![refused("c1", "no")]).await.unwrap_err();
    statuses.record(&tenant(), Vec::new()).await.unwrap();
}

#[tokio::test]
async fn a_function_without_a_right_to_read_reads_nothing() {
    let statuses = Announced::write_only(Arc::new(Notes::default()));
    statuses.read(&tenant(), &["c1".parse().unwrap()]).await.unwrap_err();
}

#[tokio::test]
async fn what_it_reads_is_the_other_store() {
    let known = Arc::new(pipeline::memory::commits::MemoryStore::default());
    known.record(&tenant(), vec![refused("c1", "no")]).await.unwrap();
    let statuses = Announced::over(Arc::new(Notes::default()), known);
    let read = statuses.read(&tenant(), &["c1".parse().unwrap(), "c2".parse().unwrap()]).await.unwrap();
    assert_eq!(read, [Some(refused("c1", "no")), None]);
}
