//! Given/then of the views and reports of orders.

use kernel::{
    Decider, Report,
    query::{Aggregation, Filter, Interval, Metric, Query, Sort},
    spec::{Projected, given_view, now},
};

use super::*;
use crate::orders::{Command, ItemsSales, MonthlySalesByItem, OrderHistory, OrderLines, Orders};

fn orders(events: impl IntoIterator<Item = Event>) -> Projected {
    given_view::<Orders>(STREAM, std::iter::once(placed()).chain(events))
}

fn lines(events: impl IntoIterator<Item = Event>) -> Projected {
    given_view::<OrderLines>(STREAM, std::iter::once(placed()).chain(events))
}

#[test]
fn an_order_is_found_by_all_that_is_known_of_it() {
    orders([]).then(
        "o-1",
        json!({
            "customer": "alice", "status": "placed", "lines": 2, "skus": ["mug", "tea"],
            "names": ["Blue mug", "Green tea"], "totalAmount": 2920, "totalCurrency": "EUR", "carrier": null,
            "tracking": null, "placedAt": now(), "stream": STREAM
        }),
    );
}

#[test]
fn an_order_shows_where_it_stands() {
    orders([confirmed()]).then("o-1", json!({"status": "confirmed", "carrier": null}));
    orders([confirmed(), shipped()]).then("o-1", json!({"status": "shipped", "carrier": "Post", "tracking": "T-1"}));
    orders([confirmed(), shipped(), delivered()])
        .then("o-1", json!({"status": "delivered", "carrier": "Post", "totalAmount": 2920}));
    orders([declined()]).then("o-1", json!({"status": "declined"}));
    orders([confirmed(), cancelled()]).then("o-1", json!({"status": "cancelled"}));
}

#[test]
fn every_line_is_found_by_article_order_and_customer() {
    let view = lines([]);
    assert_eq!(view.ids(), ["o-1:1", "o-1:2"]);
    view.then(
        "o-1:1",
        json!({
            "order": "o-1", "customer": "alice", "sku": "mug", "name": "Blue mug", "quantity": 2,
            "revenueAmount": 2500, "revenueCurrency": "EUR", "status": "placed", "placedAt": now(), "stream": STREAM
        }),
    );
    view.then("o-1:2", json!({"sku": "tea", "quantity": 1, "revenueAmount": 420}));
}

#[test]
fn lines_stand_where_their_order_stands() {
    let status = |events: Vec<Event>, status: &str| {
        lines(events).then("o-1:1", json!({ "status": status })).then("o-1:2", json!({ "status": status }));
    };
    status(vec![confirmed()], "confirmed");
    status(vec![confirmed(), shipped()], "shipped");
    status(vec![confirmed(), shipped(), delivered()], "delivered");
    status(vec![declined()], "declined");
    status(vec![cancelled()], "cancelled");
}

#[test]
fn customers_see_only_their_own() {
    for name in ["orders", "order-lines"] {
        let view = crate::catalog().find_view(name).unwrap().clone();
        let filter = view.row_filters().first().copied().unwrap();
        assert_eq!((filter.role, filter.field, filter.own("order", "alice")), ("customer", "customer", "alice".into()));
    }
}

#[test]
fn policies_know_whose_the_order_is_or_would_be() {
    let command = |(kind, data): (&str, Value)| <Command as kernel::CommandSet>::decode(kind, &data).unwrap();
    let of = |events: Vec<Event>, asked: (&str, Value)| Order::resource(order(events).state(), &command(asked));
    let mut bobs = place();
    bobs["customer"] = json!("bob");
    assert_eq!(of(vec![], ("PlaceOrder", bobs.clone())), [("customer", "bob".into())]);
    assert_eq!(of(vec![placed()], ("PlaceOrder", bobs)), [("customer", "bob".into())]);
    assert_eq!(of(vec![], ("CancelOrder", why("a"))), []);
    assert_eq!(of(vec![placed(), cancelled()], ("CancelOrder", why("a"))), [("customer", "alice".into())]);
}

