//! Questions that are not as the view declares: each with its pointer.

use serde_json::{Value, json};

use crate::support::{Ask, Table, bookings};

#[test]
fn parameters_are_checked() {
    let mut table = Table::default();
    let rows: &[(&str, &[&str])] = &[
        ("nothing=1", &["/nothing unknown-field"]),
        ("nothing.gte=1", &["/nothing.gte unknown-field"]),
        ("adults.like=1", &["/adults.like unknown-field"]),
        ("adults.eq.gte=1", &["/adults.eq.gte unknown-field"]),
        ("Adults=1", &["/Adults unknown-field"]),
        ("tenant=acme", &["/tenant unknown-field"]),
        ("_source=1", &["/_source unknown-field"]),
        ("id=p-01", &["/id unknown-field"]),
        ("adults=two", &["/adults wrong-type"]),
        ("adults=1.5", &["/adults wrong-type"]),
        ("adults=", &["/adults wrong-type"]),
        ("adults=9007199254740993", &["/adults wrong-type"]),
        ("adults.in=1,x", &["/adults.in wrong-type"]),
        ("adults.prefix=1", &["/adults.prefix wrong-type"]),
        ("adults.exists=maybe", &["/adults.exists wrong-type"]),
        ("arrival=soon", &["/arrival bad-format"]),
        ("arrival=2027-02-30", &["/arrival bad-format"]),
        ("arrival=2027-01-01T00:00:00Z", &["/arrival bad-format"]),
        ("arrival.gte=20270101", &["/arrival.gte bad-format"]),
        ("arrival.prefix=2027", &["/arrival.prefix wrong-type"]),
        ("createdAt.gte=2027-01-01", &["/createdAt.gte bad-format"]),
        ("createdAt.gte=2027-01-01T00:00:00", &["/createdAt.gte bad-format"]),
        ("notes=sea", &["/notes wrong-type"]),
        ("notes.exists=true", &["/notes.exists wrong-type"]),
        ("notes.prefix=s", &["/notes.prefix wrong-type"]),
        ("sort=nothing", &["/sort unknown-field"]),
        ("sort=notes", &["/sort wrong-type"]),
        ("sort=", &["/sort unknown-field"]),
        ("sort=--arrival", &["/sort unknown-field"]),
        ("facets=nothing", &["/facets unknown-field"]),
        ("facets=notes", &["/facets wrong-type"]),
        ("limit=201", &["/limit out-of-range"]),
        ("limit=-1", &["/limit out-of-range"]),
        ("limit=many", &["/limit out-of-range"]),
        ("limit=1.5", &["/limit out-of-range"]),
        ("highlight=yes", &["/highlight wrong-type"]),
        ("cursor=hello", &["/cursor mismatch"]),
        ("cursor=", &["/cursor mismatch"]),
        ("cursor=%00", &["/cursor mismatch"]),
        ("after=room-type/resort:A", &["/after bad-format"]),
        ("after=nothing@1", &["/after bad-format"]),
        ("after=room-type/resort:A@-1", &["/after bad-format"]),
        ("after=room-type/resort:A@x", &["/after bad-format"]),
        ("after=comment/1@1", &["/after mismatch"]),
        ("wait=26", &["/wait out-of-range"]),
        ("wait=soon", &["/wait bad-format"]),
        ("limit=1&limit=1", &["/limit duplicate"]),
        ("q=a&q=b", &["/q duplicate"]),
        ("adults=1&adults=2", &["/adults duplicate"]),
        ("adults.gte=1&adults.gte=2", &["/adults.gte duplicate"]),
        ("wait=1&wait=1", &["/wait duplicate"]),
        ("x=1&adults=two&limit=500", &["/x unknown-field", "/adults wrong-type", "/limit out-of-range"]),
    ];
    for (query, violations) in rows {
        table.row(query, bookings().staff.get(format!("/views/bookings?{query}")).check_invalid(violations));
    }
    let long = "x".repeat(3_000);
    table.row("a long text", bookings().staff.get(format!("/views/bookings?q={long}")).check_invalid(&["/q too-long"]));
    table.end();
}

