//! The projector over OpenSearch: whoever else projects, whatever the index refuses or has no room for, it comes to
//! what the fold says.

use std::{collections::BTreeMap, sync::Arc};

use aws::opensearch::{Client, OpenSearchIndex};
use futures_util::future::join_all;
use kernel::{EventData, EventRecord, Field, Recorded, StreamKey, View, catalog::ViewSpec};
use pipeline::{
    laws::sample::{command, second, stream},
    memory::commits::MemoryStore,
    ports::{
        commits::{Append, CommitStore, Position, Stored},
        search::{Content, Entry, SearchIndex},
    },
    steps::project::{fold_anew, project},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::to_raw_value};

use crate::{
    node::{Place, client, url},
    proxy::Proxy,
};

/// A part was put onto a list, or changed there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Listed {
    part: String,
    code: String,
}
impl EventData for Listed {}

/// A part was taken off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Delisted {
    part: String,
}
impl EventData for Delisted {}

kernel::events! {
    enum Event { Listed, Delisted }
}

/// A document for each part, with every version that touched it.
struct Parts;

impl View for Parts {
    type Event = Event;
    type Memo = Vec<String>;
    type Doc = Map<String, Value>;

    const NAME: &'static str = "parts";
    const AGGREGATE: &'static str = "list";
    const REVISION: u32 = 3;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("code"), Field::keyword("log"), Field::integer("before")]
    }

    fn remember(memo: &mut Vec<String>, recorded: &Recorded<'_, Event>) {
        if let Event::Listed(listed) = recorded.event {
            memo.push(listed.part.clone());
        }
    }

    fn touches(_: &Vec<String>, recorded: &Recorded<'_, Event>) -> Vec<String> {
        match recorded.event {
            Event::Listed(listed) => vec![listed.part.clone()],
            Event::Delisted(delisted) => vec![delisted.part.clone()],
        }
    }

    fn evolve(
        memo: &Vec<String>,
        _: &str,
        doc: Option<Self::Doc>,
        recorded: &Recorded<'_, Event>,
    ) -> Option<Self::Doc> {
        let Event::Listed(listed) = recorded.event else { return None };
        let mut doc = doc.unwrap_or_default();
        doc.insert("code".into(), json!(listed.code));
        doc.insert("before".into(), json!(memo.len()));
        doc.entry("log").or_insert_with(|| json!([])).as_array_mut()?.push(json!(format!("v{}", recorded.version)));
        Some(doc)
    }
}

fn view() -> ViewSpec {
    ViewSpec::of::<Parts>()
}

/// A list's name for what the engine does not take.
fn too_long() -> String {
    "x".repeat(33_000)
}

fn listed(part: usize, code: &str) -> EventRecord {
    let data = to_raw_value(&Listed { part: format!("p{part}"), code: code.to_owned() }).unwrap();
    EventRecord { kind: "Listed".into(), schema: 1, command: 0, data }
}

fn delisted(part: usize) -> EventRecord {
    let data = to_raw_value(&Delisted { part: format!("p{part}") }).unwrap();
    EventRecord { kind: "Delisted".into(), schema: 1, command: 0, data }
}

/// Streams whose parts come, change, go and come back, some with codes that the index does not take.
async fn history() -> (MemoryStore, Vec<Arc<Stored>>) {
    let store = MemoryStore::default();
    let mut commits = Vec::new();
    for name in 0..4_usize {
        let mut position = Position::start(stream(&format!("list/l{name}")));
        for number in 0..14_usize {
            let time = second(i64::try_from(number).unwrap());
            let part = number % 3;
            let mut events = match (number * 7 + name) % 5 {
                0 => vec![delisted(part)],
                1 => vec![listed(part, &too_long())],
                _ => vec![listed(part, &format!("c{number}")), listed(5, "last")],
            };
            if number % 4 == 3 {
                events.clear();
            }
            let version = position.version() + events.len() as u64;
            let id = format!("c-{name}-{number}");
            let commands = vec![command(&id, version, events.is_empty())];
            let append = Append::new(position, time, None, commands, events, vec![]).unwrap();
            let stored = store.append(vec![append]).await.remove(0).unwrap();
            position = Position::after(&stored);
            commits.push(stored);
        }
    }
    (store, commits)
}

