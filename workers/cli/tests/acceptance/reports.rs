//! Reports: named queries with parameters.

use serde_json::json;

use crate::support::{Table, Tenant, booking, bookings, encode, open, params};

#[test]
fn reports_are_listed_that_the_caller_may_read() {
    let tenant = Tenant::new();
    let names = |role: &str| {
        let told = tenant.actor("x", &[role]).get("/reports").is(200);
        let reports = told["reports"].as_array().unwrap();
        reports.iter().map(|report| report["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for role in ["staff", "operator"] {
        assert!(names(role).contains(&"occupancy".to_owned()), "{role}");
    }
    for role in ["guest", "member", "moderator", "customer"] {
        assert!(!names(role).contains(&"occupancy".to_owned()), "{role}");
        let actor = tenant.actor("x", &[role]);
        actor.get("/reports/occupancy?hotel=h&from=2027-01-01&to=2027-02-01").problem(403, "forbidden");
    }
}

#[test]
fn parameters_of_a_report_are_checked() {
    let staff = Tenant::new().staff();
    let good = "hotel=h&from=2027-01-01&to=2027-02-01";
    assert_eq!(staff.get(format!("/reports/occupancy?{good}")).is(200)["aggregations"]["byMonth"], json!([]));
    let mut table = Table::default();
    let rows: &[(&str, &[&str])] = &[
        ("", &["/hotel required", "/from required", "/to required"]),
        ("hotel=h&from=2027-01-01", &["/to required"]),
        ("hotel=&from=2027-01-01&to=2027-02-01", &["/hotel too-short"]),
        ("hotel=h&from=soon&to=2027-02-30", &["/from bad-format", "/to bad-format"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&x=1", &["/x unknown-field"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&hotel=i", &["/hotel duplicate"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&limit=201", &["/limit out-of-range"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&cursor=x", &["/cursor mismatch"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&wait=26", &["/wait out-of-range"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&after=comment/1@1", &["/after mismatch"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&after=x", &["/after bad-format"]),
        ("hotel=h&from=2027-01-01&to=2027-02-01&sort=night", &["/sort unknown-field"]),
    ];
    for (query, violations) in rows {
        table.row(query, staff.get(format!("/reports/occupancy?{query}")).check_invalid(violations));
    }
    table.row("unknown", staff.get("/reports/nothing").check_problem(404, "not-found"));
    table.end();
}

#[test]
fn occupancy_counts_nights_by_month_and_room_type() {
    let staff = &bookings().staff;
    let ask = |from: &str, to: &str| {
        let query = params(&[("hotel", "resort"), ("from", from), ("to", to)]);
        let after = encode(&format!("room-type/resort:B@{}", bookings().shown["version"]));
        let told = staff.get(format!("/reports/occupancy?{query}&after={after}")).is(200);
        let months = told["aggregations"]["byMonth"].as_array().unwrap().clone();
        let row = |month: &serde_json::Value| {
            let types = month["byRoomType"].as_array().unwrap();
            let types: Vec<_> = types
                .iter()
                .map(|one| (one["key"].as_str().unwrap().to_owned(), one["nights"].as_i64().unwrap()))
                .collect();
            (month["key"].as_str().unwrap().to_owned(), types)
        };
        months.iter().map(row).collect::<Vec<_>>()
    };
    let row = |key: &str, types: &[(&str, i64)]| {
        (key.to_owned(), types.iter().map(|(name, nights)| ((*name).to_owned(), *nights)).collect::<Vec<_>>())
    };
    assert_eq!(
        ask("2026-11-01", "2027-02-01"),
        [
            row("2026-11-01", &[("A", 1)]),
            row("2026-12-01", &[("A", 6), ("B", 1)]),
            row("2027-01-01", &[("B", 7), ("A", 1)]),
        ]
    );
    // from is inclusive, to is exclusive
    assert_eq!(ask("2026-12-31", "2027-01-01"), [row("2026-12-01", &[("A", 1), ("B", 1)])]);
    assert_eq!(ask("2026-12-31", "2026-12-31"), []);
    assert_eq!(ask("2030-01-01", "2031-01-01"), []);
    assert_eq!(
        staff.get("/reports/occupancy?hotel=other&from=2020-01-01&to=2031-01-01").is(200)["aggregations"]["byMonth"],
        json!([])
    );
}

#[test]
fn a_report_has_the_shape_of_a_search() {
    let staff = Tenant::new().staff();
    open(&staff, "room-type/h:A", 3);
    let booked = staff.commits("room-type/h:A", "BookRoom", booking("b", "2027-01-30", "2027-02-02"));
    let query = format!("hotel=h&from=2027-01-01&to=2028-01-01&{}", crate::support::after(&booked));
    let told = staff.get(format!("/reports/occupancy?{query}")).is(200);
    for name in ["total", "hits", "next", "aggregations", "tookMs"] {
        assert!(told.get(name).is_some(), "{told}");
    }
    assert_eq!(told["total"], 3, "{told}");
}
