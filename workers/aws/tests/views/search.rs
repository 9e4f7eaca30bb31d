//! The search index's laws, and what is OpenSearch's own.

use aws::opensearch::{Naming, OpenSearchIndex};
use futures_util::future::join_all;
use kernel::{
    StreamId,
    query::{Aggregation, Filter, Interval, Metric, Query, Sort},
};
use pipeline::{
    laws::search_index::{
        agreement,
        toy::{by, everything, given, ids, matching, shown, tenant, text, view},
    },
    ports::search::{Content, Entry, Key, Put, SearchIndex},
};
use serde_json::json;

use crate::node::{Place, client, delete};

fn fresh() -> (OpenSearchIndex, Place) {
    let place = Place::new();
    (at(&place.0), place)
}

fn at(naming: &Naming) -> OpenSearchIndex {
    OpenSearchIndex::new(client(), naming.clone())
}

pipeline::search_index_laws!(fresh());

#[test]
fn it_finds_what_the_naive_one_finds() {
    agreement::it_finds_what_the_naive_one_finds(16, fresh);
}

#[tokio::test]
async fn a_view_that_nothing_was_written_to_is_empty() {
    let (index, _place) = fresh();
    let key = shown("a", 1, &json!({})).unwrap().key;
    assert_eq!(index.get(&view(), &[key]).await.unwrap(), [None]);
    index.refresh(&view()).await.unwrap();
    let terms = |aggregate| Aggregation::Terms { field: "status".into(), size: 3, aggregate };
    let metric = |metric| Aggregation::Metric { metric, field: "guests".into() };
    let months = Aggregation::DateHistogram { field: "at".into(), interval: Interval::Month, aggregate: [].into() };
    let aggregate = [
        ("by".to_owned(), terms([("n".to_owned(), metric(Metric::Sum))].into())),
        ("least".to_owned(), metric(Metric::Min)),
        ("months".to_owned(), months),
        ("sum".to_owned(), metric(Metric::Sum)),
    ];
    let query = Query { aggregate: aggregate.into(), limit: 5, ..text("word") };
    let found = index.search(&view(), &everything().unwrap(), &query).await.unwrap();
    assert_eq!((found.total, found.hits.len(), found.next), (0, 0, None));
    let told = serde_json::Value::Object(found.aggregations);
    assert_eq!(told, json!({ "by": [], "least": null, "months": [], "sum": 0 }));
    assert_eq!(index.find(&view(), &everything().unwrap(), "a").await.unwrap().len(), 0);
    let stream: StreamId = "toy/a".parse().unwrap();
    assert_eq!(index.entries(&view(), &tenant().unwrap(), &stream).await.unwrap(), []);
}

#[tokio::test]
async fn whoever_writes_first_makes_the_index_and_the_others_use_it() {
    let place = Place::new();
    let write = async |number: usize| {
        let entry = shown(&format!("d{number}"), 1, &json!({ "guests": number })).unwrap();
        at(&place.0).put(&view(), vec![entry]).await.unwrap()
    };
    let told = join_all((0..8).map(write)).await;
    assert!(told.iter().flatten().all(|put| *put == Put::Accepted), "{told:?}");
    let index = at(&place.0);
    index.refresh(&view()).await.unwrap();
    assert_eq!(ids(&index, &Query { limit: 9, ..Query::default() }).await.unwrap(), "d0 d1 d2 d3 d4 d5 d6 d7");
}

#[tokio::test]
async fn a_higher_generation_begins_anew_for_all_who_write() {
    let (old, place) = fresh();
    given(&old, &[("a", json!({ "status": "old" }))]).await.unwrap();
    let new = at(&Naming { generation: 2, ..place.0.clone() });
    new.prepare(&view()).await.unwrap();
    assert_eq!(matching(&new, Filter::default()).await.unwrap(), "");
    given(&old, &[("b", json!({ "status": "new" }))]).await.unwrap();
    for index in [&old, &new, &at(&place.0)] {
        assert_eq!(matching(index, Filter::default()).await.unwrap(), "b");
    }
}

#[tokio::test]
async fn an_index_that_was_removed_is_made_again() {
    let (index, place) = fresh();
    given(&index, &[("a", json!({}))]).await.unwrap();
    delete(&format!("{}*", place.0.prefix)).unwrap();
    let entry = || vec![shown("b", 1, &json!({})).unwrap()];
    // nothing is written to an index that nobody mapped
    index.put(&view(), entry()).await.unwrap_err();
    assert_eq!(index.put(&view(), entry()).await.unwrap(), [Put::Accepted]);
    index.refresh(&view()).await.unwrap();
    assert_eq!(matching(&index, Filter::default()).await.unwrap(), "b");
}

