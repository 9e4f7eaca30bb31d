//! Both forms of a query: what they mean, and every violation they can have.

use serde_json::{Value, json};

use super::{from_params, parse};
use crate::{
    EventData, Field, Recorded, View,
    catalog::ViewSpec,
    query::{Aggregation, Bound, Condition, Filter, Interval, Metric, Query, Range, Scalar, Sort},
    refusal::Refusal,
};

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Happened {}
impl EventData for Happened {}
crate::events! { enum Event { Happened } }

struct Things;
impl View for Things {
    type Event = Event;
    type Memo = ();
    type Doc = Value;
    const NAME: &'static str = "things";
    const AGGREGATE: &'static str = "thing";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![
            Field::text("notes"),
            Field::text_and_exact("name"),
            Field::keyword("status"),
            Field::integer("rooms"),
            Field::number("price"),
            Field::date("arrival"),
            Field::date_time("seen"),
            Field::boolean("paid"),
        ]
    }

    fn touches((): &(), _: &Recorded<'_, Event>) -> Vec<String> {
        Vec::new()
    }

    fn evolve((): &(), _: &str, doc: Option<Value>, _: &Recorded<'_, Event>) -> Option<Value> {
        doc
    }
}

fn told(refusal: &Refusal) -> Vec<String> {
    let mut told: Vec<_> = refusal.violations.iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
    told.sort();
    told
}

fn read(body: &Value) -> Result<Query, Vec<String>> {
    parse(&ViewSpec::of::<Things>(), body).map_err(|refusal| told(&refusal))
}

fn read_params(params: &[(&str, &str)]) -> Result<Query, Vec<String>> {
    let params: Vec<_> = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    from_params(&ViewSpec::of::<Things>(), &params).map_err(|refusal| told(&refusal))
}

fn field(name: &str, is: Condition) -> Filter {
    Filter::Field { field: name.to_owned(), is }
}

fn bound(value: Scalar, inclusive: bool) -> Bound {
    Bound { value, inclusive }
}

fn terms(field: &str, size: usize) -> Aggregation {
    Aggregation::Terms { field: field.to_owned(), size, aggregate: [].into() }
}

#[test]
fn an_empty_query_asks_for_the_first_page_of_all() {
    let all = Query { limit: 20, ..Query::default() };
    assert_eq!(read(&json!({})), Ok(all.clone()));
    let nulls = json!({"text": null, "where": null, "sort": null, "cursor": null, "aggregate": null, "limit": null, "highlight": null});
    assert_eq!(read(&nulls), Ok(all.clone()));
    assert_eq!(read(&json!({"text": " - "})), Ok(all.clone()));
    assert_eq!(read_params(&[("q", "")]), Ok(all));
}

#[test]
fn conditions_are_read_by_the_kinds_of_their_fields() {
    for (condition, expected) in [
        (json!({"field": "status", "eq": "a"}), field("status", Condition::Equal("a".into()))),
        (json!({"field": "name", "ne": "a"}), field("name", Condition::NotEqual("a".into()))),
        (
            json!({"field": "rooms", "in": [1, 2]}),
            field("rooms", Condition::In(vec![Scalar::Integer(1), Scalar::Integer(2)])),
        ),
        (json!({"field": "rooms", "in": []}), field("rooms", Condition::In(vec![]))),
        (json!({"field": "price", "eq": 2}), field("price", Condition::Equal(Scalar::Number(2.0)))),
        (json!({"field": "paid", "eq": true}), field("paid", Condition::Equal(Scalar::Boolean(true)))),
        (json!({"field": "name", "prefix": "A"}), field("name", Condition::Prefix("A".into()))),
        (json!({"field": "seen", "exists": false}), field("seen", Condition::Exists(false))),
        (
            json!({"field": "arrival", "gte": "2026-12-01", "lt": "2027-01-01"}),
            Filter::between(
                "arrival",
                Some(jiff::civil::date(2026, 12, 1).into()),
                Some(jiff::civil::date(2027, 1, 1).into()),
            ),
        ),
        (
            json!({"field": "rooms", "gt": 1, "lte": 3}),
            field(
                "rooms",
                Condition::Range(Range {
                    from: Some(bound(Scalar::Integer(1), false)),
                    to: Some(bound(Scalar::Integer(3), true)),
                }),
            ),
        ),
        (
            json!({"field": "seen", "gte": "2026-12-01T08:00:00+01:00"}),
            field(
                "seen",
                Condition::Range(Range {
                    from: Some(bound("2026-12-01T07:00:00Z".parse::<jiff::Timestamp>().unwrap().into(), true)),
                    to: None,
                }),
            ),
        ),
        (
            json!({"field": "status", "eq": "a", "prefix": "b"}),
            Filter::And(vec![
                field("status", Condition::Equal("a".into())),
                field("status", Condition::Prefix("b".into())),
            ]),
        ),
        (
            json!({"not": {"or": [{"field": "stream", "eq": "a/b"}, {"and": []}]}}),
            Filter::Not(Box::new(Filter::Or(vec![Filter::equals("stream", "a/b"), Filter::And(vec![])]))),
        ),
    ] {
        assert_eq!(read(&json!({"where": condition})).map(|query| query.filter), Ok(expected), "{condition}");
    }
}

