//! Sorting, paging and counting.

#![expect(clippy::missing_panics_doc, reason = "a law that is broken panics")]

use kernel::query::{Query, Sort};
use serde_json::{Value, json};

use super::toy::{by, everything, given, given_entries, ids, named, search, shown, text, view};
use crate::{
    laws::Law,
    ports::search::{Key, SearchError, SearchIndex},
};

/// By id, in the order of its characters; `id` can also be asked for.
pub async fn documents_come_by_id_if_nothing_else_is_asked(index: &dyn SearchIndex) -> Law {
    given(index, &[("b", json!({})), ("a10", json!({})), ("B", json!({})), ("a9", json!({}))]).await?;
    assert_eq!(ids(index, &Query { limit: 9, ..Query::default() }).await?, "B a10 a9 b");
    assert_eq!(ids(index, &by("id", true)).await?, "b a9 a10 B");
    Ok(())
}

/// Every kind sorts by its own order; documents without a value come last; ties go by id.
pub async fn missing_values_come_last_in_both_orders(index: &dyn SearchIndex) -> Law {
    let full = |title: &str, guests: i64, total: f64, arrival: &str, open: bool| {
        json!({ "title": title, "status": title, "guests": guests, "total": total, "arrival": arrival,
            "at": format!("{arrival}T00:00:00Z"), "open": open })
    };
    given(
        index,
        &[
            ("a", full("b", 0, 0.5, "2026-01-01", true)),
            ("b", json!({})),
            ("c", full("B", -3, -0.5, "1950-01-01", false)),
            ("d", full("c", 30, 3.5, "2026-01-02", true)),
            ("e", json!({ "notes": "sortless" })),
        ],
    )
    .await?;
    for name in ["title", "status", "guests", "total", "arrival", "at"] {
        assert_eq!(ids(index, &by(name, false)).await?, "c a d b e", "{name}");
        assert_eq!(ids(index, &by(name, true)).await?, "d a c b e", "{name}");
    }
    assert_eq!(ids(index, &by("open", false)).await?, "c a d b e");
    assert_eq!(ids(index, &by("open", true)).await?, "a d c b e");
    Ok(())
}

/// The smallest value counts from small to large, the largest from large to small.
pub async fn many_values_sort_by_the_one_that_comes_first(index: &dyn SearchIndex) -> Law {
    given(
        index,
        &[
            ("a", json!({ "guests": [5, 1], "tags": ["m", "b"] })),
            ("b", json!({ "guests": [3], "tags": ["c"] })),
            ("c", json!({ "guests": [2, 4], "tags": ["d", "z"] })),
        ],
    )
    .await?;
    assert_eq!(ids(index, &by("guests", false)).await?, "a c b");
    assert_eq!(ids(index, &by("guests", true)).await?, "a c b");
    assert_eq!(ids(index, &by("tags", false)).await?, "a b c");
    assert_eq!(ids(index, &by("tags", true)).await?, "c a b");
    Ok(())
}

async fn many(index: &dyn SearchIndex) -> Law {
    for part in 0..4 {
        let mut entries = Vec::new();
        for at in (part * 10)..(part * 10 + 10) {
            let mut body = json!({ "title": "some words", "guests": at % 3, "tags": [format!("t{}", at % 7), "t3"] });
            if at % 4 == 0 {
                body["status"] = Value::from(format!("s{}", at % 5));
            }
            // two streams use each id
            let mut entry = shown(&format!("d{:02}", at / 2), 1, &body)?;
            entry.stream = named(&format!("toy/{at}"))?;
            entry.key = Key::document(&entry.tenant, &entry.stream, &entry.id);
            entries.push(entry);
        }
        given_entries(index, entries).await?;
    }
    Ok(())
}

/// Page by page, in any order, every document comes once, in the order of one large page.
pub async fn cursors_walk_all_documents_once(index: &dyn SearchIndex) -> Law {
    many(index).await?;
    let sort = |keys: &[(&str, bool)]| {
        let sort = keys.iter().map(|(field, descending)| Sort { field: (*field).into(), descending: *descending });
        Query { sort: sort.collect(), ..Query::default() }
    };
    let queries = [
        Query::default(),
        text("words"),
        Query { text: Some("words".into()), ..sort(&[("status", true)]) },
        sort(&[("status", false)]),
        sort(&[("status", true), ("guests", false)]),
        sort(&[("guests", true), ("tags", true)]),
        sort(&[("tags", false), ("id", true)]),
        sort(&[("id", true)]),
    ];
    for query in queries {
        let seen = |found: &crate::ports::search::Found| -> Vec<(String, String)> {
            found.hits.iter().map(|hit| (hit.id.clone(), hit.stream.to_string())).collect()
        };
        let all = search(index, &Query { limit: 200, ..query.clone() }).await?;
        assert_eq!((all.total, all.hits.len(), all.next.as_ref()), (40, 40, None), "{query:?}");
        let (mut walked, mut cursor) = (Vec::new(), None);
        for page in 0..7 {
            let found = search(index, &Query { limit: 7, cursor: cursor.clone(), ..query.clone() }).await?;
            assert_eq!(found.total, 40);
            walked.extend(seen(&found));
            cursor = found.next;
            assert_eq!(cursor.is_some(), page < 5, "page {page} of {query:?}");
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(walked, seen(&all), "{query:?}");
    }
    Ok(())
}

/// Garbage, and a cursor of a sort of another shape, are told from the index's own.
pub async fn a_cursor_that_was_not_given_is_refused(index: &dyn SearchIndex) -> Law {
    given(index, &[("a", json!({ "guests": 1 })), ("b", json!({ "guests": 2 }))]).await?;
    let mut cursors = vec!["x".to_owned(), "🐫".into(), "W10".into(), "bnVsbA".into(), String::new()];
    cursors.extend(search(index, &Query { limit: 1, ..Query::default() }).await?.next);
    for cursor in cursors {
        let query = Query { cursor: Some(cursor.clone()), ..by("guests", false) };
        let told = index.search(&view(), &everything()?, &query).await;
        assert!(matches!(told, Err(SearchError::BadCursor)), "{cursor}: {told:?}");
    }
    Ok(())
}

/// The total counts all that match, whatever the page; the last page has no next, full or not, and neither has one of
/// none.
pub async fn the_total_is_exact_and_a_page_may_be_empty(index: &dyn SearchIndex) -> Law {
    many(index).await?;
    let found = search(index, &Query::default()).await?;
    assert_eq!((found.total, found.hits.len(), found.next), (40, 0, None));
    let found = search(index, &Query { limit: 40, ..Query::default() }).await?;
    assert_eq!((found.total, found.hits.len(), found.next), (40, 40, None));
    let first = search(index, &Query { limit: 39, ..Query::default() }).await?;
    assert_eq!((first.total, first.hits.len(), first.next.is_some()), (40, 39, true));
    let last = search(index, &Query { limit: 1, cursor: first.next, ..Query::default() }).await?;
    assert_eq!((last.total, last.hits.len(), last.next), (40, 1, None));
    Ok(())
}
