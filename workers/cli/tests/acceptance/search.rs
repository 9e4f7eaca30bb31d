//! What a search finds: by words, by values, by both.

use serde_json::{Value, json};

use crate::support::{IDS, Table, bookings, ensure, ids, params};

fn all_but(without: &[&str]) -> Vec<&'static str> {
    IDS.into_iter().filter(|id| !without.contains(id)).collect()
}

#[test]
fn words_are_found_in_any_text_field() {
    let mut table = Table::default();
    let rows: &[(&str, &[&str])] = &[
        ("sea", &["p-01", "p-04", "p-05"]),
        ("SEA", &["p-01", "p-04", "p-05"]),
        ("view", &["p-01", "p-04", "p-05"]),
        ("viewing sea", &["p-01", "p-04", "p-05"]),
        ("sea views", &["p-01", "p-04", "p-05"]),
        ("sea-view", &["p-01", "p-04", "p-05"]),
        ("ann", &["p-01", "p-06"]),
        // every word, each wherever it is
        ("ann sea", &["p-01"]),
        ("sea ann", &["p-01"]),
        ("ann bob", &[]),
        ("ann nothing", &[]),
        // folded and lower-cased, both the query and the text
        ("muller", &["p-01"]),
        ("MÜLLER", &["p-01"]),
        ("mueller", &[]),
        ("cafe", &["p-03"]),
        ("cafés", &["p-03"]),
        ("elodie", &["p-05"]),
        ("strasse", &["p-07"]),
        ("STRASSE", &["p-07"]),
        ("strauss grosse", &["p-07"]),
        // stemmed: `running` and `runs` are `run`, a `runner` is not
        ("runs", &["p-02"]),
        ("run", &["p-02"]),
        ("runners", &["p-04"]),
        ("arriving", &["p-02"]),
        // no stop words
        ("the", &["p-05"]),
        ("of the", &["p-05"]),
        ("at", &["p-02"]),
        // letters and digits make words, the rest parts them
        ("23", &["p-02"]),
        ("23:00", &["p-02"]),
        ("2300", &[]),
        ("neil", &["p-04"]),
        ("o'neil", &["p-04"]),
        ("oneil", &[]),
        ("script", &["p-04"]),
        ("日本語", &["p-08"]),
        ("日本", &[]),
        ("李小龍 notes", &["p-08"]),
        // no part of a word, no wildcard, no query language
        ("smit", &[]),
        ("smit*", &[]),
        ("guestName:Bob", &[]),
        ("ann OR bob", &[]),
        ("\"sea view\"", &["p-01", "p-04", "p-05"]),
        ("-sea", &["p-01", "p-04", "p-05"]),
        ("(sea", &["p-01", "p-04", "p-05"]),
        // other fields are no text
        ("resort", &[]),
        ("confirmed", &[]),
        ("A", &[]),
        ("sam", &[]),
        ("p", &[]),
    ];
    for (text, wanted) in rows {
        for found in [
            bookings().find(&params(&[("q", text), ("sort", "id")])),
            bookings().search(&json!({ "text": text, "sort": [{ "field": "id" }] })),
        ] {
            let so = ids(&found) == *wanted && found["total"] == wanted.len();
            table.row(text, ensure(so, &found));
        }
    }
    table.end();
}

#[test]
fn hits_with_text_come_best_first() {
    let found = bookings().search(&json!({ "text": "sea" }));
    let scores: Vec<_> = found["hits"].as_array().unwrap().iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{found}");
    let found = bookings().find("limit=3");
    assert_eq!(ids(&found), IDS[..3]);
    assert!(found["hits"].as_array().unwrap().iter().all(|hit| hit["score"].is_null()), "{found}");
}

#[test]
fn a_result_has_its_members() {
    let found = bookings().find("limit=2");
    for name in ["total", "hits", "next", "aggregations", "tookMs"] {
        assert!(found.get(name).is_some(), "`{name}` is missing: {found}");
    }
    assert_eq!(found["total"], 8);
    assert_eq!(found["aggregations"], json!({}));
    let hit = &found["hits"][0];
    for name in ["id", "version", "score", "doc"] {
        assert!(hit.get(name).is_some(), "`{name}` is missing: {hit}");
    }
    assert!(hit.get("highlight").is_none(), "{hit}");
    let document = bookings().staff.get("/views/bookings/p-01").is(200);
    assert_eq!((&document["doc"], &document["version"]), (&hit["doc"], &hit["version"]));
}