#[test]
fn parameters_of_other_reads_are_checked() {
    let staff = &bookings().staff;
    let mut table = Table::default();
    for (path, violation) in [
        ("/views?x=1", "/x unknown-field"),
        ("/views/bookings/p-01?x=1", "/x unknown-field"),
        ("/views/bookings/p-01?limit=1", "/limit unknown-field"),
        ("/views/bookings/p-01?wait=26", "/wait out-of-range"),
        ("/views/bookings/p-01?after=comment/1@1", "/after mismatch"),
        ("/reports?x=1", "/x unknown-field"),
    ] {
        table.row(path, staff.get(path).check_invalid(&[violation]));
    }
    for (query, violation) in [
        ("x=1", "/x unknown-field"),
        ("limit=1", "/limit unknown-field"),
        ("wait=26", "/wait out-of-range"),
        ("after=nothing", "/after bad-format"),
        ("after=comment/1@1", "/after mismatch"),
    ] {
        let answer = staff.post(format!("/views/bookings/search?{query}"), &json!({}));
        table.row(query, answer.check_invalid(&[violation]));
    }
    table.end();
}

#[test]
fn a_view_that_is_not_there_is_not_found() {
    let staff = &bookings().staff;
    let mut table = Table::default();
    for path in [
        "/views/nothing",
        "/views/nothing/x",
        "/views/Bookings",
        "/reports/nothing",
        "/views/bookings/nothing",
        "/views/bookings/p-01/x",
    ] {
        table.row(path, staff.get(path).check_problem(404, "not-found"));
    }
    table.row("search", staff.post("/views/nothing/search", &json!({})).check_problem(404, "not-found"));
    table.end();
}

fn nested(operator: &str, depth: usize) -> Value {
    let mut condition = json!({ "field": "adults", "eq": 1 });
    for _ in 1..depth {
        condition = if operator == "not" { json!({ "not": condition }) } else { json!({ operator: [condition] }) };
    }
    json!({ "where": condition })
}