fn ask<R: Report>(params: Value) -> Query {
    R::query(&serde_json::from_value(params).unwrap())
}

fn sold() -> Vec<Filter> {
    let not = |status: &str| Filter::Not(Box::new(Filter::equals("status", status)));
    let time = |text: &str| Some(text.parse::<jiff::Timestamp>().unwrap().into());
    let period = Filter::between("placedAt", time("2026-11-01T00:00:00Z"), time("2026-12-01T00:00:00Z"));
    vec![not("declined"), not("cancelled"), period]
}

#[track_caller]
fn is_by_sku(aggregation: &Aggregation) {
    let Aggregation::Terms { field, size, aggregate } = aggregation else { panic!("{aggregation:?}") };
    let sum = |field: &str| Aggregation::Metric { metric: Metric::Sum, field: field.into() };
    assert_eq!((field.as_str(), *size), ("sku", 1_000));
    assert_eq!(aggregate, &[("revenue".into(), sum("revenueAmount")), ("units".into(), sum("quantity"))].into());
}

#[test]
fn items_sales_tells_units_and_revenue_of_what_was_neither_declined_nor_cancelled() {
    let query = ask::<ItemsSales>(json!({"from": "2026-11-01", "to": "2026-12-01"}));
    assert_eq!((query.filter, query.limit), (Filter::And(sold()), 0));
    is_by_sku(&query.aggregate["bySku"]);
}

#[test]
fn monthly_sales_tell_the_same_by_month_of_one_article_or_all() {
    let period = json!({"from": "2026-11-01", "to": "2026-12-01"});
    let query = ask::<MonthlySalesByItem>(period.clone());
    assert_eq!((query.filter, query.limit), (Filter::And(sold()), 0));
    let Aggregation::DateHistogram { field, interval, aggregate } = &query.aggregate["byMonth"] else {
        panic!("{:?}", query.aggregate)
    };
    assert_eq!((field.as_str(), *interval), ("placedAt", Interval::Month));
    is_by_sku(&aggregate["bySku"]);
    let mut one = period;
    one["sku"] = json!("mug");
    let mut filters = sold();
    filters.push(Filter::equals("sku", "mug"));
    assert_eq!(ask::<MonthlySalesByItem>(one).filter, Filter::And(filters));
}

#[test]
fn a_period_may_be_told_in_times_too() {
    let days = ask::<ItemsSales>(json!({"from": "2026-11-01", "to": "2026-12-01"}));
    let times = ask::<ItemsSales>(json!({"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T01:00:00+01:00"}));
    assert_eq!(days, times);
}

#[test]
fn the_history_of_orders_is_a_customers_newest_first() {
    let query = ask::<OrderHistory>(json!({"customer": "alice"}));
    assert_eq!(query.filter, Filter::equals("customer", "alice"));
    assert_eq!(query.sort, [Sort { field: "placedAt".into(), descending: true }]);
    assert_eq!((query.limit, query.aggregate.len()), (20, 0));
}

#[test]
fn parameters_of_reports_are_checked() {
    for (name, params, violations) in [
        ("items-sales", json!({"from": "soon"}), &["/from bad-format", "/to required"][..]),
        (
            "monthly-sales-by-item",
            json!({"sku": "a b", "from": "2026-11-01", "to": "2026-12-01"}),
            &["/sku bad-format"],
        ),
        ("order-history", json!({"customer": "a", "from": "2026-11-01"}), &["/from unknown-field"]),
    ] {
        let report = crate::catalog().find_report(name).unwrap().clone();
        let refusal = report.query(params.as_object().unwrap().clone()).unwrap_err();
        let mut told: Vec<_> = refusal.violations.iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
        told.sort();
        assert_eq!(told, violations, "{name}");
    }
}