#[test]
fn parameters_select_by_values() {
    let mut table = Table::default();
    let rows: Vec<(&str, Vec<&str>)> = vec![
        ("roomType=B", vec!["p-04", "p-05", "p-06"]),
        ("roomType=b", vec![]),
        ("roomType.ne=A", vec!["p-04", "p-05", "p-06"]),
        ("roomType=A&adults=2", vec!["p-01", "p-08"]),
        ("adults=2", vec!["p-01", "p-04", "p-05", "p-08"]),
        ("adults.gte=3", vec!["p-03", "p-06"]),
        ("adults.gt=3", vec!["p-03"]),
        ("adults.lt=2", vec!["p-02", "p-07"]),
        ("adults.lte=1", vec!["p-02", "p-07"]),
        ("adults.gt=1&adults.lt=3", vec!["p-01", "p-04", "p-05", "p-08"]),
        ("adults.gte=3&adults.lte=2", vec![]),
        ("adults.in=1,4", vec!["p-02", "p-03", "p-07"]),
        ("adults.ne=2&children.gte=1", vec!["p-03", "p-07"]),
        ("children=0&nights.gte=7", vec!["p-05", "p-08"]),
        ("nights=1", vec!["p-04", "p-06", "p-07"]),
        ("arrival=2028-02-29", vec!["p-07"]),
        ("arrival.gte=2026-12-01&arrival.lt=2027-01-01", vec!["p-02", "p-03", "p-04"]),
        ("arrival.gt=2026-12-31&arrival.lte=2027-01-15", vec!["p-05", "p-06"]),
        ("arrival.in=2027-01-01,2027-01-15", vec!["p-05", "p-06"]),
        ("departure.lt=2026-12-05", vec!["p-01"]),
        ("status=cancelled", vec!["p-06"]),
        ("status.ne=cancelled", all_but(&["p-06"])),
        ("status.in=cancelled,waiting", vec!["p-06"]),
        ("status.prefix=can", vec!["p-06"]),
        ("status.prefix=CAN", vec![]),
        ("status.prefix=*", vec![]),
        ("guestName=Ann%20Baker", vec!["p-06"]),
        ("guestName=Ann+Baker", vec!["p-06"]),
        ("guestName=ann%20baker", vec![]),
        ("guestName=Ann", vec![]),
        ("guestName.prefix=Ann", vec!["p-01", "p-06"]),
        ("guestName.prefix=ann", vec![]),
        ("guestName.prefix=%E6%9D%8E", vec!["p-08"]),
        ("guestName.in=Ann%20Baker,Bob%20Smith", vec!["p-02", "p-06"]),
        ("guestName.gte=D&guestName.lt=E", vec!["p-04"]),
        ("roomType.exists=true", IDS.to_vec()),
        ("roomType.exists=false", vec![]),
        ("stream=room-type%2Fresort%3AB", vec!["p-04", "p-05", "p-06"]),
        ("bookedBy=sam", IDS.to_vec()),
        ("createdAt.gte=2020-01-01T00%3A00%3A00Z", IDS.to_vec()),
        ("createdAt.gte=2020-01-01T01%3A00%3A00%2B01%3A00&updatedAt.lt=2099-01-01T00%3A00%3A00Z", IDS.to_vec()),
        ("createdAt.lt=2020-01-01T00%3A00%3A00Z", vec![]),
        ("q=sea&roomType=B&adults=2", vec!["p-04", "p-05"]),
        ("q=ann&status=cancelled", vec!["p-06"]),
    ];
    for (query, wanted) in rows {
        let found = bookings().find(&format!("{query}&sort=id"));
        table.row(query, ensure(ids(&found) == wanted && found["total"] == wanted.len(), &found));
    }
    table.end();
}

#[test]
fn typed_conditions_select_by_values() {
    let is = |field: &str, operator: &str, value: Value| json!({ "field": field, operator: value });
    let sea = ["p-01", "p-04", "p-05"];
    let mut table = Table::default();
    let mut deep = is("adults", "eq", json!(4));
    for _ in 0..14 {
        deep = json!({ "and": [deep] });
    }
    let rows: Vec<(Value, Vec<&str>)> = vec![
        (is("roomType", "eq", json!("B")), vec!["p-04", "p-05", "p-06"]),
        (is("roomType", "ne", json!("B")), all_but(&["p-04", "p-05", "p-06"])),
        (is("adults", "in", json!([1, 4])), vec!["p-02", "p-03", "p-07"]),
        (is("adults", "in", json!([])), vec![]),
        (is("adults", "eq", json!(2.0)), vec!["p-01", "p-04", "p-05", "p-08"]),
        (is("status", "prefix", json!("can")), vec!["p-06"]),
        (is("guestName", "prefix", json!("Ann ")), vec!["p-01", "p-06"]),
        (is("notInView", "eq", json!(1)), vec!["?"]),
        (json!({ "field": "arrival", "gte": "2026-12-01", "lt": "2027-01-01" }), vec!["p-02", "p-03", "p-04"]),
        (json!({ "field": "adults", "gt": 1, "lt": 4, "ne": 2 }), vec!["p-06"]),
        (json!({ "field": "adults", "exists": true }), IDS.to_vec()),
        (json!({ "field": "adults", "exists": false }), vec![]),
        (json!({ "and": [] }), IDS.to_vec()),
        (json!({ "or": [] }), vec![]),
        (json!({ "not": { "and": [] } }), vec![]),
        (json!({ "not": { "or": [] } }), IDS.to_vec()),
        (json!({ "not": is("status", "eq", json!("cancelled")) }), all_but(&["p-06"])),
        (json!({ "not": is("adults", "in", json!([])) }), IDS.to_vec()),
        (json!({ "not": { "not": is("roomType", "eq", json!("B")) } }), vec!["p-04", "p-05", "p-06"]),
        (json!({ "or": [is("adults", "eq", json!(4)), is("nights", "gte", json!(10))] }), vec!["p-03", "p-08"]),
        (
            json!({ "and": [is("roomType", "eq", json!("A")), { "or": [is("adults", "eq", json!(1)), is("children", "gt", json!(1))] },
                            { "not": is("arrival", "gte", json!("2028-01-01")) }] }),
            vec!["p-02", "p-03"],
        ),
        (deep, vec!["p-03"]),
    ];
    for (condition, wanted) in rows {
        let query = json!({ "where": condition, "sort": [{ "field": "id" }] });
        if wanted == ["?"] {
            let answer = bookings().staff.post("/views/bookings/search", &query);
            table.row(&condition, answer.check_invalid(&["/where/field unknown-field"]));
            continue;
        }
        let found = bookings().search(&query);
        table.row(&condition, ensure(ids(&found) == wanted && found["total"] == wanted.len(), &found));
    }
    table.end();
    let both = bookings()
        .search(&json!({ "text": "sea", "where": { "and": [] }, "sort": [{ "field": "id", "order": "asc" }] }));
    assert_eq!(ids(&both), sea);
    // members that are null are as absent
    let nulls = json!({ "text": null, "where": null, "sort": null, "limit": null, "cursor": null, "highlight": null, "aggregate": null });
    assert_eq!(bookings().search(&nulls)["total"], 8);
}

