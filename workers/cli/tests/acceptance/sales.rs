//! The reports of orders: sales by article, by month, and a customer's history.

use serde_json::{Value, json};

use crate::support::{Actor, Table, Tenant, after, ids, order, params};

/// Five orders: of the third one is declined, of the fifth one cancelled; and how to see them all.
struct Shop {
    tenant: Tenant,
    shown: Vec<Value>,
}

fn shop() -> Shop {
    let tenant = Tenant::new();
    let (alice, bob, checkout) = (tenant.customer("alice"), tenant.customer("bob"), tenant.checkout());
    let mug = |quantity| ("mug", "Blue mug", quantity, 1250);
    let tea = |quantity| ("tea", "Green tea", quantity, 420);
    let place = |id: &str, by: &Actor, name: &str, lines: &[(&str, &str, i64, i64)]| {
        by.commits(&format!("order/{id}"), "PlaceOrder", order(name, lines))
    };
    let mut shown = vec![
        place("o-1", &alice, "alice", &[mug(2), tea(1)]),
        place("o-2", &bob, "bob", &[tea(5)]),
        place("o-3", &alice, "alice", &[mug(100)]),
        place("o-4", &alice, "alice", &[tea(2), ("pot", "Pot", 1, 9900)]),
        place("o-5", &bob, "bob", &[tea(50)]),
    ];
    shown.push(checkout.commits("order/o-3", "DeclineOrder", json!({ "reason": "no stock" })));
    shown.push(bob.commits("order/o-5", "CancelOrder", json!({ "reason": "too much tea" })));
    shown.push(checkout.commits("order/o-1", "ConfirmOrder", json!({})));
    Shop { tenant, shown }
}

impl Shop {
    /// A report that shows all of the shop.
    fn ask(&self, actor: &Actor, report: &str, query: &[(&str, &str)]) -> Value {
        let query = params(query);
        let mut told = Value::Null;
        for status in &self.shown {
            told = actor.get(format!("/reports/{report}?{query}&{}", after(status))).is(200);
        }
        told
    }
}

/// Buckets without the counts of documents, which the contract adds to each.
fn bare(buckets: &Value) -> Value {
    let buckets = buckets.as_array().unwrap().iter().map(|bucket| {
        let mut bucket = bucket.clone();
        bucket.as_object_mut().unwrap().remove("count");
        if let Some(inner) = bucket.get("bySku") {
            bucket["bySku"] = bare(inner);
        }
        bucket
    });
    buckets.collect()
}

/// Some days around now: midnight may pass while the shop is open.
fn period() -> (String, String) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    (
        today.saturating_sub(jiff::Span::new().days(1)).to_string(),
        today.saturating_add(jiff::Span::new().days(2)).to_string(),
    )
}

fn sold() -> Value {
    json!([
        { "key": "tea", "units": 8, "revenue": 3360 },
        { "key": "mug", "units": 2, "revenue": 2500 },
        { "key": "pot", "units": 1, "revenue": 9900 },
    ])
}

#[test]
fn sales_count_units_and_revenue_of_what_was_neither_declined_nor_cancelled() {
    let shop = shop();
    let (staff, (from, to)) = (shop.tenant.staff(), period());
    let told = shop.ask(&staff, "items-sales", &[("from", &from), ("to", &to)]);
    assert_eq!(bare(&told["aggregations"]["bySku"]), sold());
    assert_eq!(told["total"], 5, "so many lines count: {told}");
    assert_eq!(told["hits"], json!([]));
    let operator = shop.ask(&shop.tenant.operator(), "items-sales", &[("from", &from), ("to", &to)]);
    assert_eq!(operator["aggregations"], told["aggregations"]);

    // from is inclusive, to is exclusive, in days or in times
    let first = staff.document("orders", &shop.shown[0], "o-1").unwrap()["placedAt"].as_str().unwrap().to_owned();
    let at = |from: &str, to: &str| {
        let told = shop.ask(&staff, "items-sales", &[("from", from), ("to", to)]);
        bare(&told["aggregations"]["bySku"])
    };
    assert_eq!(at(&from, &first), json!([]));
    assert_eq!(at(&first, &to), sold());
    assert_eq!(at(&to, "2100-01-01"), json!([]));
    assert_eq!(at(&from, &from), json!([]));
}