/// An entry as a line; what is refused reads as what it would be if it weren't.
fn plain(entry: &Entry) -> (String, String) {
    let content = match &entry.content {
        Content::Shown(body) | Content::Refused { body, .. } => format!("document {}", Value::Object((**body).clone())),
        other => format!("{other:?}"),
    };
    (entry.key.as_str().to_owned(), format!("{} {} {content}", entry.id, entry.version))
}

async fn assert_equal_to_the_fold(index: &OpenSearchIndex, commits: &[Arc<Stored>]) {
    let all: Vec<Stored> = commits.iter().map(|stored| Stored::clone(stored)).collect();
    let expected: BTreeMap<_, _> = fold_anew(&view(), &all).iter().map(plain).collect();
    let mut found = BTreeMap::new();
    let mut refused = 0;
    for name in 0..4 {
        let key: StreamKey = stream(&format!("list/l{name}"));
        for entry in index.entries(&view(), &key.tenant, &key.stream).await.unwrap() {
            let hidden = matches!(entry.content, Content::Refused { .. });
            let code = entry.content.body().map(|body| body["code"].clone());
            assert_eq!(hidden, code == Some(json!(too_long())), "{entry:?}");
            refused += usize::from(hidden);
            let (key, line) = plain(&entry);
            found.insert(key, line);
        }
    }
    assert_eq!(found, expected);
    assert!(refused > 0, "no document is refused at the end");
}

#[tokio::test]
async fn two_projectors_side_by_side_come_to_the_fold() {
    let place = Place::new();
    let (store, commits) = history().await;
    let index = || OpenSearchIndex::new(client(), place.0.clone());
    // each gets everything, in pieces of its own, twice, and backwards
    let run = async |size: usize| {
        let index = index();
        let mut pieces: Vec<_> = commits.chunks(size).chain(commits.chunks(size + 2)).collect();
        pieces.reverse();
        for piece in pieces {
            project(&view(), &store, &index, piece).await.unwrap();
        }
    };
    tokio::join!(run(5), run(8));
    assert_equal_to_the_fold(&index(), &commits).await;
}

#[tokio::test]
async fn commits_in_any_order_and_many_at_once_come_to_the_fold() {
    let place = Place::new();
    let (store, commits) = history().await;
    let index = OpenSearchIndex::new(client(), place.0.clone());
    let run = async |from: usize| {
        let each = commits.iter().skip(from).step_by(6).rev();
        for stored in each {
            project(&view(), &store, &index, std::slice::from_ref(stored)).await.unwrap();
        }
    };
    join_all((0..6).map(run)).await;
    assert_equal_to_the_fold(&index, &commits).await;
}

#[tokio::test]
async fn what_the_cluster_has_no_room_for_is_written_again_until_it_has() {
    let place = Place::new();
    let (store, commits) = history().await;
    let proxy = Proxy::start(&url());
    let index = OpenSearchIndex::new(Client::connect(&proxy.url, None).unwrap(), place.0.clone());
    for piece in commits.chunks(9) {
        // of the next requests, every second item is turned away, then all of one
        proxy.turn_away(3);
        project(&view(), &store, &index, piece).await.unwrap();
    }
    assert!(proxy.turned_away() > 20, "{} items were turned away", proxy.turned_away());
    assert_equal_to_the_fold(&index, &commits).await;
}

#[tokio::test]
async fn a_cluster_that_stays_full_gives_the_commits_back_and_nothing_is_lost() {
    let place = Place::new();
    let (store, commits) = history().await;
    let proxy = Proxy::start(&url());
    let index = OpenSearchIndex::new(Client::connect(&proxy.url, None).unwrap(), place.0.clone());
    proxy.turn_away(1_000);
    project(&view(), &store, &index, &commits).await.unwrap_err();
    proxy.turn_away(0);
    project(&view(), &store, &index, &commits).await.unwrap();
    assert_equal_to_the_fold(&index, &commits).await;
}