#[test]
fn typed_queries_are_checked() {
    let is = |condition: Value| json!({ "where": condition });
    let by = |aggregation: Value| json!({ "aggregate": { "x": aggregation } });
    let terms = |more: Value| by(json!({ "terms": more }));
    let rows: Vec<(Value, &[&str])> = vec![
        (json!({ "x": 1 }), &["/x unknown-field"]),
        (json!({ "query": "a" }), &["/query unknown-field"]),
        (json!({ "script": "a" }), &["/script unknown-field"]),
        (json!({ "text": 7 }), &["/text wrong-type"]),
        (json!({ "text": "x".repeat(3_000) }), &["/text too-long"]),
        (json!({ "limit": 201 }), &["/limit out-of-range"]),
        (json!({ "limit": -1 }), &["/limit out-of-range"]),
        (json!({ "limit": 1.5 }), &["/limit wrong-type"]),
        (json!({ "limit": "20" }), &["/limit wrong-type"]),
        (json!({ "highlight": "true" }), &["/highlight wrong-type"]),
        (json!({ "cursor": 7 }), &["/cursor wrong-type"]),
        (json!({ "cursor": "hello" }), &["/cursor mismatch"]),
        (json!({ "sort": "arrival" }), &["/sort wrong-type"]),
        (json!({ "sort": ["arrival"] }), &["/sort/0 wrong-type"]),
        (json!({ "sort": [{ "field": "arrival", "order": "up" }] }), &["/sort/0/order bad-format"]),
        (json!({ "sort": [{ "field": "nothing" }] }), &["/sort/0/field unknown-field"]),
        (json!({ "sort": [{ "field": "notes" }] }), &["/sort/0/field wrong-type"]),
        (json!({ "sort": [{ "order": "asc" }] }), &["/sort/0/field required"]),
        (json!({ "sort": [{ "field": "arrival", "x": 1 }] }), &["/sort/0/x unknown-field"]),
        (is(json!([])), &["/where wrong-type"]),
        (is(json!("adults = 1")), &["/where wrong-type"]),
        (is(json!({})), &["/where/field required"]),
        (is(json!({ "field": "adults" })), &["/where required"]),
        (is(json!({ "field": "adults", "eq": null })), &["/where/eq wrong-type"]),
        (is(json!({ "field": "adults", "eq": "1" })), &["/where/eq wrong-type"]),
        (is(json!({ "field": "adults", "eq": 1.5 })), &["/where/eq wrong-type"]),
        (is(json!({ "field": "adults", "eq": [1] })), &["/where/eq wrong-type"]),
        (is(json!({ "field": "adults", "in": 1 })), &["/where/in wrong-type"]),
        (is(json!({ "field": "adults", "in": [1, "x"] })), &["/where/in/1 wrong-type"]),
        (is(json!({ "field": "adults", "in": [null] })), &["/where/in/0 wrong-type"]),
        (is(json!({ "field": "adults", "prefix": "1" })), &["/where/prefix wrong-type"]),
        (is(json!({ "field": "adults", "exists": 1 })), &["/where/exists wrong-type"]),
        (is(json!({ "field": "adults", "like": 1 })), &["/where/like unknown-field", "/where required"]),
        (is(json!({ "field": "arrival", "eq": 7 })), &["/where/eq wrong-type"]),
        (is(json!({ "field": "arrival", "eq": "2027-02-30" })), &["/where/eq bad-format"]),
        (is(json!({ "field": "arrival", "gte": "now" })), &["/where/gte bad-format"]),
        (is(json!({ "field": "status", "eq": 1 })), &["/where/eq wrong-type"]),
        (is(json!({ "field": "status", "eq": true })), &["/where/eq wrong-type"]),
        (is(json!({ "field": "nothing", "eq": 1 })), &["/where/field unknown-field"]),
        (is(json!({ "field": 1, "eq": 1 })), &["/where/field wrong-type"]),
        (is(json!({ "field": "notes", "eq": "a" })), &["/where/field wrong-type"]),
        (is(json!({ "and": {} })), &["/where/and wrong-type"]),
        (is(json!({ "and": [], "or": [] })), &["/where/or unknown-field"]),
        (is(json!({ "and": [], "field": "adults" })), &["/where/field unknown-field"]),
        (is(json!({ "and": [1] })), &["/where/and/0 wrong-type"]),
        (
            is(json!({ "or": [{ "field": "adults", "eq": 1 }, { "field": "x", "eq": 1 }] })),
            &["/where/or/1/field unknown-field"],
        ),
        (is(json!({ "not": [] })), &["/where/not wrong-type"]),
        (json!({ "aggregate": [] }), &["/aggregate wrong-type"]),
        (by(json!({})), &["/aggregate/x required"]),
        (by(json!({ "median": "adults" })), &["/aggregate/x required", "/aggregate/x/median unknown-field"]),
        (by(json!({ "sum": "adults", "avg": "adults" })), &["/aggregate/x required"]),
        (by(json!({ "sum": "nothing" })), &["/aggregate/x/sum unknown-field"]),
        (by(json!({ "sum": "status" })), &["/aggregate/x/sum wrong-type"]),
        (by(json!({ "avg": "arrival" })), &["/aggregate/x/avg wrong-type"]),
        (by(json!({ "sum": "notes" })), &["/aggregate/x/sum wrong-type"]),
        (by(json!({ "sum": { "field": "adults" } })), &["/aggregate/x/sum wrong-type"]),
        (by(json!({ "sum": "adults", "aggregate": {} })), &["/aggregate/x/aggregate unknown-field"]),
        (terms(json!("status")), &["/aggregate/x/terms wrong-type"]),
        (terms(json!({})), &["/aggregate/x/terms/field required"]),
        (terms(json!({ "field": "notes" })), &["/aggregate/x/terms/field wrong-type"]),
        (terms(json!({ "field": "status", "size": 0 })), &["/aggregate/x/terms/size out-of-range"]),
        (terms(json!({ "field": "status", "size": 1_001 })), &["/aggregate/x/terms/size out-of-range"]),
        (terms(json!({ "field": "status", "size": "10" })), &["/aggregate/x/terms/size wrong-type"]),
        (terms(json!({ "field": "status", "script": "1" })), &["/aggregate/x/terms/script unknown-field"]),
        (by(json!({ "dateHistogram": { "field": "arrival" } })), &["/aggregate/x/dateHistogram/interval required"]),
        (
            by(json!({ "dateHistogram": { "field": "arrival", "interval": "week" } })),
            &["/aggregate/x/dateHistogram/interval bad-format"],
        ),
        (
            by(json!({ "dateHistogram": { "field": "adults", "interval": "month" } })),
            &["/aggregate/x/dateHistogram/field wrong-type"],
        ),
        (json!({ "aggregate": { "key": { "sum": "adults" } } }), &["/aggregate/key bad-format"]),
        (json!({ "aggregate": { "count": { "sum": "adults" } } }), &["/aggregate/count bad-format"]),
        (
            json!({ "x": 1, "limit": 500, "where": { "field": "adults", "eq": "1" }, "sort": [{ "field": "nothing" }] }),
            &["/x unknown-field", "/limit out-of-range", "/where/eq wrong-type", "/sort/0/field unknown-field"],
        ),
    ];
    let mut table = Table::default();
    for (query, violations) in rows {
        let answer = bookings().staff.post("/views/bookings/search", &query);
        table.row(query.to_string().chars().take(120).collect::<String>(), answer.check_invalid(violations));
    }
    table.end();
}