#[test]
fn sales_by_month_are_told_of_all_articles_or_of_one() {
    let shop = shop();
    let (staff, (from, to)) = (shop.tenant.staff(), period());
    let months = |sku: Option<&str>| {
        let mut query = vec![("from", from.as_str()), ("to", to.as_str())];
        query.extend(sku.map(|sku| ("sku", sku)));
        bare(&shop.ask(&staff, "monthly-sales-by-item", &query)["aggregations"]["byMonth"])
    };
    // the orders may lie on both sides of the turn of a month
    let units = |months: &Value, sku: &str| {
        let buckets = months.as_array().unwrap().iter().flat_map(|month| month["bySku"].as_array().unwrap());
        let of = buckets.filter(|bucket| bucket["key"] == sku);
        of.fold((0, 0), |(units, revenue), bucket| {
            (units + bucket["units"].as_i64().unwrap(), revenue + bucket["revenue"].as_i64().unwrap())
        })
    };
    let all = months(None);
    assert!(all[0]["key"].as_str().unwrap().contains("-01T00:00:00"), "a month's key is when it begins: {all}");
    let told: Vec<_> = ["tea", "mug", "pot"].iter().map(|sku| units(&all, sku)).collect();
    assert_eq!(told, [(8, 3360), (2, 2500), (1, 9900)]);
    let tea = months(Some("tea"));
    assert_eq!((units(&tea, "tea"), units(&tea, "mug")), ((8, 3360), (0, 0)));
    assert_eq!(months(Some("none")), json!([]));
}

#[test]
fn a_customer_reads_their_own_history_of_orders() {
    let shop = shop();
    let of = |actor: &Actor, customer: &str| {
        let told = shop.ask(actor, "order-history", &[("customer", customer)]);
        (ids(&told), told["total"].as_u64().unwrap())
    };
    let (alices, bobs) =
        (["o-4", "o-3", "o-1"].map(str::to_owned).to_vec(), ["o-5", "o-2"].map(str::to_owned).to_vec());
    assert_eq!(of(&shop.tenant.staff(), "alice"), (alices.clone(), 3));
    assert_eq!(of(&shop.tenant.operator(), "bob"), (bobs, 2));
    assert_eq!(of(&shop.tenant.customer("alice"), "alice"), (alices, 3));
    assert_eq!(of(&shop.tenant.customer("alice"), "bob"), (vec![], 0));
    let page = shop.tenant.staff().get("/reports/order-history?customer=alice&limit=2").is(200);
    assert_eq!(ids(&page), ["o-4", "o-3"]);
    let next = page["next"].as_str().unwrap();
    let query = params(&[("customer", "alice"), ("limit", "2"), ("cursor", next)]);
    let page = shop.tenant.staff().get(format!("/reports/order-history?{query}")).is(200);
    assert_eq!((ids(&page), &page["next"]), (vec!["o-1".to_owned()], &Value::Null));
}

#[test]
fn who_may_read_the_reports_of_orders() {
    let tenant = Tenant::new();
    let mut table = Table::default();
    let sales = ["items-sales?from=2026-01-01&to=2027-01-01", "monthly-sales-by-item?from=2026-01-01&to=2027-01-01"];
    for role in ["staff", "guest", "customer", "member", "moderator", "device", "workflow", "operator"] {
        let actor = tenant.actor("x", &[role]);
        let staff = ["staff", "operator"].contains(&role);
        for (path, allowed) in
            sales.iter().map(|path| (*path, staff)).chain([("order-history?customer=x", staff || role == "customer")])
        {
            let answer = actor.get(format!("/reports/{path}"));
            if allowed {
                answer.is(200);
            } else {
                table.row(format!("{role} {path}"), answer.check_problem(403, "forbidden"));
            }
        }
    }
    let staff = tenant.staff();
    for (path, violations) in [
        ("items-sales", &["/from required", "/to required"][..]),
        ("items-sales?from=soon&to=2026-02-30", &["/from bad-format", "/to bad-format"]),
        ("items-sales?from=2026-01-01&to=2027-01-01&sku=a", &["/sku unknown-field"]),
        ("monthly-sales-by-item?from=2026-01-01&to=2027-01-01&sku=a%20b", &["/sku bad-format"]),
        ("order-history", &["/customer required"]),
        ("order-history?customer=", &["/customer bad-format"]),
    ] {
        table.row(path, staff.get(format!("/reports/{path}")).check_invalid(violations));
    }
    table.end();
}