#[test]
fn conditions_that_do_not_fit_are_told_where_they_stand() {
    for (condition, expected) in [
        (json!({"field": "nope", "eq": 1}), "/where/field unknown-field"),
        (json!({"field": "id", "eq": "a"}), "/where/field unknown-field"),
        (json!({"field": "notes", "eq": "a"}), "/where/field wrong-type"),
        (json!({"field": 5, "eq": "a"}), "/where/field wrong-type"),
        (json!({"eq": "a"}), "/where/field required"),
        (json!({}), "/where/field required"),
        (json!({"field": "status"}), "/where required"),
        (json!({"field": "status", "eq": null}), "/where/eq wrong-type"),
        (json!({"field": "status", "eq": 5}), "/where/eq wrong-type"),
        (json!({"field": "status", "eq": ["a"]}), "/where/eq wrong-type"),
        (json!({"field": "status", "like": "a", "eq": "a"}), "/where/like unknown-field"),
        (json!({"field": "rooms", "eq": "5"}), "/where/eq wrong-type"),
        (json!({"field": "rooms", "eq": 1.5}), "/where/eq wrong-type"),
        (json!({"field": "rooms", "in": [1, null]}), "/where/in/1 wrong-type"),
        (json!({"field": "rooms", "in": 1}), "/where/in wrong-type"),
        (json!({"field": "rooms", "prefix": "1"}), "/where/prefix wrong-type"),
        (json!({"field": "arrival", "prefix": "2026"}), "/where/prefix wrong-type"),
        (json!({"field": "status", "prefix": 1}), "/where/prefix wrong-type"),
        (json!({"field": "arrival", "eq": "2026-02-30"}), "/where/eq bad-format"),
        (json!({"field": "arrival", "eq": "2026-12-01T00:00:00Z"}), "/where/eq bad-format"),
        (json!({"field": "arrival", "eq": 5}), "/where/eq wrong-type"),
        (json!({"field": "seen", "eq": "2026-12-01"}), "/where/eq bad-format"),
        (json!({"field": "paid", "eq": "true"}), "/where/eq wrong-type"),
        (json!({"field": "paid", "gt": false}), "/where/gt wrong-type"),
        (json!({"field": "paid", "exists": 1}), "/where/exists wrong-type"),
        (json!({"and": {}}), "/where/and wrong-type"),
        (json!({"and": null}), "/where/and wrong-type"),
        (json!({"and": [], "or": []}), "/where/or unknown-field"),
        (json!({"not": []}), "/where/not wrong-type"),
        (json!({"or": [{"and": [{"field": "x", "eq": 1}]}]}), "/where/or/0/and/0/field unknown-field"),
        (json!([]), "/where wrong-type"),
    ] {
        assert_eq!(read(&json!({"where": condition})), Err(vec![expected.to_owned()]), "{condition}");
    }
}

#[test]
fn conditions_nest_16_deep_and_are_1_000_at_most() {
    let nested = |depth: usize| (1..depth).fold(json!({"and": []}), |inner, _| json!({"not": inner}));
    assert!(read(&json!({"where": nested(16)})).is_ok());
    let pointer = format!("/where{} out-of-range", "/not".repeat(16));
    assert_eq!(read(&json!({"where": nested(17)})), Err(vec![pointer]));
    let wide = |count: usize| json!({"where": {"and": vec![json!({"field": "rooms", "eq": 1}); count]}});
    assert!(read(&wide(999)).is_ok());
    assert_eq!(read(&wide(2_000)), Err(vec!["/where too-long".to_owned()]));
    let values = json!({"where": {"field": "rooms", "in": vec![1; 1_001]}});
    assert_eq!(read(&values), Err(vec!["/where/in too-long".to_owned()]));
}

