//! Who sees what.

#![expect(clippy::missing_panics_doc, reason = "a law that is broken panics")]

use std::collections::BTreeMap;

use kernel::query::{Aggregation, Filter, Query};
use serde_json::json;

use super::toy::{everything, given, given_entries, matching, named, search, shown, text, view};
use crate::{
    laws::Law,
    ports::search::{Key, Scope, SearchIndex},
};

fn by_status() -> Query {
    let terms = Aggregation::Terms { field: "status".into(), size: 10, aggregate: BTreeMap::new() };
    Query { aggregate: BTreeMap::from([("by".to_owned(), terms)]), ..text("word") }
}

/// A tenant's documents are not there for another.
pub async fn another_tenants_documents_are_never_seen(index: &dyn SearchIndex) -> Law {
    let mine = shown("a", 1, &json!({ "title": "word", "status": "x" }))?;
    let mut theirs = mine.clone();
    theirs.tenant = named("zeta")?;
    theirs.key = Key::document(&theirs.tenant, &theirs.stream, &theirs.id);
    given_entries(index, vec![mine, theirs.clone()]).await?;
    for (tenant, seen) in [("acme", 1), ("zeta", 1), ("acm", 0), ("other", 0)] {
        let scope = Scope { tenant: named(tenant)?, rows: None };
        for query in [
            by_status(),
            Query { text: None, ..by_status() },
            Query { filter: Filter::Not(Box::new(Filter::Or(vec![]))), ..by_status() },
        ] {
            let found = index.search(&view(), &scope, &query).await?;
            assert_eq!((found.total, found.hits.len()), (seen, usize::try_from(seen)?), "{tenant}");
            let buckets = found.aggregations.get("by").and_then(|by| by.as_array()).map(Vec::len);
            assert_eq!(buckets, Some(usize::try_from(seen)?));
        }
        assert_eq!(index.find(&view(), &scope, "a").await?.len(), usize::try_from(seen)?);
    }
    let entries = index.entries(&view(), &named("zeta")?, &theirs.stream).await?;
    assert_eq!(entries, [theirs]);
    Ok(())
}

/// Only the rows that the scope's filter matches are there, whatever the query asks.
pub async fn a_row_filter_hides_the_others_documents(index: &dyn SearchIndex) -> Law {
    let mine = json!({ "title": "word", "status": "ann" });
    given(index, &[("a", mine.clone()), ("b", json!({ "title": "word", "status": "bob" })), ("c", json!({}))]).await?;
    let scope = Scope { rows: Some(Filter::equals("status", "ann")), ..everything()? };
    let found = index.search(&view(), &scope, &by_status()).await?;
    assert_eq!(found.total, 1);
    assert_eq!(found.aggregations.get("by"), Some(&json!([{ "key": "ann", "count": 1 }])));
    let others = Filter::Or(vec![Filter::equals("status", "bob"), Filter::default()]);
    let found = index.search(&view(), &scope, &Query { filter: others, limit: 5, ..Query::default() }).await?;
    assert_eq!(found.hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(), ["a"]);
    for (id, seen) in [("a", 1), ("b", 0), ("c", 0)] {
        assert_eq!(index.find(&view(), &scope, id).await?.len(), seen, "{id}");
    }
    Ok(())
}

/// A document's id is its stream's own.
pub async fn two_streams_with_one_document_id_both_stay(index: &dyn SearchIndex) -> Law {
    let first = shown("a", 3, &json!({ "guests": 1 }))?;
    let mut second = shown("a", 1, &json!({ "guests": 2 }))?;
    second.stream = named("toy/Z")?;
    second.key = Key::document(&second.tenant, &second.stream, "a");
    given_entries(index, vec![first, second]).await?;
    assert_eq!(matching(index, Filter::default()).await?, "a a");
    let by_id = Query { filter: Filter::equals("id", "a"), limit: 5, ..Query::default() };
    for hits in [index.find(&view(), &everything()?, "a").await?, search(index, &by_id).await?.hits] {
        let streams: Vec<_> = hits.iter().map(|hit| (hit.stream.as_str(), hit.version)).collect();
        assert_eq!(streams, [("toy/Z", 1), ("toy/a", 3)]);
    }
    Ok(())
}