#[tokio::test]
async fn what_the_engine_does_not_take_is_refused_with_its_reason() {
    let (index, _place) = fresh();
    let long = "é".repeat(17_000);
    for body in [json!({ "status": long }), json!({ "title": long })] {
        let good = shown("b", 1, &json!({ "status": "x" })).unwrap();
        let told = index.put(&view(), vec![shown("a", 1, &body).unwrap(), good]).await.unwrap();
        assert!(matches!(&told[0], Put::Refused(reason) if reason.contains("immense term")), "{told:?}");
        assert!(matches!(told[1], Put::Accepted | Put::Newer), "{told:?}");
    }
    let wide = shown("c", 1, &json!({ "at": "3000-01-01T00:00:00Z" })).unwrap();
    let told = index.put(&view(), vec![wide]).await.unwrap();
    assert!(matches!(&told[0], Put::Refused(reason) if reason.contains("2262")), "{told:?}");
}

#[tokio::test]
async fn more_than_one_request_holds_is_written_and_read_whole() {
    let (index, _place) = fresh();
    let stream: StreamId = "toy/many".parse().unwrap();
    let entry = |number: usize| {
        let mut entry = shown(&format!("d{number:04}"), 1, &json!({ "notes": "words ".repeat(500) })).unwrap();
        entry.stream = stream.clone();
        entry.key = Key::document(&entry.tenant, &stream, &entry.id);
        if number.is_multiple_of(5) {
            entry.content = Content::Removed;
        }
        entry
    };
    // more than one body and more than one page
    let entries: Vec<Entry> = (0..2_500).map(entry).collect();
    let told = index.put(&view(), entries.clone()).await.unwrap();
    assert_eq!(told, vec![Put::Accepted; 2_500]);
    let keys: Vec<Key> = entries.iter().map(|entry| entry.key.clone()).collect();
    let read: Vec<Entry> = index.get(&view(), &keys).await.unwrap().into_iter().flatten().collect();
    assert_eq!(read, entries);
    let mut all = index.entries(&view(), &tenant().unwrap(), &stream).await.unwrap();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(all, entries);
}

#[tokio::test]
async fn all_documents_of_an_id_are_found() {
    let (index, _place) = fresh();
    let entry = |number: usize| {
        let mut entry = shown("same", 1, &json!({})).unwrap();
        entry.stream = format!("toy/{number:03}").parse().unwrap();
        entry.key = Key::document(&entry.tenant, &entry.stream, "same");
        entry
    };
    index.put(&view(), (0..230).map(entry).collect()).await.unwrap();
    index.refresh(&view()).await.unwrap();
    let found = index.find(&view(), &everything().unwrap(), "same").await.unwrap();
    let streams: Vec<_> = found.iter().map(|hit| hit.stream.to_string()).collect();
    assert_eq!(streams, (0..230).map(|number| format!("toy/{number:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_largest_queries_are_answered() {
    let (index, _place) = fresh();
    given(&index, &[("a", json!({ "status": "s999", "notes": "x" }))]).await.unwrap();
    let any = (0..1_000).map(|number| Filter::equals("status", format!("s{number}").as_str())).collect();
    assert_eq!(matching(&index, Filter::Or(any)).await.unwrap(), "a");
    let mut deep = Filter::equals("status", "s999");
    for level in 0..16 {
        deep = match level % 3 {
            0 => Filter::And(vec![deep]),
            1 => Filter::Or(vec![deep, Filter::equals("id", "none")]),
            _ => Filter::Not(Box::new(Filter::Not(Box::new(deep)))),
        };
    }
    assert_eq!(matching(&index, deep).await.unwrap(), "a");
    // the longest text has a thousand words
    let words: Vec<String> = (0..666).map(|number| format!("{number:x}")).collect();
    assert_eq!(ids(&index, &text(&words.join(" "))).await.unwrap(), "");
    let many = (0..8).map(|_| Sort { field: "guests".into(), descending: true }).collect();
    assert_eq!(ids(&index, &Query { sort: many, ..by("guests", false) }).await.unwrap(), "a");
}
