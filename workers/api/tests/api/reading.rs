//! Views and reports, and the description of it all.

use std::{sync::Arc, time::Duration};

use kernel::{
    StreamId,
    catalog::Parked,
    query::{Filter, Sort},
};
use pipeline::ports::search::{Content, Entry, Hit, Key};
use serde_json::{Value, json, value::to_raw_value};
use tokio::time::{Instant, sleep};

use crate::support::{GUEST, STAFF, World, world};

fn hit(id: &str, stream: &str) -> Hit {
    Hit {
        id: id.to_owned(),
        stream: stream.parse().unwrap(),
        version: 4,
        score: None,
        doc: to_raw_value(&json!({"text": "a"})).unwrap(),
        highlight: None,
    }
}

fn cursor(version: u64, parked: Option<Parked>) -> Entry {
    let (tenant, stream): (_, StreamId) = ("demo".parse().unwrap(), "note/1".parse().unwrap());
    let content = Content::Cursor { version, memo: Arc::new(Value::Null), parked };
    Entry { key: Key::cursor(&tenant, &stream), tenant, stream, id: String::new(), version: 2, content }
}

fn given(world: &World, entry: Entry) {
    *world.index.entries.lock().unwrap() = vec![entry];
}

#[tokio::test]
async fn views_and_reports_are_listed_to_those_who_may_read_them() {
    let world = world();
    let body = world.get("/views").by(GUEST).send().await.ok(200);
    let fields = &body["views"][0]["fields"];
    assert_eq!(body["views"][0]["name"], "notes");
    assert_eq!(fields[0], json!({"name": "text", "kind": "text", "filter": false, "sort": false, "facet": false}));
    assert_eq!(fields[1], json!({"name": "title", "kind": "text", "filter": true, "sort": true, "facet": true}));
    let names: Vec<_> = fields.as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["text", "title", "author", "stars", "day", "stream", "createdAt", "updatedAt"]);
    assert_eq!(world.get("/views").by("x:member:demo").send().await.ok(200), json!({"views": []}));
    assert_eq!(world.get("/reports").by(GUEST).send().await.ok(200), json!({"reports": []}));
    let body = world.get("/reports").by(STAFF).send().await.ok(200);
    assert_eq!(body["reports"][0]["name"], "notes-of-day");
    assert_eq!(body["reports"][0]["parameters"]["required"], json!(["day"]));
}

#[tokio::test]
async fn a_search_is_asked_both_ways() {
    let world = world();
    world.index.hits.lock().unwrap().push(hit("n-1", "note/1"));
    let body = world.get("/views/notes?q=sea+view&stars.gte=3&sort=-day&limit=5").by(STAFF).send().await.ok(200);
    assert_eq!(body["hits"], json!([{"id": "n-1", "version": 4, "score": null, "doc": {"text": "a"}}]));
    assert_eq!((&body["total"], &body["next"], &body["aggregations"]), (&json!(1), &json!(null), &json!({})));
    assert!(body["tookMs"].is_u64());
    let query = json!({"text": "sea view", "where": {"and": [{"field": "stars", "gte": 3}]},
        "sort": [{"field": "day", "order": "desc"}], "limit": 5});
    world.post("/views/notes/search", query).by(STAFF).send().await.ok(200);
    let asked = world.index.asked.lock().unwrap();
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked[0].0.tenant.as_str(), "demo");
    assert_eq!(asked[0].1.sort, [Sort { field: "day".into(), descending: true }]);
}

