//! Pages: cursors walk everything exactly once, and belong to their query.

use serde_json::{Value, json};

use crate::support::{IDS, Table, Tenant, bookings, encode, ids, params};

/// All hits of a query, by pages of two.
#[track_caller]
fn walk(query: &Value) -> Vec<String> {
    let mut query = query.clone();
    query["limit"] = json!(2);
    let mut walked = Vec::new();
    loop {
        let page = bookings().search(&query);
        walked.extend(ids(&page));
        assert!(walked.len() <= 100, "the walk does not end");
        if page["next"].is_null() {
            assert_eq!(page["total"], walked.len(), "{page}");
            return walked;
        }
        assert_eq!(ids(&page).len(), 2, "{page}");
        query["cursor"] = page["next"].clone();
    }
}

#[test]
fn cursors_walk_everything_exactly_once() {
    let sort = |keys: &[(&str, &str)]| {
        keys.iter().map(|(field, order)| json!({ "field": field, "order": order })).collect::<Vec<_>>()
    };
    let mut table = Table::default();
    for query in [
        json!({}),
        json!({ "sort": sort(&[("id", "desc")]) }),
        json!({ "sort": sort(&[("arrival", "asc")]) }),
        json!({ "sort": sort(&[("arrival", "desc")]) }),
        json!({ "sort": sort(&[("adults", "asc")]) }),
        json!({ "sort": sort(&[("adults", "desc"), ("nights", "asc")]) }),
        json!({ "sort": sort(&[("roomType", "desc"), ("status", "asc")]) }),
        json!({ "sort": sort(&[("guestName", "asc")]) }),
        json!({ "sort": sort(&[("createdAt", "desc")]) }),
        json!({ "sort": sort(&[("stream", "asc")]) }),
        json!({ "text": "sea" }),
        json!({ "text": "ann" }),
        json!({ "text": "sea", "sort": sort(&[("adults", "asc")]) }),
        json!({ "where": { "field": "roomType", "eq": "A" } }),
        json!({ "where": { "field": "adults", "gte": 99 } }),
    ] {
        let walked = walk(&query);
        let whole = ids(&bookings().search(&query));
        table.row(&query, crate::support::ensure(walked == whole, format!("{walked:?}, not {whole:?}")));
    }
    table.end();
}

#[test]
fn parameters_walk_too() {
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = bookings().find(&format!("sort=-arrival&limit=3{cursor}"));
        walked.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", encode(next));
    }
    walked.sort();
    assert_eq!(walked, IDS);
    let all = bookings().find("limit=8");
    assert_eq!((all["total"].clone(), all["next"].clone()), (json!(8), json!(null)));
    assert_eq!(bookings().find("limit=200")["total"], 8);
    let none = bookings().find("limit=0");
    assert_eq!((none["total"].clone(), none["hits"].clone()), (json!(8), json!([])));
}

#[test]
fn a_cursor_belongs_to_its_query() {
    let base = json!({ "text": "sea", "where": { "field": "adults", "gte": 1 }, "sort": [{ "field": "arrival" }], "limit": 1 });
    let next = bookings().search(&base)["next"].clone();
    assert!(next.is_string());
    let with = |name: &str, value: Value| {
        let mut query = base.clone();
        query["cursor"] = next.clone();
        query[name] = value;
        query
    };
    let mut table = Table::default();
    for (name, value) in
        [("limit", json!(2)), ("highlight", json!(true)), ("aggregate", json!({ "x": { "sum": "adults" } }))]
    {
        let found = bookings().search(&with(name, value));
        table.row(name, crate::support::ensure(ids(&found)[0] == "p-04", &found));
    }
    let post = |query: &Value| bookings().staff.post("/views/bookings/search", query);
    for (name, value) in [
        ("text", json!("view")),
        ("text", json!(null)),
        ("where", json!(null)),
        ("where", json!({ "field": "adults", "gte": 2 })),
        ("sort", json!(null)),
        ("sort", json!([{ "field": "arrival", "order": "desc" }])),
        ("sort", json!([{ "field": "arrival" }, { "field": "adults" }])),
    ] {
        table.row(format!("{name} {value}"), post(&with(name, value)).check_invalid(&["/cursor mismatch"]));
    }
    // cut, changed, of another view
    let text = next.as_str().unwrap();
    for cursor in [&text[1..], &text[..text.len() - 2], &format!("{text}AAAA"), &text.to_lowercase()] {
        table.row(cursor, post(&with("cursor", json!(cursor))).check_invalid(&["/cursor mismatch"]));
    }
    let answer = bookings().staff.get(format!("/views/availability?cursor={}", encode(text)));
    table.row("another view", answer.check_invalid(&["/cursor mismatch"]));
    let stranger = Tenant::new().staff();
    let answer = stranger.post("/views/bookings/search", &with("limit", json!(1)));
    table.row("another tenant", answer.check_invalid(&["/cursor mismatch"]));
    table.end();
}

#[test]
fn a_cursor_of_parameters_belongs_to_them() {
    let next = bookings().find("sort=arrival&limit=1&roomType=A")["next"].as_str().unwrap().to_owned();
    let with = |query: &str| bookings().staff.get(format!("/views/bookings?{query}&{}", params(&[("cursor", &next)])));
    assert_eq!(ids(&with("sort=arrival&limit=1&roomType=A").is(200)), ["p-02"]);
    assert_eq!(ids(&with("sort=arrival&limit=2&roomType=A&facets=status").is(200)), ["p-02", "p-03"]);
    for query in [
        "sort=arrival",
        "sort=arrival&roomType=B",
        "roomType=A",
        "sort=-arrival&roomType=A",
        "sort=arrival&roomType=A&q=sea",
    ] {
        with(query).invalid(&["/cursor mismatch"]);
    }
}
