//! Random documents and queries: an index and the naive one in memory find the same.

#![expect(clippy::unwrap_used, reason = "an index that doesn't answer has failed")]
#![expect(clippy::missing_panics_doc, reason = "a law that is broken panics")]

use std::collections::BTreeMap;

use kernel::query::{Aggregation, Bound, Condition, Filter, Interval, Metric, Query, Range, Scalar, Sort};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use super::toy::{entry, everything, shown, view};
use crate::{
    memory::search::MemoryIndex,
    ports::search::{Content, Found, Hit, SearchIndex},
};

const TEXTS: [&str; 8] = ["Sea view", "sea", "Café running", "runs", "", "o'clock 2", "Über sea-view", "view view"];
const CODES: [&str; 6] = ["a", "ab", "abc", "b", "B", "é"];
const DATES: [&str; 6] = ["1969-12-31", "1970-01-01", "2024-02-29", "2024-03-01", "2024-12-31", "2025-01-01"];
const TIMES: [&str; 6] = [
    "1969-12-31T23:59:59.999999999Z",
    "1970-01-01T00:00:00Z",
    "2024-02-29T23:59:59.5Z",
    "2024-03-01T00:00:00Z",
    "2024-12-31T23:30:00Z",
    "2025-01-01T00:30:00.000000001Z",
];
const NUMBERS: [f64; 6] = [-1.5, -0.0, 0.0, 0.25, 1.0, 1e9];

fn member(field: &'static str) -> BoxedStrategy<Value> {
    let one = match field {
        "title" | "notes" => select(&TEXTS[..]).prop_map(Value::from).boxed(),
        "guests" => (-2..4_i64).prop_map(Value::from).boxed(),
        "total" => select(&NUMBERS[..]).prop_map(Value::from).boxed(),
        "arrival" => select(&DATES[..]).prop_map(Value::from).boxed(),
        "at" => select(&TIMES[..]).prop_map(Value::from).boxed(),
        "open" => any::<bool>().prop_map(Value::from).boxed(),
        _ => select(&CODES[..]).prop_map(Value::from).boxed(),
    };
    prop_oneof![4 => one.clone(), 1 => vec(one, 0..4).prop_map(Value::from), 1 => Just(Value::Null)].boxed()
}

const FIELDS: [&str; 9] = ["title", "notes", "status", "tags", "guests", "total", "arrival", "at", "open"];
/// Those with exact values.
const EXACT: [&str; 9] = ["title", "status", "tags", "guests", "total", "arrival", "at", "open", "id"];

