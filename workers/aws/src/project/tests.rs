use std::time::{Duration, Instant};

use kernel::EventRecord;
use pipeline::{
    laws::sample::{command, second, stream},
    memory::{commits::MemoryStore, search::MemoryIndex},
    ports::{
        commits::{Append, Position},
        search::Key,
    },
};
use serde_json::{Value, json, value::to_raw_value};

use super::*;

const TIME: Duration = Duration::from_secs(30);

/// What commits a stream `comment/<id>` has: one that makes the comment, and one for each later text.
async fn commits(store: &MemoryStore, id: &str, texts: &[&str]) -> Vec<Arc<Stored>> {
    let mut position = Position::start(stream(&format!("comment/{id}")));
    let mut commits = Vec::new();
    for (number, text) in (1..).zip(texts) {
        let (kind, data) = match number {
            1 => ("CommentCreated", json!({ "subject": "picture/1", "author": "alice", "text": text })),
            _ => ("CommentEdited", json!({ "text": text })),
        };
        let event = EventRecord { kind: kind.into(), schema: 1, command: 0, data: to_raw_value(&data).unwrap() };
        let commands = vec![command(&format!("{id}-{number}"), number, false)];
        let append = Append::new(position, second(2), None, commands, vec![event], vec![]).unwrap();
        let stored = store.append(vec![append]).await.remove(0).unwrap();
        position = Position::after(&stored);
        commits.push(stored);
    }
    commits
}

fn entry(kind: &str, detail: &Value) -> String {
    json!({ "version": "0", "id": "e", "source": FEED, "detail-type": kind, "account": "1", "region": "r",
            "time": "2026-11-21T08:00:00Z", "resources": [], "detail": detail })
    .to_string()
}

fn of_commits(commits: &[Arc<Stored>]) -> String {
    let commits: Vec<_> = commits.iter().map(|stored| &stored.commit).collect();
    entry("Commits", &json!({ "aggregates": ["comment"], "commits": commits }))
}

fn event(bodies: &[String]) -> SqsEvent {
    let record = |(number, body): (usize, &String)| json!({ "messageId": format!("m{number}"), "body": body });
    serde_json::from_value(json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })).unwrap()
}

struct Host {
    store: Arc<MemoryStore>,
    index: Arc<MemoryIndex>,
    view: Arc<ViewSpec>,
}

impl Host {
    fn new() -> Self {
        let view = domain::catalog().find_view("comments").unwrap().clone();
        Self { store: Arc::default(), index: Arc::new(MemoryIndex::new()), view }
    }

    /// The messages that stay in the queue.
    async fn project(&self, bodies: &[String]) -> Vec<String> {
        let (view, commits, index) = (self.view.clone(), self.store.clone(), self.index.clone());
        let response = Projector::View { view, commits, index }.project(event(bodies), Instant::now() + TIME).await;
        response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    async fn text(&self, id: &str) -> Option<Value> {
        let stream = stream(&format!("comment/{id}"));
        let key = Key::document(&stream.tenant, &stream.stream, id);
        let found = self.index.get(&self.view, &[key]).await.unwrap().remove(0)?;
        found.content.body().map(|body| body["text"].clone())
    }
}

#[tokio::test]
async fn messages_in_any_order_become_documents() {
    let host = Host::new();
    let a = commits(&host.store, "a", &["one", "two", "three"]).await;
    let b = commits(&host.store, "b", &["else"]).await;
    let bodies = [of_commits(&a[2..]), of_commits(&b), of_commits(&a[..2]), of_commits(&a)];
    assert_eq!(host.project(&bodies).await, Vec::<String>::new());
    assert_eq!(host.text("a").await, Some(json!("three")));
    assert_eq!(host.text("b").await, Some(json!("else")));
}

#[tokio::test]
async fn only_a_message_that_cant_be_projected_goes_back() {
    let host = Host::new();
    let (a, b) = (commits(&host.store, "a", &["one"]).await, commits(&host.store, "b", &["two"]).await);
    // of this one, the store has not what comes before
    let gap = commits(&MemoryStore::default(), "gap", &["one", "two"]).await;
    let bodies = [of_commits(&a), of_commits(&gap[1..]), of_commits(&b)];
    assert_eq!(host.project(&bodies).await, ["m1"]);
    assert_eq!(host.text("a").await, Some(json!("one")));
    assert_eq!(host.text("b").await, Some(json!("two")));
    assert_eq!(host.text("gap").await, None);
}

#[tokio::test]
async fn what_is_no_entry_of_the_feed_goes_back_and_holds_up_nothing() {
    let host = Host::new();
    let a = commits(&host.store, "a", &["one"]).await;
    let other = entry("Notes", &json!({}));
    let damaged = entry("Commits", &json!({ "aggregates": ["comment"], "commits": [{ "tenant": "acme" }] }));
    let bodies = ["{".to_owned(), other, damaged, of_commits(&a)];
    assert_eq!(host.project(&bodies).await, ["m0", "m1", "m2"]);
    assert_eq!(host.text("a").await, Some(json!("one")));
}

#[tokio::test]
async fn while_the_index_is_out_everything_goes_back() {
    let host = Host::new();
    let (a, b) = (commits(&host.store, "a", &["one"]).await, commits(&host.store, "b", &["two"]).await);
    let (view, commits) = (host.view.clone(), host.store.clone());
    let projector = Projector::View { view, commits, index: Arc::new(crate::absent::Absent) };
    let response = projector.project(event(&[of_commits(&a), of_commits(&b)]), Instant::now() + TIME).await;
    assert_eq!(response.batch_item_failures.len(), 2);
}
