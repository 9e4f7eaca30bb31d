//! The service as such: its health, its description, and what is not there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Ask, Table, Tenant, ensure, host};

/// Every route of the contract.
const ROUTES: [(&str, &str); 17] = [
    ("/commands", "post"),
    ("/commands/check", "post"),
    ("/commands/{id}", "get"),
    ("/commands/status", "post"),
    ("/views", "get"),
    ("/views/{view}", "get"),
    ("/views/{view}/{id}", "get"),
    ("/views/{view}/search", "post"),
    ("/reports", "get"),
    ("/reports/{name}", "get"),
    ("/streams/{aggregate}/{id}", "get"),
    ("/streams/{aggregate}/{id}/state", "get"),
    ("/verify", "post"),
    ("/health", "get"),
    ("/openapi.json", "get"),
    ("/docs", "get"),
    ("/views/{view}/search", "post"),
];

#[test]
fn it_tells_how_it_is() {
    let health = Ask::get("/health").send().is(200);
    assert_eq!(health["status"], "ok", "{health}");
    assert!(health["parts"].as_object().is_some_and(|parts| !parts.is_empty()), "{health}");
}

fn description() -> Value {
    Ask::get("/openapi.json").send().is(200)
}

#[test]
fn the_description_names_every_route() {
    let api = description();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1."), "{}", api["openapi"]);
    assert!(api["info"]["title"].is_string() && api["info"]["version"].is_string());
    let mut table = Table::default();
    for (path, method) in ROUTES.iter().filter(|(path, _)| !["/openapi.json", "/docs"].contains(path)) {
        let found = api["paths"].as_object().unwrap().iter().find(|(told, _)| same_path(told, path));
        let operation = found.map(|(_, item)| &item[*method]);
        let so =
            operation.is_some_and(|operation| operation["responses"].as_object().is_some_and(|all| !all.is_empty()));
        table.row(format!("{method} {path}"), ensure(so, "is not described"));
    }
    table.end();
}

/// Names in braces may be other ones.
fn same_path(one: &str, other: &str) -> bool {
    let plain = |path: &str| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    plain(one) == plain(other)
}

/// Every reference within a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref") {
                found.insert(target.clone());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_description_holds_together() {
    let api = description();
    let mut table = Table::default();
    let mut found = BTreeSet::new();
    references(&api, &mut found);
    for target in found {
        let so = target.strip_prefix('#').is_some_and(|pointer| api.pointer(pointer).is_some());
        table.row(&target, ensure(so, "leads nowhere"));
    }
    let mut ids = BTreeSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_default();
            table.row(&name, ensure(!id.is_empty() && ids.insert(id.to_owned()), "has no operationId of its own"));
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let so = parameters
                    .iter()
                    .any(|told| told["in"] == "path" && told["name"] == part && told["required"] == true);
                table.row(&name, ensure(so, format!("`{part}` is not described")));
            }
            for parameter in &parameters {
                table.row(&name, ensure(parameter["schema"].is_object(), parameter));
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let so = response["description"].is_string() || response["$ref"].is_string();
                table.row(format!("{name} {status}"), ensure(so, response));
            }
        }
    }
    table.end();
    let text = api.to_string();
    for name in ["OpenRoomType", "BookRoom", "CancelBooking", "CreateComment", "EditComment"] {
        assert!(text.contains(name), "`{name}` is not described");
    }
    assert!(text.contains("application/problem+json") && text.contains("application/x-ndjson"));
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let answer = Ask::get("/docs").send();
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("text/html"));
    let page = answer.text();
    // what the page's own scripts hold are texts; what it loads stands in attributes of its markup
    let mut markup = String::new();
    let mut rest = page.as_str();
    while let Some(start) = rest.find("<script") {
        let open = start + rest[start..].find('>').unwrap() + 1;
        markup.push_str(&rest[..open]);
        rest = rest[open..].split_once("</script>").map_or("", |(_, rest)| rest);
    }
    markup.push_str(rest);
    while let Some(start) = markup.find("<style") {
        let end = start + markup[start..].find("</style>").unwrap();
        markup.replace_range(start..end, "");
    }
    for attribute in ["src=", "href=", "action=", "url("] {
        for at in markup.match_indices(attribute).map(|(at, _)| at) {
            let value: String = markup[at + attribute.len()..].chars().take(80).collect();
            let value = value.trim_start_matches(['"', '\'']);
            assert!(!value.starts_with("http") && !value.starts_with("//"), "{attribute}{value}");
            if attribute == "src=" || attribute == "href=" {
                let target = value.split(['"', '\'', '>', ' ']).next().unwrap();
                if !target.starts_with("data:") && !target.starts_with('#') && !target.is_empty() {
                    let path = if target.starts_with('/') {
                        target.to_owned()
                    } else {
                        format!("/{}", target.trim_start_matches("./"))
                    };
                    assert_eq!(Ask::get(path).send().status, 200, "{target}");
                }
            }
        }
    }
    assert!(page.contains("openapi.json"));
}

#[test]
fn what_is_not_there_is_not_found() {
    let staff = Tenant::new().staff();
    let mut table = Table::default();
    for path in [
        "/",
        "/nothing",
        "/commands/a/b",
        "/views/a/b/c",
        "/streams",
        "/streams/a",
        "/streams/a/b/c",
        "/reports/a/b",
        "/openapi.yaml",
        "/docs/x",
        "/health/x",
        "/Views",
        "/views/",
        "//views",
        "/.git/config",
    ] {
        // a gateway may read two slashes as one
        if path != "//views" || !host().is_deployed() {
            table.row(path, staff.get(path).check_problem(404, "not-found"));
        }
    }
    table.row("post", staff.post("/nothing", &json!({})).check_problem(404, "not-found"));
    table.row("nobody", Ask::get("/nothing").send().check_problem(404, "not-found"));
    table.end();
}

#[test]
fn other_methods_are_not_allowed() {
    let staff = Tenant::new().staff();
    let mut table = Table::default();
    for (method, path, allowed) in [
        ("GET", "/commands", "POST"),
        ("PUT", "/commands", "POST"),
        ("DELETE", "/commands/x", "GET"),
        ("POST", "/commands/x", "GET"),
        ("POST", "/views", "GET"),
        ("POST", "/views/bookings", "GET"),
        ("DELETE", "/views/bookings/x", "GET"),
        ("PUT", "/views/bookings/search", "POST"),
        ("POST", "/reports/occupancy", "GET"),
        ("POST", "/streams/comment/x", "GET"),
        ("PATCH", "/streams/comment/x/state", "GET"),
        ("GET", "/verify", "POST"),
        ("POST", "/health", "GET"),
        ("POST", "/openapi.json", "GET"),
        ("DELETE", "/docs", "GET"),
    ] {
        let ask = Ask::new(method, path).by(&staff);
        let answer = if method == "GET" || method == "DELETE" { ask.send() } else { ask.json(&json!({})).send() };
        table.row(format!("{method} {path}"), answer.check_problem(405, "method-not-allowed"));
        let told = answer.header("allow").unwrap_or_default();
        table.row(format!("{method} {path}"), ensure(told.contains(allowed), format!("allow: {told}")));
    }
    table.end();
}

#[test]
fn a_query_string_that_is_none_is_refused() {
    let staff = Tenant::new().staff();
    for path in ["/views?%FF=1", "/views/bookings?q=%FF", "/views/bookings?%", "/views/bookings?q=%zz"] {
        let answer = staff.get(path);
        assert!(answer.status == 200 || answer.status == 400, "{answer}");
        if answer.status == 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
        }
    }
}