fn body() -> impl Strategy<Value = Value> {
    let member = select(&FIELDS[..]).prop_flat_map(|field| member(field).prop_map(move |value| (field, value)));
    vec(member, 0..9).prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn scalar(field: &str) -> BoxedStrategy<Scalar> {
    match field {
        "guests" => (-3..5_i64).prop_map(Scalar::Integer).boxed(),
        "total" => select(&NUMBERS[..]).prop_map(Scalar::Number).boxed(),
        "arrival" => select(&DATES[..]).prop_map(|date| Scalar::Date(date.parse().unwrap())).boxed(),
        "at" => select(&TIMES[..]).prop_map(|time| Scalar::Time(time.parse().unwrap())).boxed(),
        "open" => any::<bool>().prop_map(Scalar::Boolean).boxed(),
        "title" => select(&TEXTS[..]).prop_map(Scalar::from).boxed(),
        "id" => (0..12).prop_map(|id| Scalar::Text(format!("d{id}"))).boxed(),
        _ => select(&["a", "ab", "abcd", "b", "A", "é", "ê"][..]).prop_map(Scalar::from).boxed(),
    }
}

fn condition(field: &'static str) -> impl Strategy<Value = Condition> {
    let value = || scalar(field);
    let bound = || (scalar(field), any::<bool>()).prop_map(|(value, inclusive)| Bound { value, inclusive });
    prop_oneof![
        value().prop_map(Condition::Equal),
        value().prop_map(Condition::NotEqual),
        vec(value(), 0..3).prop_map(Condition::In),
        bound().prop_map(|from| Condition::Range(Range { from: Some(from), to: None })),
        bound().prop_map(|to| Condition::Range(Range { from: None, to: Some(to) })),
        (bound(), bound()).prop_map(|(from, to)| Condition::Range(Range { from: Some(from), to: Some(to) })),
        any::<bool>().prop_map(Condition::Exists),
        select(&["a", "ab", "s", "S", "d1", "é", "x"][..]).prop_map(|prefix| Condition::Prefix(prefix.into())),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let fits = |field: &str, is: &Condition| {
        !matches!(is, Condition::Prefix(_)) || ["title", "status", "tags", "id"].contains(&field)
    };
    let leaf = select(&EXACT[..]).prop_flat_map(move |field| {
        condition(field)
            .prop_filter("prefixes are of texts", move |is| fits(field, is))
            .prop_map(move |is| Filter::Field { field: field.into(), is })
    });
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Filter::And),
            vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn aggregate(depth: u32) -> BoxedStrategy<BTreeMap<String, Aggregation>> {
    let inner = || if depth == 0 { Just(BTreeMap::new()).boxed() } else { aggregate(depth - 1) };
    let metrics = [Metric::Sum, Metric::Min, Metric::Max, Metric::Avg, Metric::Count];
    let metric = (select(metrics.to_vec()), select(&["guests", "total"][..]))
        .prop_map(|(metric, field)| Aggregation::Metric { metric, field: field.into() });
    let count = select(&EXACT[..]).prop_map(|field| Aggregation::Metric { metric: Metric::Count, field: field.into() });
    let terms = (select(&EXACT[..]), 1..5_usize, inner()).prop_map(|(field, size, aggregate)| Aggregation::Terms {
        field: field.into(),
        size,
        aggregate,
    });
    let intervals = vec![Interval::Hour, Interval::Day, Interval::Month, Interval::Year];
    let histogram =
        (select(&["arrival", "at"][..]), select(intervals), inner()).prop_map(|(field, interval, aggregate)| {
            Aggregation::DateHistogram { field: field.into(), interval, aggregate }
        });
    btree_map("[a-c]", prop_oneof![metric, count, terms, histogram], 0..3).boxed()
}

fn query() -> impl Strategy<Value = Query> {
    let text = proptest::option::of(vec(select(&["sea", "views", "CAFE", "run", "2", "over", "uber"][..]), 0..3));
    let sort = vec((select(&EXACT[..]), any::<bool>()), 0..3);
    (text, filter(), sort, 0..6_usize, aggregate(1)).prop_map(|(text, filter, sort, limit, aggregate)| Query {
        text: text.map(|words| words.join(" ")),
        filter,
        sort: sort.into_iter().map(|(field, descending)| Sort { field: field.into(), descending }).collect(),
        limit,
        cursor: None,
        highlight: true,
        aggregate,
    })
}

/// Rounds of writes, each behind a refresh: documents by id, shown or hidden.
fn rounds() -> impl Strategy<Value = Vec<Vec<(u8, Option<Value>)>>> {
    vec(vec((0..12_u8, proptest::option::weighted(0.9, body())), 1..10), 1..4)
}

fn seen(found: &Found) -> Vec<Value> {
    let hit = |hit: &Hit| {
        let doc: Value = serde_json::from_str(hit.doc.get()).unwrap();
        json!([hit.id, hit.stream.as_str(), hit.version, hit.score.is_some(), doc, hit.highlight])
    };
    found.hits.iter().map(hit).collect()
}

async fn compare(one: &dyn SearchIndex, other: &dyn SearchIndex, query: &Query) {
    let scope = everything().unwrap();
    let by_score = query.text.is_some() && query.sort.is_empty();
    let (mut a, mut b) = (query.clone(), query.clone());
    if by_score {
        // scores differ a little, so that orders may: compare what is found
        (a.limit, b.limit) = (200, 200);
    }
    for _ in 0..20 {
        let (x, y) = (one.search(&view(), &scope, &a).await.unwrap(), other.search(&view(), &scope, &b).await.unwrap());
        assert_eq!(x.total, y.total);
        assert_eq!(Value::Object(x.aggregations.clone()), Value::Object(y.aggregations.clone()));
        if by_score {
            let of = |found: &Found| {
                let mut hits = seen(found);
                hits.sort_by_key(|hit| (hit[0].to_string(), hit[1].to_string()));
                hits
            };
            assert_eq!(of(&x), of(&y));
        } else {
            assert_eq!(seen(&x), seen(&y));
        }
        assert_eq!(x.next.is_some(), y.next.is_some());
        if x.next.is_none() {
            return;
        }
        (a.cursor, b.cursor) = (x.next, y.next);
    }
}

/// Writes and queries in as many cases; each begins with an empty index of the toy view, and what must live as long.
pub fn it_finds_what_the_naive_one_finds<I: SearchIndex, G>(cases: u32, fresh: impl Fn() -> (I, G)) {
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let run = runner.run(&(rounds(), vec(query(), 12)), |(rounds, queries)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (index, _guard) = fresh();
            one(&index, rounds, &queries).await;
        });
        Ok(())
    });
    assert!(run.is_ok(), "{}", run.unwrap_err());
}

async fn one(index: &dyn SearchIndex, rounds: Vec<Vec<(u8, Option<Value>)>>, queries: &[Query]) {
    let memory = MemoryIndex::new();
    for (round, writes) in rounds.into_iter().enumerate() {
        for (id, body) in writes {
            let (id, version) = (format!("d{id}"), u64::try_from(round).unwrap() + 1);
            let entry = match body {
                Some(body) => shown(&id, version, &body).unwrap(),
                None => entry(&id, version, Content::Removed).unwrap(),
            };
            let told = index.put(&view(), vec![entry.clone()]).await.unwrap();
            assert_eq!(told, memory.put(&view(), vec![entry]).await.unwrap());
        }
        index.refresh(&view()).await.unwrap();
        memory.refresh(&view()).await.unwrap();
    }
    for query in queries {
        compare(index, &memory, query).await;
    }
}
