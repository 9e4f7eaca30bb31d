//! Entries are versioned from outside, and what is hidden stays so.

#![expect(clippy::missing_panics_doc, reason = "a law that is broken panics")]

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::try_join_all;
use kernel::{
    catalog::Parked,
    query::{Aggregation, Filter, Metric, Query},
};
use serde_json::json;

use super::toy::{
    entry, everything, given, given_entries, ids, matching, members, named, search, shown, tenant, text, view,
};
use crate::{
    laws::Law,
    ports::search::{Content, Entry, Key, Put, SearchIndex},
};

/// A newer version takes the place of an older one, in reads and in searches.
pub async fn a_newer_version_replaces(index: &dyn SearchIndex) -> Law {
    given(index, &[("a", json!({ "status": "new" }))]).await?;
    let newer = shown("a", 5, &json!({ "status": "old" }))?;
    given_entries(index, vec![newer.clone()]).await?;
    assert_eq!(index.get(&view(), std::slice::from_ref(&newer.key)).await?, [Some(newer)]);
    assert_eq!(matching(index, Filter::equals("status", "new")).await?, "");
    assert_eq!(matching(index, Filter::equals("status", "old")).await?, "a");
    Ok(())
}

/// A version that is not newer is told so, refreshed or not, and changes nothing.
pub async fn the_same_or_an_older_version_changes_nothing(index: &dyn SearchIndex) -> Law {
    let first = shown("a", 3, &json!({ "status": "first" }))?;
    assert_eq!(index.put(&view(), vec![first.clone()]).await?, [Put::Accepted]);
    for _ in 0..2 {
        for version in [3, 2] {
            let late = shown("a", version, &json!({ "status": "late" }))?;
            assert_eq!(index.put(&view(), vec![late]).await?, [Put::Newer], "version {version}");
        }
        index.refresh(&view()).await?;
        assert_eq!(index.get(&view(), std::slice::from_ref(&first.key)).await?, [Some(first.clone())]);
        assert_eq!(matching(index, Filter::equals("status", "first")).await?, "a");
        assert_eq!(matching(index, Filter::equals("status", "late")).await?, "");
    }
    Ok(())
}

