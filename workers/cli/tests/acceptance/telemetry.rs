//! Telemetry: devices that measure, thresholds that are crossed, figures by the hour, and the dashboard.

use serde_json::{Value, json};

use crate::support::{Actor, Table, Tenant, after, command, ensure};

fn registration() -> Value {
    json!({ "model": "TH-2", "site": "greenhouse" })
}

fn reading(metric: &str, value: f64, at: &str) -> Value {
    json!({ "metric": metric, "value": value, "at": at })
}

fn readings(readings: impl IntoIterator<Item = Value>) -> Value {
    json!({ "readings": readings.into_iter().collect::<Vec<_>>() })
}

/// The temperature at a second of a day.
fn temperature(value: f64, second: u32) -> Value {
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    reading("temperature", value, &format!("2026-12-01T{hour:02}:{minute:02}:{second:02}Z"))
}

/// A device that is registered.
fn device(tenant: &Tenant, name: &str) -> Actor {
    let device = tenant.actor(name, &["device"]);
    device.commits(&format!("device/{name}"), "RegisterDevice", registration());
    device
}

/// A document but for what every view has.
fn own(doc: Option<Value>) -> Value {
    let mut doc = doc.unwrap();
    doc.as_object_mut().unwrap().retain(|name, _| !["createdAt", "updatedAt", "stream"].contains(&name.as_str()));
    doc
}

#[test]
fn a_device_registers_once() {
    let tenant = Tenant::new();
    let (d1, staff) = (tenant.actor("d-1", &["device"]), tenant.staff());
    d1.rejected("device/d-1", "RecordReadings", readings([temperature(1.0, 0)]), "not-registered");
    d1.rejected("device/d-1", "SetThreshold", json!({ "metric": "m", "above": 1 }), "not-registered");
    d1.makes("device/d-1", "RegisterDevice", registration(), &["DeviceRegistered"]);
    let shown = d1.makes("device/d-1", "RegisterDevice", registration(), &[]);
    let other = json!({ "model": "TH-3", "site": "greenhouse" });
    d1.rejected("device/d-1", "RegisterDevice", other, "already-registered");
    let doc = own(staff.document("devices", &shown, "d-1"));
    assert_eq!(doc, json!({ "model": "TH-2", "site": "greenhouse", "metrics": [] }));
}

#[test]
fn readings_are_recorded_once() {
    let tenant = Tenant::new();
    let (d1, staff) = (device(&tenant, "d-1"), tenant.staff());
    let sent = [temperature(21.5, 60), temperature(20.25, 0), reading("humidity", 60.0, "2026-12-01T08:00:00.25Z")];
    d1.makes("device/d-1", "RecordReadings", readings(sent.clone()), &["ReadingsRecorded"]);
    assert_eq!(d1.history("device/d-1")[1]["data"]["readings"].as_array().unwrap().len(), 3);
    d1.makes("device/d-1", "RecordReadings", readings(sent.clone()), &[]);
    // the same instant written otherwise, another value of a known instant, and a new one twice
    let more =
        [reading("temperature", 99.0, "2026-12-01T01:00:00+01:00"), temperature(19.0, 3_600), temperature(18.0, 3_600)];
    let shown = d1.makes("device/d-1", "RecordReadings", readings(more), &["ReadingsRecorded"]);
    let recorded = d1.history("device/d-1")[2]["data"]["readings"].clone();
    assert_eq!(recorded, json!([temperature(19.0, 3_600)]));
    let doc = own(staff.document("devices", &shown, "d-1"));
    let last = "2026-12-01T08:00:00.25Z";
    assert_eq!(
        doc,
        json!({ "model": "TH-2", "site": "greenhouse", "metrics": ["humidity", "temperature"], "lastAt": last })
    );
    let hour = own(staff.document("readings-hourly", &shown, "d-1:temperature:2026-12-01T00:00:00Z"));
    assert_eq!(
        hour,
        json!({ "device": "d-1", "site": "greenhouse", "metric": "temperature", "hour": "2026-12-01T00:00:00Z",
            "count": 2, "sum": 41.75, "min": 20.25, "max": 21.5 })
    );
}