#[tokio::test]
async fn bad_searches_are_refused() {
    let world = world();
    let bad = json!({"where": {"field": "text", "eq": "a"}, "limit": 201});
    let reply = world.post("/views/notes/search", bad).by(STAFF).send().await;
    reply.invalid(&["/limit out-of-range", "/where/field wrong-type"]);
    world.post("/views/notes/search", "{").by(STAFF).send().await.problem(400, "malformed");
    world.post("/views/notes/search", r#"{"limit":1,"limit":1}"#).by(STAFF).send().await.problem(400, "malformed");
    world.get("/views/notes?text=a").by(STAFF).send().await.invalid(&["/text wrong-type"]);
    for path in ["/views/nope", "/views/nope/1", "/reports/nope"] {
        world.get(path).by(STAFF).send().await.problem(404, "not-found");
    }
    for path in ["/views/notes", "/views/notes/1", "/reports/notes-of-day?day=2026-12-01"] {
        world.get(path).by("x:member:demo").send().await.problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_role_that_is_filtered_sees_its_own_rows() {
    let world = world();
    world.index.hits.lock().unwrap().push(hit("n-1", "note/1"));
    for (token, rows) in [
        (GUEST, Some(Filter::equals("author", "bob"))),
        (STAFF, None),
        ("bob:guest,staff:demo", None),
        ("bob:guest,member:demo", Some(Filter::equals("author", "bob"))),
    ] {
        world.get("/views/notes").by(token).send().await.ok(200);
        assert_eq!(world.index.asked.lock().unwrap().last().unwrap().0.rows, rows, "{token}");
    }
    // what a row filter hides is not there
    world.get("/views/notes/n-1").by(STAFF).send().await.ok(200);
    world.get("/views/notes/n-1").by(GUEST).send().await.problem(404, "not-found");
}

#[tokio::test]
async fn a_document_has_its_version_for_a_tag() {
    let world = world();
    world.index.hits.lock().unwrap().extend([hit("n-1", "note/2"), hit("n-1", "note/1"), hit("search", "note/3")]);
    let reply = world.get("/views/notes/n-1").by(STAFF).send().await;
    assert_eq!(reply.ok(200), json!({"id": "n-1", "version": 4, "doc": {"text": "a"}}));
    assert_eq!(reply.header("etag"), "\"4\"");
    for (tags, status) in
        [("\"4\"", 304), ("W/\"4\"", 304), ("\"3\", \"4\"", 304), ("*", 304), ("\"3\"", 200), ("4", 200)]
    {
        let reply = world.get("/views/notes/n-1").by(STAFF).header("if-none-match", tags).send().await;
        assert_eq!(reply.status.as_u16(), status, "{tags}");
        assert_eq!(reply.header("etag"), "\"4\"");
        assert_eq!(reply.bytes.is_empty(), status == 304);
    }
    world.get("/views/notes/n-2").by(STAFF).send().await.problem(404, "not-found");
    world.get("/views/notes/search").by(STAFF).send().await.ok(200);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_query() {
    let world = world();
    *world.index.next.lock().unwrap() = Some("the index's own".into());
    let body = world.get("/views/notes?stars=3&sort=day").by(STAFF).send().await.ok(200);
    let cursor = body["next"].as_str().unwrap();
    let ask = async |query: &str, token: &str| {
        world.get(&format!("/views/notes?{query}&cursor={cursor}")).by(token).send().await
    };
    for same in ["stars=3&sort=day", "stars=3&sort=day&limit=7&highlight=true&facets=author"] {
        ask(same, STAFF).await.ok(200);
        let asked = world.index.asked.lock().unwrap().last().unwrap().1.clone();
        assert_eq!(asked.cursor.as_deref(), Some("the index's own"));
    }
    for other in ["stars=4&sort=day", "stars=3&sort=-day", "stars=3", "stars=3&sort=day&q=a"] {
        ask(other, STAFF).await.invalid(&["/cursor mismatch"]);
    }
    ask("stars=3&sort=day", "alice:staff:other").await.invalid(&["/cursor mismatch"]);
    ask("stars=3&sort=day", "alice:guest:demo").await.invalid(&["/cursor mismatch"]);
    for garbage in ["x", "", "%20", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        world.get(&format!("/views/notes?cursor={garbage}")).by(STAFF).send().await.invalid(&["/cursor mismatch"]);
    }
    // one that the index itself does not know
    *world.index.next.lock().unwrap() = Some("bad".into());
    let body = world.get("/views/notes").by(STAFF).send().await.ok(200);
    let cursor = body["next"].as_str().unwrap();
    world.get(&format!("/views/notes?cursor={cursor}")).by(STAFF).send().await.invalid(&["/cursor mismatch"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_shows_the_version_asked_for() {
    let world = world();
    world.index.hits.lock().unwrap().push(hit("n-1", "note/1"));
    given(&world, cursor(3, None));
    let search = json!({}).to_string();
    for (path, post) in [
        ("/views/notes?after=note%2F1%404", false),
        ("/views/notes/n-1?after=note/1@4", false),
        ("/reports/notes-of-day?day=2026-12-01&after=note/1@4", false),
        ("/views/notes/search?after=note/1@4", true),
    ] {
        given(&world, cursor(3, None));
        let ask = || if post { world.post(path, &search) } else { world.get(path) };
        let started = Instant::now();
        let reply = ask().by(STAFF).send().await;
        reply.problem(503, "not-yet-projected");
        assert_eq!(reply.header("retry-after"), "1");
        // five seconds if it isn't said
        assert!(started.elapsed() >= Duration::from_secs(5) && started.elapsed() < Duration::from_millis(5_300));
        let happen = async {
            sleep(Duration::from_secs(1)).await;
            given(&world, cursor(4, None));
        };
        let refreshed = *world.index.refreshed.lock().unwrap();
        let (reply, ()) = tokio::join!(ask().by(STAFF).send(), happen);
        reply.ok(200);
        assert_eq!(*world.index.refreshed.lock().unwrap(), refreshed + 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn versions_that_cannot_be_shown_are_told_at_once() {
    let world = world();
    let started = Instant::now();
    given(&world, cursor(3, Some(Parked { version: 4, reason: "a panic".into() })));
    world.get("/views/notes?after=note/1@4").by(STAFF).send().await.problem(503, "not-yet-projected");
    world.get("/views/notes?after=note/1@3").by(STAFF).send().await.ok(200);
    world.get("/views/notes?after=note/2@1&wait=0").by(STAFF).send().await.problem(503, "not-yet-projected");
    assert!(started.elapsed() < Duration::from_secs(1));
    for (after, violation) in [
        ("other/1@4", "/after mismatch"),
        ("note/1", "/after bad-format"),
        ("note/1@x", "/after bad-format"),
        ("note/1@4@5", "/after bad-format"),
        ("note@4", "/after bad-format"),
    ] {
        world.get(&format!("/views/notes?after={after}")).by(STAFF).send().await.invalid(&[violation]);
    }
    world.get("/views/notes?wait=26").by(STAFF).send().await.invalid(&["/wait out-of-range"]);
}

#[tokio::test]
async fn a_report_is_a_query_with_parameters() {
    let world = world();
    world.get("/reports/notes-of-day?day=2026-12-01").by(STAFF).send().await.ok(200);
    let asked = world.index.asked.lock().unwrap().last().unwrap().1.clone();
    assert_eq!((asked.filter, asked.limit), (Filter::equals("day", jiff::civil::date(2026, 12, 1)), 5));
    world.get("/reports/notes-of-day?day=2026-12-01&limit=7").by(STAFF).send().await.ok(200);
    assert_eq!(world.index.asked.lock().unwrap().last().unwrap().1.limit, 7);
    for (query, violation) in [
        ("", "/day required"),
        ("day=x", "/day bad-format"),
        ("day=2026-12-01&limit=201", "/limit out-of-range"),
        ("day=2026-12-01&cursor=x", "/cursor mismatch"),
    ] {
        world.get(&format!("/reports/notes-of-day?{query}")).by(STAFF).send().await.invalid(&[violation]);
    }
}

#[tokio::test]
async fn the_description_names_every_operation_and_every_command() {
    let world = world();
    let body = world.get("/openapi.json").send().await.ok(200);
    assert_eq!(body["openapi"], "3.1.0");
    let mut operations = Vec::new();
    for (path, item) in body["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string() && operation["responses"].is_object(), "{method} {path}");
            operations.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    operations.sort();
    insta::assert_json_snapshot!("operations", operations);
    let schemas = &body["components"]["schemas"];
    let write = &schemas["note.WriteNote"];
    assert_eq!(write["properties"]["data"]["properties"]["text"]["maxLength"], 20);
    assert_eq!(schemas["Command"]["oneOf"].as_array().unwrap().len(), 2);
    assert_eq!(schemas["view.notes"]["properties"]["stars"]["anyOf"][0]["type"], "integer");
    every_reference_leads_somewhere(&body, &body);
}

fn every_reference_leads_somewhere(document: &Value, at: &Value) {
    match at {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            members.values().for_each(|value| every_reference_leads_somewhere(document, value));
        }
        Value::Array(items) => items.iter().for_each(|item| every_reference_leads_somewhere(document, item)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_to_try_it_may_load_nothing_from_elsewhere() {
    let world = world();
    let reply = world.get("/docs").send().await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
    let page = String::from_utf8(reply.bytes.to_vec()).unwrap();
    assert!(page.contains("url: 'openapi.json'") && page.contains("validatorUrl: null"));
    for tag in ["<script src", "<link", "<img src", "@import"] {
        assert!(!page[..page.find("<script>").unwrap()].contains(tag), "{tag}");
    }
}
