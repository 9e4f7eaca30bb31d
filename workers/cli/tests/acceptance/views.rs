//! Views and their documents.

use serde_json::{Value, json};

use crate::support::{Ask, Table, Tenant, booking, bookings, encode, ensure, open};

fn names(actor: &crate::support::Actor) -> Vec<String> {
    let views = actor.get("/views").is(200);
    let mut names: Vec<_> =
        views["views"].as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_views_are_listed_that_the_caller_may_read() {
    let tenant = Tenant::new();
    let mut table = Table::default();
    for (role, wanted) in [
        ("staff", &["availability", "bookings", "comments"][..]),
        ("operator", &["availability", "bookings", "comments"]),
        ("guest", &["availability", "bookings"]),
        ("member", &["availability", "comments"]),
        ("moderator", &["availability", "comments"]),
        ("customer", &["availability"]),
        ("device", &["availability"]),
        ("workflow", &["availability"]),
    ] {
        let actor = tenant.actor("x", &[role]);
        let listed: Vec<_> = names(&actor)
            .into_iter()
            .filter(|name| ["availability", "bookings", "comments"].contains(&name.as_str()))
            .collect();
        table.row(role, ensure(listed == wanted, format!("{listed:?}")));
        for view in ["availability", "bookings", "comments"] {
            let may = wanted.contains(&view);
            for answer in [actor.get(format!("/views/{view}")), actor.post(format!("/views/{view}/search"), &json!({}))]
            {
                let result = if may {
                    ensure(answer.status == 200, &answer)
                } else {
                    answer.check_problem(403, "forbidden").map(drop)
                };
                table.row(format!("{role} {view}"), result);
            }
            let answer = actor.get(format!("/views/{view}/none"));
            let result =
                if may { answer.check_problem(404, "not-found") } else { answer.check_problem(403, "forbidden") };
            table.row(format!("{role} {view}/none"), result);
        }
    }
    table.end();
    assert_eq!(names(&tenant.actor("x", &[])), Vec::<String>::new());
    tenant.actor("x", &[]).get("/views/availability").problem(403, "forbidden");
}

#[test]
fn fields_are_listed_as_they_behave() {
    let staff = &bookings().staff;
    let views = staff.get("/views").is(200);
    let wanted = json!([
        ["hotel", "keyword"],
        ["roomType", "keyword"],
        ["guestName", "text"],
        ["arrival", "date"],
        ["departure", "date"],
        ["nights", "integer"],
        ["adults", "integer"],
        ["children", "integer"],
        ["status", "keyword"],
        ["notes", "text"],
        ["bookedBy", "keyword"],
        ["stream", "keyword"],
        ["createdAt", "dateTime"],
        ["updatedAt", "dateTime"],
    ]);
    let find = |name: &str| {
        views["views"].as_array().unwrap().iter().find(|view| view["name"] == name).unwrap()["fields"].clone()
    };
    let fields = find("bookings");
    let told: Vec<_> = fields.as_array().unwrap().iter().map(|field| json!([field["name"], field["kind"]])).collect();
    assert_eq!(json!(told), wanted);
    let kinds = |name: &str| {
        find(name)
            .as_array()
            .unwrap()
            .iter()
            .map(|field| (field["name"].as_str().unwrap().to_owned(), field["kind"].clone()))
            .collect::<Vec<_>>()
    };
    assert!(kinds("comments").contains(&("edited".into(), json!("boolean"))));
    assert!(kinds("availability").contains(&("night".into(), json!("date"))));

    let mut table = Table::default();
    for view in ["bookings", "availability", "comments"] {
        for field in find(view).as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            for (flag, query) in [
                ("filter", format!("{name}.exists=true")),
                ("sort", format!("sort={name}")),
                ("facet", format!("facets={name}")),
            ] {
                let status = staff.get(format!("/views/{view}?{query}")).status;
                let wanted = if field[flag].as_bool().unwrap() { 200 } else { 400 };
                table.row(format!("{view} {query}"), ensure(status == wanted, status));
            }
        }
    }
    table.end();
}

#[test]
fn a_document_has_a_tag() {
    let staff = Tenant::new().staff();
    open(&staff, "room-type/h:A", 3);
    let booked = staff.commits("room-type/h:A", "BookRoom", booking("b", "2027-01-01", "2027-01-02"));
    let path = format!("/views/bookings/b?{}", crate::support::after(&booked));
    let answer = staff.get(&path);
    let document = answer.is(200);
    assert_eq!((&document["id"], &document["version"]), (&json!("b"), &json!(2)));
    assert_eq!(document.as_object().unwrap().len(), 3, "{document}");
    assert_eq!(answer.header("etag"), Some("\"2\""));
    let ask = |tag: &str| Ask::get(&path).by(&staff).header("if-none-match", tag).send();
    for tag in ["\"2\"", "W/\"2\"", "\"1\", \"2\"", "*"] {
        let answer = ask(tag);
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, Some("\"2\"")), "{tag}");
    }
    for tag in ["\"1\"", "2", "\"3\", W/\"1\""] {
        assert_eq!(ask(tag).status, 200, "{tag}");
    }
    let changed = staff.commits("room-type/h:A", "CancelBooking", json!({ "bookingId": "b" }));
    let path = format!("/views/bookings/b?{}", crate::support::after(&changed));
    let answer = Ask::get(&path).by(&staff).header("if-none-match", "\"2\"").send();
    assert_eq!(answer.is(200)["version"], 3);
    assert_eq!(answer.header("etag"), Some("\"3\""));
    // a document's version is that of its own last event
    let grown = staff.commits("room-type/h:A", "BookRoom", booking("c", "2027-01-01", "2027-01-02"));
    assert_eq!(staff.get(format!("/views/bookings/b?{}", crate::support::after(&grown))).is(200)["version"], 3);
}

#[test]
fn an_id_may_be_the_name_of_a_route() {
    let staff = Tenant::new().staff();
    open(&staff, "room-type/h:A", 3);
    let booked = staff.commits("room-type/h:A", "BookRoom", booking("search", "2027-01-01", "2027-01-02"));
    assert_eq!(staff.document("bookings", &booked, "search").unwrap()["guestName"], "Guest search");
}

#[test]
fn a_reader_sees_their_own_writes_at_once() {
    let staff = Tenant::new().staff();
    open(&staff, "room-type/h:A", 1_000);
    for index in 0..20 {
        let status =
            staff.commits("room-type/h:A", "BookRoom", booking(&format!("b-{index}"), "2027-01-01", "2027-01-02"));
        assert_eq!(staff.find("bookings", &status, "")["total"], index + 1);
        let found = staff.find("availability", &status, "night=2027-01-01");
        assert_eq!(found["hits"][0]["doc"]["booked"], index + 1, "{found}");
    }
}

#[test]
fn versions_asked_for_are_those_of_any_stream_of_the_view() {
    let staff = Tenant::new().staff();
    let first = open(&staff, "room-type/h:A", 1);
    // an event that makes no document is shown too
    assert_eq!(staff.find("bookings", &first, "")["total"], 0);
    let path = |version: u64| format!("/views/bookings?after={}&wait=0", encode(&format!("room-type/h:A@{version}")));
    assert_eq!(staff.get(path(0)).is(200)["total"], 0);
    staff.get(path(2)).problem(503, "not-yet-projected");
    staff.get(path(u64::from(u32::MAX))).problem(503, "not-yet-projected");
    let Value::Object(_) = staff.get(format!("{}0", path(1).trim_end_matches('0'))).is(200) else {
        panic!("no object")
    };
}