#[test]
fn what_is_older_than_a_thousand_is_dropped() {
    let tenant = Tenant::new();
    let d1 = device(&tenant, "d-1");
    for part in 0..2 {
        let part = (part * 500..part * 500 + 500).map(|n| temperature(1.0, 10 + n * 2));
        d1.makes("device/d-1", "RecordReadings", readings(part), &["ReadingsRecorded"]);
    }
    d1.makes("device/d-1", "RecordReadings", readings([temperature(1.0, 9), temperature(1.0, 8)]), &[]);
    let late = readings([temperature(1.0, 9), temperature(1.0, 11)]);
    d1.makes("device/d-1", "RecordReadings", late, &["ReadingsRecorded"]);
    assert_eq!(d1.history("device/d-1").last().unwrap()["data"]["readings"], json!([temperature(1.0, 11)]));
    // the oldest made room for it
    d1.makes("device/d-1", "RecordReadings", readings([temperature(1.0, 10)]), &[]);
    let state = d1.get("/streams/device/d-1/state").is(200);
    assert_eq!(state["state"]["metrics"]["temperature"]["recent"]["gaps"].as_array().unwrap().len(), 999);
}

#[test]
fn a_threshold_is_crossed_once_by_the_readings_instants() {
    let tenant = Tenant::new();
    let d1 = device(&tenant, "d-1");
    let limits = json!({ "metric": "temperature", "above": 30, "below": 5 });
    d1.makes("device/d-1", "SetThreshold", limits.clone(), &["ThresholdSet"]);
    d1.makes("device/d-1", "SetThreshold", limits, &[]);
    let hot = "ThresholdCrossed";
    for (sent, events) in [
        // exactly the limit, then beyond, then further
        (vec![temperature(30.0, 1), temperature(30.5, 2), temperature(31.0, 3)], vec!["ReadingsRecorded", hot]),
        (vec![temperature(35.0, 4)], vec!["ReadingsRecorded"]),
        (vec![temperature(20.0, 5)], vec!["ReadingsRecorded"]),
        // within again, and crossed to each side, in the order of their instants
        (vec![temperature(33.0, 8), temperature(20.0, 6), temperature(4.0, 7)], vec!["ReadingsRecorded", hot, hot]),
        (vec![temperature(34.0, 9)], vec!["ReadingsRecorded"]),
    ] {
        d1.makes("device/d-1", "RecordReadings", readings(sent), &events);
    }
    let crossed: Vec<_> = d1
        .history("device/d-1")
        .into_iter()
        .filter(|event| event["type"] == hot)
        .map(|event| event["data"].clone())
        .collect();
    let crossing = |side: &str, limit: f64, value: f64, second: u32| {
        let mut data = temperature(value, second);
        (data["side"], data["limit"]) = (json!(side), json!(limit));
        data
    };
    let wanted = [("above", 30.0, 30.5, 2), ("below", 5.0, 4.0, 7), ("above", 30.0, 33.0, 8)];
    assert_eq!(crossed, wanted.map(|(side, limit, value, second)| crossing(side, limit, value, second)));
    // as it was
    let then = d1.get("/streams/device/d-1/state?version=2").is(200);
    assert_eq!(then["state"]["metrics"]["temperature"]["threshold"]["limits"], json!({ "above": 30.0, "below": 5.0 }));
    d1.makes("device/d-1", "SetThreshold", json!({ "metric": "temperature" }), &["ThresholdSet"]);
    d1.makes("device/d-1", "RecordReadings", readings([temperature(99.0, 10)]), &["ReadingsRecorded"]);
}