#[test]
fn hits_are_sorted_and_ids_break_ties() {
    let mut table = Table::default();
    let rows: &[(&str, &[&str])] = &[
        ("arrival", &["p-01", "p-02", "p-03", "p-04", "p-05", "p-06", "p-08", "p-07"]),
        ("-arrival", &["p-07", "p-08", "p-06", "p-05", "p-03", "p-04", "p-02", "p-01"]),
        ("adults", &["p-02", "p-07", "p-01", "p-04", "p-05", "p-08", "p-06", "p-03"]),
        ("-adults", &["p-03", "p-06", "p-01", "p-04", "p-05", "p-08", "p-02", "p-07"]),
        ("-adults,-arrival", &["p-03", "p-06", "p-08", "p-05", "p-04", "p-01", "p-07", "p-02"]),
        ("roomType,-adults", &["p-03", "p-01", "p-08", "p-02", "p-07", "p-06", "p-04", "p-05"]),
        ("status,-nights", &["p-06", "p-08", "p-05", "p-02", "p-01", "p-03", "p-04", "p-07"]),
        ("id", &IDS),
        ("-id", &["p-08", "p-07", "p-06", "p-05", "p-04", "p-03", "p-02", "p-01"]),
    ];
    for (sort, wanted) in rows {
        let found = bookings().find(&params(&[("sort", sort)]));
        table.row(sort, ensure(ids(&found) == *wanted, &found));
        let keys: Vec<_> = sort
            .split(',')
            .map(|key| match key.strip_prefix('-') {
                Some(field) => json!({ "field": field, "order": "desc" }),
                None => json!({ "field": key, "order": "asc" }),
            })
            .collect();
        let found = bookings().search(&json!({ "sort": keys }));
        table.row(sort, ensure(ids(&found) == *wanted, &found));
    }
    table.end();
}

#[test]
fn highlights_are_whole_fields_and_escaped() {
    let hit = |text: &str, id: &str| {
        let found = bookings().search(&json!({ "text": text, "highlight": true }));
        let hits = found["hits"].as_array().unwrap();
        hits.iter().find(|hit| hit["id"] == id).unwrap()["highlight"].clone()
    };
    let plain = |text: &str| text.replace("<em>", "").replace("</em>", "");
    let notes = hit("script sea", "p-04")["notes"].as_str().unwrap().to_owned();
    assert!(notes.starts_with("<em>sea</em>-view &amp; &lt;<em>script</em>&gt;alert("), "{notes}");
    assert!(notes.ends_with("&lt;/<em>script</em>&gt; runner"), "{notes}");
    assert!(!plain(&notes).contains(['<', '>', '"']), "{notes}");
    // words that were found by their stem, as they are written
    assert_eq!(hit("viewing", "p-05")["notes"], "The <em>views</em> of the SEA are what they want");
    // the fields in which something was found
    let found = hit("ann", "p-01");
    assert_eq!(found, json!({ "guestName": "<em>Ann</em> Müller" }));
    assert_eq!(
        hit("ann sea", "p-01"),
        json!({ "guestName": "<em>Ann</em> Müller", "notes": "<em>Sea</em> view, please" })
    );
    let found = bookings().find("q=sea&highlight=false");
    assert!(found["hits"].as_array().unwrap().iter().all(|hit| hit.get("highlight").is_none()), "{found}");
}