/// Reads are realtime, searches follow a refresh.
pub async fn an_accepted_entry_is_read_at_once_and_found_after_a_refresh(index: &dyn SearchIndex) -> Law {
    let unknown = shown("b", 1, &json!({}))?.key;
    for version in 1..4 {
        let put = shown("a", version, &json!({ "guests": version }))?;
        index.put(&view(), vec![put.clone()]).await?;
        assert_eq!(index.get(&view(), &[unknown.clone(), put.key.clone()]).await?, [None, Some(put.clone())]);
        index.refresh(&view()).await?;
        assert_eq!(index.get(&view(), &[put.key.clone(), unknown.clone()]).await?, [Some(put.clone()), None]);
        let found = search(index, &Query { limit: 10, ..Query::default() }).await?;
        let [hit] = found.hits.as_slice() else { return Err(format!("{found:?}").into()) };
        assert_eq!((hit.id.as_str(), hit.stream.as_str(), hit.version, hit.score), ("a", "toy/a", version, None));
        assert_eq!(hit.doc.get(), format!(r#"{{"guests":{version}}}"#));
        assert_eq!(found.next, None);
    }
    Ok(())
}

/// Each entry of a bulk is told apart, in the order given, later ones knowing of earlier ones.
pub async fn entries_of_one_bulk_succeed_and_fail_by_themselves(index: &dyn SearchIndex) -> Law {
    let bulk = vec![
        shown("a", 2, &json!({ "status": "x" }))?,
        shown("a", 1, &json!({ "status": "y" }))?,
        shown("b", 1, &json!({ "status": 7 }))?,
        shown("c", 1, &json!({ "status": "x" }))?,
        shown("a", 3, &json!({ "status": "z" }))?,
    ];
    let told = index.put(&view(), bulk).await?;
    assert!(
        matches!(told.as_slice(), [Put::Accepted, Put::Newer, Put::Refused(_), Put::Accepted, Put::Accepted]),
        "{told:?}"
    );
    index.refresh(&view()).await?;
    assert_eq!(ids(index, &Query { limit: 10, ..Query::default() }).await?, "a c");
    assert_eq!(matching(index, Filter::equals("status", "z")).await?, "a");
    Ok(())
}

/// A member that is not declared, or not of its field's kind, is refused; the same version can then be put as refused.
pub async fn a_refused_document_says_why(index: &dyn SearchIndex) -> Law {
    let wrong = [
        json!({ "unheard": 1 }),
        json!({ "title": 1 }),
        json!({ "notes": true }),
        json!({ "status": { "is": "x" } }),
        json!({ "tags": ["a", 1] }),
        json!({ "guests": "2" }),
        json!({ "guests": 1.5 }),
        json!({ "total": "1" }),
        json!({ "arrival": "2026-13-01" }),
        json!({ "arrival": 5 }),
        json!({ "at": "yesterday" }),
        json!({ "open": "yes" }),
    ];
    for body in wrong {
        let told = index.put(&view(), vec![shown("a", 1, &body)?]).await?;
        assert!(matches!(told.as_slice(), [Put::Refused(reason)] if !reason.is_empty()), "{body}: {told:?}");
    }
    let body = members(&json!({ "unheard": 1 }));
    let stub = entry("a", 1, Content::Refused { body, reason: "no such field".into() })?;
    given_entries(index, vec![stub.clone()]).await?;
    assert_eq!(index.get(&view(), std::slice::from_ref(&stub.key)).await?, [Some(stub)]);
    assert_eq!(ids(index, &Query { limit: 10, ..Query::default() }).await?, "");
    Ok(())
}

/// A late event can't bring a removed document back; a newer one can.
pub async fn a_removed_document_keeps_its_version_and_is_not_found(index: &dyn SearchIndex) -> Law {
    given(index, &[("a", json!({ "title": "here" }))]).await?;
    given_entries(index, vec![entry("a", 4, Content::Removed)?]).await?;
    assert_eq!(index.put(&view(), vec![shown("a", 4, &json!({}))?]).await?, [Put::Newer]);
    assert_eq!(ids(index, &text("here")).await?, "");
    assert_eq!(index.find(&view(), &everything()?, "a").await?.len(), 0);
    given_entries(index, vec![shown("a", 5, &json!({ "title": "here again" }))?]).await?;
    assert_eq!(ids(index, &text("here")).await?, "a");
    Ok(())
}

fn contents() -> Vec<Content> {
    let (body, parked) = (members(&json!({ "guests": 9 })), Parked { version: 2, reason: "it broke".into() });
    vec![
        Content::Shown(body.clone()),
        Content::Refused { body: body.clone(), reason: "too odd".into() },
        Content::Parked { body: Some(body), parked: parked.clone() },
        Content::Parked { body: None, parked: parked.clone() },
        Content::Removed,
        Content::Cursor { version: 7, memo: Arc::new(json!({ "rooms": [1, 2] })), parked: None },
        Content::Cursor { version: 7, memo: Arc::new(json!(null)), parked: Some(parked) },
    ]
}

fn every_content() -> Result<Vec<Entry>, Box<dyn std::error::Error + Send + Sync>> {
    let with_key = |(at, content): (usize, Content)| {
        let cursor = matches!(content, Content::Cursor { .. });
        let mut entry = entry(&format!("e{at}"), 1, content)?;
        if cursor {
            entry.key = Key::cursor(&entry.tenant, &entry.stream);
            entry.id = String::new();
        }
        Ok(entry)
    };
    contents().into_iter().enumerate().map(with_key).collect()
}

/// Only shown documents can be found, by any way.
pub async fn hidden_contents_are_not_found_counted_or_aggregated(index: &dyn SearchIndex) -> Law {
    given_entries(index, every_content()?).await?;
    let sum = Aggregation::Metric { metric: Metric::Sum, field: "guests".into() };
    let aggregate = BTreeMap::from([("guests".to_owned(), sum)]);
    let not = Filter::Not(Box::new(Filter::equals("guests", kernel::query::Scalar::Integer(1))));
    for filter in [Filter::default(), not] {
        let query = Query { limit: 10, filter, aggregate: aggregate.clone(), ..Query::default() };
        let found = search(index, &query).await?;
        assert_eq!((found.total, found.hits.len()), (1, 1));
        assert_eq!(found.aggregations.get("guests"), Some(&json!(9)));
    }
    for id in ["", "e1", "e2", "e3", "e4", "e5"] {
        assert_eq!(index.find(&view(), &everything()?, id).await?.len(), 0, "{id}");
    }
    Ok(())
}

/// Whatever an entry is, it is read back equal, refreshed or not.
pub async fn every_content_is_read_as_it_was_put(index: &dyn SearchIndex) -> Law {
    let entries = every_content()?;
    let keys: Vec<Key> = entries.iter().map(|entry| entry.key.clone()).collect();
    index.put(&view(), entries.clone()).await?;
    let expected: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    assert_eq!(index.get(&view(), &keys).await?, expected);
    index.refresh(&view()).await?;
    assert_eq!(index.get(&view(), &keys).await?, expected);
    Ok(())
}

/// A cursor's version is its own.
pub async fn a_cursor_is_apart_from_its_streams_documents(index: &dyn SearchIndex) -> Law {
    let document = shown("a", 9, &json!({ "status": "x" }))?;
    let mut cursor = entry("a", 2, Content::Cursor { version: 9, memo: Arc::new(json!(1)), parked: None })?;
    cursor.key = Key::cursor(&cursor.tenant, &cursor.stream);
    cursor.id = String::new();
    given_entries(index, vec![document.clone(), cursor.clone()]).await?;
    let keys = [cursor.key.clone(), document.key.clone()];
    assert_eq!(index.get(&view(), &keys).await?, [Some(cursor), Some(document)]);
    assert_eq!(matching(index, Filter::default()).await?, "a");
    Ok(())
}

/// All of a stream's entries are told, whatever they are, and no other's.
pub async fn the_entries_of_a_stream_are_all_there(index: &dyn SearchIndex) -> Law {
    let mut entries = every_content()?;
    let stream = named("toy/one")?;
    for entry in &mut entries {
        entry.stream = named("toy/one")?;
        entry.key = match entry.content {
            Content::Cursor { .. } => Key::cursor(&entry.tenant, &entry.stream),
            _ => Key::document(&entry.tenant, &entry.stream, &entry.id),
        };
    }
    entries.truncate(6); // one cursor
    let mut all = entries.clone();
    all.push(shown("other", 1, &json!({}))?);
    index.put(&view(), all).await?;
    let mut told = index.entries(&view(), &tenant()?, &stream).await?;
    told.sort_by(|a, b| a.key.cmp(&b.key));
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(told, entries);
    Ok(())
}

/// However many ask at once, each sees what was accepted before it asked.
pub async fn refreshes_at_the_same_time_all_see_what_was_put_before(index: &dyn SearchIndex) -> Law {
    let one = async |at: usize| -> Law {
        let id = format!("d{at}");
        index.put(&view(), vec![shown(&id, 1, &json!({ "guests": at }))?]).await?;
        index.refresh(&view()).await?;
        assert_eq!(index.find(&view(), &everything()?, &id).await?.len(), 1, "{id}");
        Ok(())
    };
    try_join_all((0..24).map(one)).await?;
    assert_eq!(search(index, &Query::default()).await?.total, 24);
    Ok(())
}
