//! Aggregations over all that matches.

#![expect(clippy::missing_panics_doc, reason = "a law that is broken panics")]

use std::collections::BTreeMap;

use kernel::query::{Aggregation, Filter, Interval, Metric, Query, Scalar};
use serde_json::{Map, Value, json};

use super::toy::{given, search};
use crate::{laws::Law, ports::search::SearchIndex};

type Error = Box<dyn std::error::Error + Send + Sync>;

fn terms(field: &str, size: usize) -> Aggregation {
    Aggregation::Terms { field: field.into(), size, aggregate: BTreeMap::new() }
}

fn histogram(field: &str, interval: Interval) -> Aggregation {
    Aggregation::DateHistogram { field: field.into(), interval, aggregate: BTreeMap::new() }
}

fn metric(metric: Metric, field: &str) -> Aggregation {
    Aggregation::Metric { metric, field: field.into() }
}

fn named<const N: usize>(aggregations: [(&str, Aggregation); N]) -> BTreeMap<String, Aggregation> {
    aggregations.into_iter().map(|(name, aggregation)| (name.to_owned(), aggregation)).collect()
}

async fn told(
    index: &dyn SearchIndex,
    filter: Filter,
    aggregate: BTreeMap<String, Aggregation>,
) -> Result<Map<String, Value>, Error> {
    Ok(search(index, &Query { filter, aggregate, ..Query::default() }).await?.aggregations)
}

async fn one(index: &dyn SearchIndex, aggregation: Aggregation) -> Result<Value, Error> {
    let mut told = told(index, Filter::default(), named([("it", aggregation)])).await?;
    Ok(told.remove("it").unwrap_or_default())
}

/// The most frequent come first, equals by key; each document counts once in each bucket.
pub async fn terms_come_by_count_then_by_key(index: &dyn SearchIndex) -> Law {
    given(
        index,
        &[
            ("a", json!({ "status": "x", "tags": ["q", "r", "q"] })),
            ("b", json!({ "status": "y", "tags": ["r"] })),
            ("c", json!({ "status": "Z" })),
            ("d", json!({ "status": "x", "title": "One Two" })),
            ("e", json!({})),
        ],
    )
    .await?;
    let x = json!({ "key": "x", "count": 2 });
    let (z, y) = (json!({ "key": "Z", "count": 1 }), json!({ "key": "y", "count": 1 }));
    assert_eq!(one(index, terms("status", 10)).await?, json!([x, z, y]));
    assert_eq!(one(index, terms("status", 2)).await?, json!([x, z]));
    let r = json!({ "key": "r", "count": 2 });
    assert_eq!(one(index, terms("tags", 10)).await?, json!([r, { "key": "q", "count": 1 }]));
    assert_eq!(one(index, terms("title", 10)).await?, json!([{ "key": "One Two", "count": 1 }]));
    Ok(())
}

/// Keys are what the documents hold.
pub async fn terms_have_keys_of_their_kind(index: &dyn SearchIndex) -> Law {
    given(
        index,
        &[
            ("a", json!({ "guests": 10, "total": 0.5, "open": true, "arrival": "2026-12-01", "at": "2026-12-01T01:00:00Z" })),
            ("b", json!({ "guests": 9, "total": -2, "open": false, "arrival": "1960-12-01", "at": "2026-12-01T00:00:00.25Z" })),
        ],
    )
    .await?;
    let keys = async |field: &str| -> Result<Value, Error> {
        let buckets = one(index, terms(field, 10)).await?;
        Ok(buckets.as_array().into_iter().flatten().map(|bucket| bucket["key"].clone()).collect())
    };
    assert_eq!(keys("guests").await?, json!([9, 10]));
    assert_eq!(keys("total").await?, json!([-2.0, 0.5]));
    assert_eq!(keys("open").await?, json!([false, true]));
    assert_eq!(keys("arrival").await?, json!(["1960-12-01", "2026-12-01"]));
    assert_eq!(keys("at").await?, json!(["2026-12-01T00:00:00.25Z", "2026-12-01T01:00:00Z"]));
    Ok(())
}