#[test]
fn a_device_acts_on_and_reads_its_own_stream_only() {
    let tenant = Tenant::new();
    let (d1, d2) = (device(&tenant, "d-1"), tenant.actor("d-2", &["device"]));
    let sent = [
        ("RegisterDevice", registration()),
        ("RecordReadings", readings([temperature(1.0, 0)])),
        ("SetThreshold", json!({ "metric": "m", "above": 1 })),
    ];
    for (kind, data) in sent.clone() {
        d2.refused("device/d-1", kind, data, "forbidden");
    }
    // what isn't there comes before the question whose it is
    d1.refused("device/d-2", "RegisterDevice", registration(), "forbidden");
    d1.rejected("device/d-2", "RecordReadings", readings([temperature(1.0, 0)]), "not-registered");
    let mut table = Table::default();
    for role in ["staff", "operator", "member", "guest", "customer", "moderator", "workflow", "device"] {
        let actor = tenant.actor("d-1", &[role]);
        for (kind, data) in sent.clone() {
            let answer = actor.post("/commands/check", &command("device/d-1", kind, data));
            let result = if role == "device" {
                ensure(answer.status == 200, &answer)
            } else {
                answer.check_problem(403, "forbidden").map(drop)
            };
            table.row(format!("{role} {kind}"), result);
        }
        let reads = ["staff", "operator"].contains(&role);
        for (path, may) in [
            ("/streams/device/d-1", reads || role == "device"),
            ("/streams/device/d-1/state", reads || role == "device"),
            ("/views/devices", reads),
            ("/views/readings-hourly", reads),
            ("/reports/dashboard?site=s&metric=m&from=2026-12-01&to=2026-12-02&interval=day", reads),
        ] {
            let answer = actor.get(path);
            let result = if may {
                ensure(answer.status == 200, &answer)
            } else {
                answer.check_problem(403, "forbidden").map(drop)
            };
            table.row(format!("{role} {path}"), result);
        }
    }
    table.row("another's", d2.get("/streams/device/d-1").check_problem(403, "forbidden"));
    table.end();
}

#[test]
fn what_devices_send_is_checked() {
    let d1 = Tenant::new().actor("d-1", &["device"]);
    let mut table = Table::default();
    let many: Vec<_> = (0..501).map(|n| temperature(1.0, n)).collect();
    for (kind, data, violations) in [
        (
            "RegisterDevice",
            json!({ "model": "", "place": "a" }),
            &["/data/model too-short", "/data/site required", "/data/place unknown-field"][..],
        ),
        ("RecordReadings", readings([]), &["/data/readings too-short"]),
        ("RecordReadings", readings(many), &["/data/readings too-long"]),
        (
            "RecordReadings",
            readings([json!({ "value": "1", "at": "noon" })]),
            &[
                "/data/readings/0/metric required",
                "/data/readings/0/value wrong-type",
                "/data/readings/0/at bad-format",
            ],
        ),
        (
            "RecordReadings",
            readings([temperature(1.0, 0), reading("m", 1.0, "1600-01-01T00:00:00Z")]),
            &["/data/readings/1/at out-of-range"],
        ),
        (
            "RecordReadings",
            readings([reading("m", 2e15, "2026-12-01T00:00:00Z")]),
            &["/data/readings/0/value out-of-range"],
        ),
        ("SetThreshold", json!({ "above": true }), &["/data/metric required", "/data/above wrong-type"]),
        ("SetThreshold", json!({ "metric": "m", "above": 1, "below": 2 }), &["/data/below out-of-range"]),
    ] {
        let answer = d1.post("/commands/check", &command("device/d-1", kind, data));
        table.row(format!("{kind} {violations:?}"), answer.check_invalid(violations));
    }
    table.end();
}

/// Two devices of a site over some hours and two days, and one of another; and the statuses to be shown.
fn measured() -> (Actor, Vec<Value>) {
    let tenant = Tenant::new();
    let (d1, d2) = (device(&tenant, "d-1"), device(&tenant, "d-2"));
    let d3 = tenant.actor("d-3", &["device"]);
    d3.commits("device/d-3", "RegisterDevice", json!({ "model": "TH-2", "site": "cellar" }));
    let next_day = |value| reading("temperature", value, "2026-12-02T00:30:00Z");
    // an hour of many readings, in two deliveries, out of order and with duplicates
    d1.commits("device/d-1", "RecordReadings", readings([temperature(0.3, 30), temperature(0.1, 10)]));
    let first = readings([temperature(0.2, 20), temperature(0.1, 10), temperature(7.0, 7_200), next_day(-4.0)]);
    let first = d1.commits("device/d-1", "RecordReadings", first);
    let second = readings([temperature(10.0, 40), reading("humidity", 60.0, "2026-12-01T00:00:00Z"), next_day(6.0)]);
    let second = d2.commits("device/d-2", "RecordReadings", second);
    let third = d3.commits("device/d-3", "RecordReadings", readings([temperature(99.0, 0)]));
    (tenant.staff(), vec![first, second, third])
}

