//! Numbers over what is found: facets, buckets, months, metrics.

use serde_json::{Value, json};

use crate::support::{Table, bookings, ensure};

fn told(query: &Value) -> Value {
    bookings().search(query)["aggregations"].clone()
}

fn one(aggregation: Value) -> Value {
    told(&json!({ "aggregate": { "x": aggregation }, "limit": 1 }))["x"].clone()
}

#[test]
fn facets_count_values() {
    let found = bookings().find("facets=status,roomType&limit=1");
    let wanted = json!({
        "status": [{ "key": "confirmed", "count": 7 }, { "key": "cancelled", "count": 1 }],
        "roomType": [{ "key": "A", "count": 5 }, { "key": "B", "count": 3 }],
    });
    assert_eq!(found["aggregations"], wanted);
    // they count what is found, not the page
    let found = bookings().find("facets=roomType&q=sea&limit=1");
    assert_eq!(found["aggregations"]["roomType"], json!([{ "key": "B", "count": 2 }, { "key": "A", "count": 1 }]));
    let found = bookings().find("facets=roomType&adults.gte=99");
    assert_eq!(found["aggregations"], json!({ "roomType": [] }));
    let found = bookings().find("facets=guestName");
    assert_eq!(found["aggregations"]["guestName"].as_array().unwrap().len(), 8);
}

#[test]
fn terms_come_by_count_then_key() {
    let adults =
        json!([{ "key": 2, "count": 4 }, { "key": 1, "count": 2 }, { "key": 3, "count": 1 }, { "key": 4, "count": 1 }]);
    assert_eq!(one(json!({ "terms": { "field": "adults" } })), adults);
    assert_eq!(one(json!({ "terms": { "field": "adults", "size": 2 } })).as_array().unwrap().len(), 2);
    let days = one(json!({ "terms": { "field": "arrival", "size": 3 } }));
    assert_eq!(days[0], json!({ "key": "2026-12-31", "count": 2 }));
    assert_eq!(days[1], json!({ "key": "2026-11-30", "count": 1 }));
}

#[test]
fn months_go_over_the_years_end() {
    let histogram = |interval: &str| one(json!({ "dateHistogram": { "field": "arrival", "interval": interval } }));
    let bucket = |key: &str, count: u64| json!({ "key": key, "count": count });
    assert_eq!(
        histogram("month"),
        json!([
            bucket("2026-11-01", 1),
            bucket("2026-12-01", 3),
            bucket("2027-01-01", 2),
            bucket("2027-06-01", 1),
            bucket("2028-02-01", 1)
        ])
    );
    assert_eq!(histogram("year"), json!([bucket("2026-01-01", 4), bucket("2027-01-01", 3), bucket("2028-01-01", 1)]));
    let days = histogram("day");
    assert_eq!(days[2], bucket("2026-12-31", 2));
    assert_eq!(days.as_array().unwrap().len(), 7);
    assert_eq!(days[6], bucket("2028-02-29", 1));
}

#[test]
fn times_have_keys_of_times() {
    let mut table = Table::default();
    for interval in ["hour", "day", "month", "year"] {
        let buckets = one(json!({ "dateHistogram": { "field": "createdAt", "interval": interval } }));
        let counts: u64 = buckets.as_array().unwrap().iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum();
        let key = buckets[0]["key"].as_str().unwrap_or_default();
        let time = key.parse::<jiff::Timestamp>().is_ok() && key.ends_with("00:00Z");
        table.row(interval, ensure(counts == 8 && time, &buckets));
    }
    table.end();
}

#[test]
fn metrics_stand_at_the_top_and_in_buckets() {
    let query = json!({ "limit": 0, "aggregate": {
        "nights": { "sum": "nights" }, "least": { "min": "adults" }, "most": { "max": "adults" },
        "mean": { "avg": "adults" }, "values": { "count": "adults" },
        "byType": { "terms": { "field": "roomType" }, "aggregate": { "guests": { "sum": "adults" }, "long": { "max": "nights" } } },
        "byMonth": { "dateHistogram": { "field": "arrival", "interval": "month" }, "aggregate": {
            "byStatus": { "terms": { "field": "status" }, "aggregate": { "nights": { "sum": "nights" } } }, "n": { "count": "nights" } } },
    } });
    let told = told(&query);
    assert_eq!(told["nights"], 2 + 4 + 2 + 1 + 7 + 1 + 1 + 10);
    assert_eq!((&told["least"], &told["most"], &told["values"]), (&json!(1), &json!(4), &json!(8)));
    assert!((told["mean"].as_f64().unwrap() - 17.0 / 8.0).abs() < 1e-9, "{told}");
    assert_eq!(
        told["byType"],
        json!([{ "key": "A", "count": 5, "guests": 10, "long": 10 }, { "key": "B", "count": 3, "guests": 7, "long": 7 }])
    );
    let january = &told["byMonth"][2];
    assert_eq!(
        january,
        &json!({ "key": "2027-01-01", "count": 2, "n": 2, "byStatus": [
            { "key": "cancelled", "count": 1, "nights": 1 }, { "key": "confirmed", "count": 1, "nights": 7 } ] })
    );
}

#[test]
fn metrics_of_nothing() {
    let query = json!({ "where": { "or": [] }, "aggregate": {
        "sum": { "sum": "nights" }, "min": { "min": "nights" }, "max": { "max": "nights" }, "avg": { "avg": "nights" },
        "values": { "count": "nights" }, "terms": { "terms": { "field": "status" } },
        "months": { "dateHistogram": { "field": "arrival", "interval": "month" } } } });
    let wanted = json!({ "sum": 0, "min": null, "max": null, "avg": null, "values": 0, "terms": [], "months": [] });
    assert_eq!(told(&query), wanted);
}

#[test]
fn buckets_nest_once() {
    let terms = |inner: Value| json!({ "terms": { "field": "status" }, "aggregate": { "y": inner } });
    let metric = json!({ "sum": "adults" });
    bookings().search(&json!({ "aggregate": { "x": terms(terms(metric.clone())) } }));
    let answer =
        bookings().staff.post("/views/bookings/search", &json!({ "aggregate": { "x": terms(terms(terms(metric))) } }));
    answer.problem(400, "invalid");
}

#[test]
fn a_name_may_be_anything_else() {
    let query = json!({ "aggregate": { "a/b~c <x> ü": { "sum": "adults" } } });
    assert_eq!(told(&query), json!({ "a/b~c <x> ü": 17 }));
}