/// Months and years are those of the calendar, before 1970 too; empty ones are left out, the oldest come first.
pub async fn histograms_keep_to_the_calendar(index: &dyn SearchIndex) -> Law {
    let times = [
        "2024-02-29T23:59:59.999999999Z",
        "2024-03-01T00:00:00Z",
        "2023-12-31T23:30:00Z",
        "2024-01-01T00:29:00+00:30",
        "1969-12-31T23:59:59.9Z",
    ];
    let mut documents = Vec::new();
    for (id, time) in ["a", "b", "c", "d", "e"].into_iter().zip(times) {
        let instant: jiff::Timestamp = time.parse()?;
        let date = instant.to_string()[..10].to_owned();
        documents.push((id, json!({ "at": time, "arrival": date })));
    }
    documents.push(("f", json!({})));
    given(index, &documents).await?;
    let check = async |field: &str, interval: Interval, expected: &[(&str, u64)]| -> Law {
        let expected: Value = expected.iter().map(|(key, count)| json!({ "key": key, "count": count })).collect();
        assert_eq!(one(index, histogram(field, interval)).await?, expected, "{field} {interval:?}");
        Ok(())
    };
    let months = [("1969-12-01", 1), ("2023-12-01", 2), ("2024-02-01", 1), ("2024-03-01", 1)];
    let years = [("1969-01-01", 1), ("2023-01-01", 2), ("2024-01-01", 2)];
    let days = [("1969-12-31", 1), ("2023-12-31", 2), ("2024-02-29", 1), ("2024-03-01", 1)];
    for (interval, expected) in [(Interval::Month, &months[..]), (Interval::Year, &years), (Interval::Day, &days)] {
        check("arrival", interval, expected).await?;
        let midnights: Vec<String> = expected.iter().map(|(key, _)| format!("{key}T00:00:00Z")).collect();
        let expected: Vec<_> = midnights.iter().zip(expected).map(|(key, (_, count))| (key.as_str(), *count)).collect();
        check("at", interval, &expected).await?;
    }
    let hours = [
        ("1969-12-31T23:00:00Z", 1),
        ("2023-12-31T23:00:00Z", 2),
        ("2024-02-29T23:00:00Z", 1),
        ("2024-03-01T00:00:00Z", 1),
    ];
    check("at", Interval::Hour, &hours).await
}

/// Integers stay integers; of nothing, the sum is 0 and the others are null.
pub async fn metrics_are_told_of_all_that_matches(index: &dyn SearchIndex) -> Law {
    given(
        index,
        &[
            ("a", json!({ "guests": 2, "total": 1.5, "tags": ["x", "y"] })),
            ("b", json!({ "guests": -5, "total": -0.25 })),
            ("c", json!({ "guests": [7, 8] })),
            ("d", json!({})),
        ],
    )
    .await?;
    let all = || {
        let of = |field: &str| {
            [
                ("sum", Metric::Sum),
                ("min", Metric::Min),
                ("max", Metric::Max),
                ("avg", Metric::Avg),
                ("n", Metric::Count),
            ]
            .map(|(name, what)| (format!("{field} {name}"), metric(what, field)))
        };
        let mut all: BTreeMap<_, _> = of("guests").into_iter().chain(of("total")).collect();
        all.insert("tags".into(), metric(Metric::Count, "tags"));
        all
    };
    let expected = json!({
        "guests sum": 12, "guests min": -5, "guests max": 8, "guests avg": 3.0, "guests n": 4,
        "total sum": 1.25, "total min": -0.25, "total max": 1.5, "total avg": 0.625, "total n": 2, "tags": 2
    });
    assert_eq!(Value::Object(told(index, Filter::default(), all()).await?), expected);
    let nothing = json!({
        "guests sum": 0, "guests min": null, "guests max": null, "guests avg": null, "guests n": 0,
        "total sum": 0, "total min": null, "total max": null, "total avg": null, "total n": 0, "tags": 0
    });
    for nobody in [Filter::equals("id", "d"), Filter::equals("id", "none")] {
        assert_eq!(Value::Object(told(index, nobody, all()).await?), nothing);
    }
    let large = i64::MAX - 1;
    given(index, &[("big", json!({ "guests": large }))]).await?;
    let big = told(index, Filter::equals("guests", Scalar::Integer(large)), all()).await?;
    assert_eq!((big.get("guests sum"), big.get("guests max")), (Some(&json!(large)), Some(&json!(large))));
    Ok(())
}

/// Aggregations within a bucket are of its documents alone, under their names.
pub async fn buckets_nest_once(index: &dyn SearchIndex) -> Law {
    given(
        index,
        &[
            ("a", json!({ "status": "x", "arrival": "2026-12-05", "guests": 1 })),
            ("b", json!({ "status": "x", "arrival": "2027-01-01", "guests": 2 })),
            ("c", json!({ "status": "y", "arrival": "2026-12-31", "guests": 4 })),
            ("d", json!({ "status": "x", "arrival": "2026-12-31" })),
        ],
    )
    .await?;
    let inner = named([("guests", metric(Metric::Sum, "guests")), ("most", metric(Metric::Max, "guests"))]);
    let months =
        Aggregation::DateHistogram { field: "arrival".into(), interval: Interval::Month, aggregate: inner.clone() };
    assert_eq!(
        one(index, months).await?,
        json!([
            { "key": "2026-12-01", "count": 3, "guests": 5, "most": 4 },
            { "key": "2027-01-01", "count": 1, "guests": 2, "most": 2 }
        ])
    );
    let inner = named([("months", histogram("arrival", Interval::Month)), ("tags", terms("tags", 3))]);
    let nested = Aggregation::Terms { field: "status".into(), size: 5, aggregate: inner };
    assert_eq!(
        one(index, nested).await?,
        json!([
            { "key": "x", "count": 3, "tags": [],
              "months": [{ "key": "2026-12-01", "count": 2 }, { "key": "2027-01-01", "count": 1 }] },
            { "key": "y", "count": 1, "tags": [], "months": [{ "key": "2026-12-01", "count": 1 }] }
        ])
    );
    assert_eq!(one(index, terms("tags", 5)).await?, json!([]));
    Ok(())
}