#[test]
fn sorting_paging_and_highlighting_are_read() {
    let body = json!({"text": "sea view", "sort": [{"field": "arrival", "order": "desc"}, {"field": "id"}], "limit": 200, "cursor": "x", "highlight": true});
    let sort = vec![Sort { field: "arrival".into(), descending: true }, Sort { field: "id".into(), descending: false }];
    let expected = Query {
        text: Some("sea view".into()),
        sort,
        limit: 200,
        cursor: Some("x".into()),
        highlight: true,
        ..Query::default()
    };
    assert_eq!(read(&body), Ok(expected.clone()));
    let params = [("q", "sea view"), ("sort", "-arrival,id"), ("limit", "200"), ("cursor", "x"), ("highlight", "true")];
    assert_eq!(read_params(&params), Ok(expected));
}

#[test]
fn members_that_do_not_fit_are_told_all_at_once() {
    for (body, expected) in [
        (json!([]), vec![" wrong-type"]),
        (json!({"query": "x", "limit": 201}), vec!["/limit out-of-range", "/query unknown-field"]),
        (json!({"limit": -1}), vec!["/limit out-of-range"]),
        (json!({"limit": 1.5}), vec!["/limit wrong-type"]),
        (
            json!({"limit": "20", "text": 5, "cursor": 5, "highlight": "yes"}),
            vec!["/cursor wrong-type", "/highlight wrong-type", "/limit wrong-type", "/text wrong-type"],
        ),
        (json!({"text": "x".repeat(2_001)}), vec!["/text too-long"]),
        (json!({"sort": {}}), vec!["/sort wrong-type"]),
        (
            json!({"sort": [{"field": "notes"}, {"field": "x"}, {"order": "asc"}, {"field": "id", "order": "up"}, "id"]}),
            vec![
                "/sort/0/field wrong-type",
                "/sort/1/field unknown-field",
                "/sort/2/field required",
                "/sort/3/order bad-format",
                "/sort/4 wrong-type",
            ],
        ),
        (json!({"sort": vec![json!({"field": "id"}); 9]}), vec!["/sort too-long"]),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(read(&body), Err(expected), "{body}");
    }
}

#[test]
fn aggregations_are_read() {
    let body = json!({"aggregate": {
        "byMonth": {"dateHistogram": {"field": "arrival", "interval": "month"}, "aggregate": {
            "byStatus": {"terms": {"field": "status"}, "aggregate": {"revenue": {"sum": "price"}}}}},
        "top": {"terms": {"field": "name", "size": 1000}},
        "many": {"count": "status"}}});
    let revenue = Aggregation::Metric { metric: Metric::Sum, field: "price".into() };
    let by_status =
        Aggregation::Terms { field: "status".into(), size: 10, aggregate: [("revenue".to_owned(), revenue)].into() };
    let by_month = Aggregation::DateHistogram {
        field: "arrival".into(),
        interval: Interval::Month,
        aggregate: [("byStatus".to_owned(), by_status)].into(),
    };
    let many = Aggregation::Metric { metric: Metric::Count, field: "status".into() };
    let expected = [("byMonth", by_month), ("top", terms("name", 1_000)), ("many", many)];
    let expected = expected.map(|(name, aggregation)| (name.to_owned(), aggregation)).into();
    assert_eq!(read(&body).map(|query| query.aggregate), Ok(expected));
}