#[test]
fn conditions_nest_sixteen_deep() {
    let mut table = Table::default();
    for operator in ["and", "or", "not"] {
        bookings().staff.post("/views/bookings/search", &nested(operator, 16)).is(200);
        for depth in [17, 40] {
            let answer = bookings().staff.post("/views/bookings/search", &nested(operator, depth));
            table.row(format!("{operator} {depth}"), answer.check_problem(400, "invalid"));
        }
    }
    table.end();
}

#[test]
fn a_body_that_is_no_json_is_malformed() {
    let mut table = Table::default();
    for body in [
        "",
        "{",
        "null x",
        r#"{"limit":1,"limit":2}"#,
        r#"{"where":{"field":"adults","eq":1,"eq":2}}"#,
        r#"{"text":"\ud800"}"#,
        r#"{"limit":NaN}"#,
        r#"{"where":{"field":"adults","eq":9007199254740993}}"#,
    ] {
        let answer = Ask::post("/views/bookings/search").by(&bookings().staff).body(body).send();
        table.row(body, answer.check_problem(400, "malformed"));
    }
    let deep = format!("{}{}", r#"{"where":"#.repeat(5_000), "}".repeat(5_000));
    let answer = Ask::post("/views/bookings/search").by(&bookings().staff).body(deep).send();
    table.row("deep", answer.check_problem(400, "malformed"));
    let answer = Ask::post("/views/bookings/search").by(&bookings().staff).body(b"{\"text\":\"\xff\"}".to_vec()).send();
    table.row("not UTF-8", answer.check_problem(400, "malformed"));
    for body in ["[]", "7", "\"a\""] {
        let answer = Ask::post("/views/bookings/search").by(&bookings().staff).body(body).send();
        let so = answer.status == 400 && matches!(answer.value()["code"].as_str(), Some("malformed" | "invalid"));
        table.row(body, crate::support::ensure(so, &answer));
    }
    table.end();
}