fn dashboard(staff: &Actor, shown: &[Value], query: &str) -> Value {
    for shown in shown {
        staff.get(format!("/views/readings-hourly?limit=0&{}", after(shown))).is(200);
    }
    let told = staff.get(format!("/reports/dashboard?site=greenhouse&metric=temperature&{query}")).is(200);
    for name in ["total", "hits", "next", "tookMs"] {
        assert!(told.get(name).is_some(), "{told}");
    }
    told["aggregations"].clone()
}

#[test]
fn the_dashboard_tells_series_and_totals() {
    let (staff, shown) = measured();
    let (begin, end) = ("2026-12-01", "2026-12-03");
    let hour = |key: &str, count: u64, avg: f64, min: f64, max: f64| json!({ "key": key, "count": count, "avg": avg, "min": min, "max": max });
    // (0.1 + 0.2 + 0.3 + 10) / 4
    let series = json!([
        hour("2026-12-01T00:00:00Z", 4, 2.65, 0.1, 10.0),
        hour("2026-12-01T02:00:00Z", 1, 7.0, 7.0, 7.0),
        hour("2026-12-02T00:00:00Z", 2, 1.0, -4.0, 6.0),
    ]);
    let totals =
        |count: u64, sum: f64, divisor: f64| json!({ "count": count, "avg": sum / divisor, "min": -4.0, "max": 10.0 });
    let told = dashboard(&staff, &shown, &format!("from={begin}&to={end}&interval=hour"));
    assert_eq!(told, json!({ "series": series, "totals": totals(7, 19.6, 7.0) }));
    let told = dashboard(&staff, &shown, &format!("from={begin}&to={end}&interval=day"));
    let days = json!([
        hour("2026-12-01T00:00:00Z", 5, 17.6 / 5.0, 0.1, 10.0),
        hour("2026-12-02T00:00:00Z", 2, 1.0, -4.0, 6.0),
    ]);
    assert_eq!(told, json!({ "series": days, "totals": totals(7, 19.6, 7.0) }));
    for interval in ["month", "year"] {
        let told = dashboard(&staff, &shown, &format!("from={begin}&to={end}&interval={interval}"));
        assert_eq!((&told["series"][0]["count"], &told["series"][1]), (&json!(7), &Value::Null), "{told}");
    }
    // from is inclusive, to is exclusive; both may be times
    let told = dashboard(&staff, &shown, "from=2026-12-01T02:00:00Z&to=2026-12-02T00:00:00Z&interval=hour");
    assert_eq!(told["series"], json!([hour("2026-12-01T02:00:00Z", 1, 7.0, 7.0, 7.0)]));
    let nothing = dashboard(&staff, &shown, "from=2030-01-01&to=2031-01-01&interval=hour");
    assert_eq!(nothing, json!({ "series": [], "totals": { "count": 0, "avg": null, "min": null, "max": null } }));
}

#[test]
fn what_the_dashboard_is_asked_is_checked() {
    let staff = Tenant::new().staff();
    let mut table = Table::default();
    for (query, violations) in [
        ("", &["/site required", "/metric required", "/from required", "/to required", "/interval required"][..]),
        (
            "site=s&metric=m&from=soon&to=2026-02-30&interval=week",
            &["/from bad-format", "/to bad-format", "/interval bad-format"],
        ),
        ("site=s&metric=m&from=2026-12-01&to=2026-12-02&interval=day&device=d", &["/device unknown-field"]),
        ("site=s&metric=m&from=2026-12-01&to=2026-12-02&interval=day&after=post/1@1", &["/after mismatch"]),
    ] {
        table.row(query, staff.get(format!("/reports/dashboard?{query}")).check_invalid(violations));
    }
    table.end();
}