#[test]
fn aggregations_that_do_not_fit_are_told() {
    let nested = json!({"terms": {"field": "status"}, "aggregate": {"b": {"terms": {"field": "status"}, "aggregate": {"c": {"terms": {"field": "status"}}}}}});
    for (aggregation, expected) in [
        (json!({}), "/aggregate/a required"),
        (json!([]), "/aggregate/a wrong-type"),
        (json!({"sum": "price", "max": "price"}), "/aggregate/a required"),
        (json!({"sum": "status"}), "/aggregate/a/sum wrong-type"),
        (json!({"sum": "x"}), "/aggregate/a/sum unknown-field"),
        (json!({"sum": 5}), "/aggregate/a/sum wrong-type"),
        (json!({"sum": "price", "aggregate": {}}), "/aggregate/a/aggregate unknown-field"),
        (json!({"terms": {"field": "notes"}}), "/aggregate/a/terms/field wrong-type"),
        (json!({"terms": {"size": 5}}), "/aggregate/a/terms/field required"),
        (json!({"terms": {"field": "status", "size": 1001}}), "/aggregate/a/terms/size out-of-range"),
        (json!({"terms": {"field": "status", "size": 0}}), "/aggregate/a/terms/size out-of-range"),
        (json!({"terms": {"field": "status", "x": 0}}), "/aggregate/a/terms/x unknown-field"),
        (
            json!({"dateHistogram": {"field": "rooms", "interval": "day"}}),
            "/aggregate/a/dateHistogram/field wrong-type",
        ),
        (
            json!({"dateHistogram": {"field": "arrival", "interval": "week"}}),
            "/aggregate/a/dateHistogram/interval bad-format",
        ),
        (json!({"dateHistogram": {"field": "arrival"}}), "/aggregate/a/dateHistogram/interval required"),
        (
            json!({"terms": {"field": "status"}, "aggregate": {"key": {"sum": "price"}}}),
            "/aggregate/a/aggregate/key bad-format",
        ),
        (nested, "/aggregate/a/aggregate/b/aggregate/c out-of-range"),
    ] {
        assert_eq!(read(&json!({"aggregate": {"a": aggregation}})), Err(vec![expected.to_owned()]), "{aggregation}");
    }
    let many: serde_json::Map<_, _> = (0..21).map(|n| (format!("a{n}"), json!({"sum": "price"}))).collect();
    assert_eq!(read(&json!({"aggregate": many})), Err(vec!["/aggregate too-long".to_owned()]));
}

#[test]
fn parameters_mean_the_same_as_the_typed_query() {
    for (params, body) in [
        (vec![("status", "a")], json!({"where": {"and": [{"field": "status", "eq": "a"}]}})),
        (vec![("status", "")], json!({"where": {"and": [{"field": "status", "eq": ""}]}})),
        (vec![("rooms.in", "1,2")], json!({"where": {"and": [{"field": "rooms", "in": [1, 2]}]}})),
        (vec![("rooms.in", "")], json!({"where": {"and": [{"field": "rooms", "in": []}]}})),
        (vec![("name.prefix", "A,b")], json!({"where": {"and": [{"field": "name", "prefix": "A,b"}]}})),
        (
            vec![("paid", "true"), ("paid.exists", "true")],
            json!({"where": {"and": [{"field": "paid", "eq": true, "exists": true}]}}),
        ),
        (
            vec![("arrival.gte", "2026-12-01"), ("price.gt", "1.5"), ("status.ne", "a"), ("arrival.lt", "2027-01-01")],
            json!({"where": {"and": [
                {"field": "arrival", "gte": "2026-12-01", "lt": "2027-01-01"},
                {"field": "price", "gt": 1.5},
                {"field": "status", "ne": "a"}]}}),
        ),
        (
            vec![("facets", "status,rooms")],
            json!({"aggregate": {"status": {"terms": {"field": "status"}}, "rooms": {"terms": {"field": "rooms"}}}}),
        ),
    ] {
        assert_eq!(read_params(&params), read(&body), "{params:?}");
        assert!(read(&body).is_ok());
    }
}

#[test]
fn parameters_that_do_not_fit_are_told_by_their_names() {
    for (params, expected) in [
        (vec![("nope", "1"), ("x.gte", "1")], vec!["/nope unknown-field", "/x.gte unknown-field"]),
        (vec![("status.like", "1")], vec!["/status.like unknown-field"]),
        (vec![("status", "a"), ("status", "b")], vec!["/status duplicate"]),
        (vec![("notes", "a")], vec!["/notes wrong-type"]),
        (vec![("rooms", "a"), ("rooms.in", "1,x")], vec!["/rooms wrong-type", "/rooms.in wrong-type"]),
        (vec![("rooms", "9007199254740993")], vec!["/rooms wrong-type"]),
        (vec![("price", "NaN")], vec!["/price wrong-type"]),
        (vec![("arrival.gte", "yesterday")], vec!["/arrival.gte bad-format"]),
        (vec![("paid", "yes"), ("paid.exists", "1")], vec!["/paid wrong-type", "/paid.exists wrong-type"]),
        (vec![("rooms.prefix", "1")], vec!["/rooms.prefix wrong-type"]),
        (vec![("limit", "201"), ("highlight", "1")], vec!["/highlight wrong-type", "/limit out-of-range"]),
        (vec![("limit", "-1")], vec!["/limit out-of-range"]),
        (vec![("sort", "notes,-x,")], vec!["/sort unknown-field", "/sort unknown-field", "/sort wrong-type"]),
        (vec![("facets", "notes,x")], vec!["/facets unknown-field", "/facets wrong-type"]),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(read_params(&params), Err(expected), "{params:?}");
    }
}
