//! Rows that can't be read: they are named, and everything else goes on.

use std::path::Path;

use rusqlite::params;
use serde_json::{Value, json};

use crate::{
    check,
    client::{command, comment, until},
    process::{Engine, Folder},
};

/// Changes the bytes of a stream's commit.
fn poison(data: &Path, stream: &str, seq: i64, change: impl Fn(&mut Vec<u8>)) {
    let db = check::open(data);
    let row = params![format!("demo/{stream}"), seq];
    let sql = "SELECT body FROM commits WHERE stream = ?1 AND seq = ?2";
    let mut body: Vec<u8> = db.query_row(sql, row, |row| row.get(0)).unwrap();
    change(&mut body);
    let sql = "UPDATE commits SET body = ?3 WHERE stream = ?1 AND seq = ?2";
    assert_eq!(db.execute(sql, params![format!("demo/{stream}"), seq, body]).unwrap(), 1);
}

/// Makes a commit one that nothing can be read of.
fn garble(data: &Path, stream: &str, seq: i64) {
    poison(data, stream, seq, |body| body.iter_mut().take(9).for_each(|byte| *byte ^= 0xff));
}

fn edit(id: &str, stream: &str) -> Value {
    command(id, stream, "EditComment", &json!({ "text": format!("by {id}") }))
}

fn book(id: &str, stream: &str) -> Value {
    let data = json!({ "bookingId": format!("b-{id}"), "guest": { "name": "Ada" }, "arrival": "2027-03-01",
        "departure": "2027-03-03", "party": { "adults": 1, "children": 0 } });
    command(id, stream, "BookRoom", &data)
}

/// Comments and room types, of three commits each.
fn filled(data: &Path) {
    let engine = Engine::start(data);
    for n in 0..5 {
        let stream = format!("comment/{n}");
        engine.client.settle(&comment(&format!("create-{n}"), &stream, "hello"));
        engine.client.settle(&edit(&format!("edit-{n}"), &stream));
        engine.client.settle(&edit(&format!("last-{n}"), &stream));
    }
    for code in ["P", "Q"] {
        let stream = format!("room-type/resort:{code}");
        let open = json!({ "hotel": "resort", "name": "Single", "rooms": 9 });
        engine.client.settle(&command(&format!("open-{code}"), &stream, "OpenRoomType", &open));
        engine.client.settle(&book(&format!("first-{code}"), &stream));
        engine.client.settle(&book(&format!("second-{code}"), &stream));
    }
    engine.stop();
}

fn kinds(differences: &[Value], stream: &str) -> Vec<String> {
    let of = differences.iter().filter(|difference| difference["stream"] == stream);
    of.map(|difference| difference["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_commit_that_was_changed_is_named_and_the_rest_goes_on() {
    let data = Folder::new();
    filled(data.path());
    garble(data.path(), "comment/1", 2);
    garble(data.path(), "room-type/resort:P", 2);
    poison(data.path(), "comment/3", 1, |body| {
        let at = body.windows(5).position(|window| window == b"hello").unwrap();
        body[at] = b'j';
    });
    for rebuilt in [false, true] {
        if rebuilt {
            std::fs::remove_dir_all(data.path().join("index")).unwrap();
        }
        let engine = Engine::start(data.path());
        let client = &engine.client;
        let new = if rebuilt { "new-2" } else { "new-1" };
        let batch = json!([
            edit(&format!("poisoned-{new}"), "comment/1"),
            book(&format!("lost-{new}"), "room-type/resort:P"),
            edit(&format!("edit-{new}"), "comment/2"),
            book(&format!("book-{new}"), "room-type/resort:Q"),
            comment(new, &format!("comment/{new}"), "all is well"),
        ]);
        assert_eq!(client.post("/commands", &batch).0, 202);
        let ids = ["poisoned", "lost", "edit", "book"].map(|what| format!("{what}-{new}"));
        let statuses = client.settled(&[&ids[..], &[new.to_owned()]].concat());
        let outcomes: Vec<_> = statuses.iter().map(|status| status["status"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["failed", "failed", "committed", "committed", "committed"], "{statuses:?}");
        assert_eq!(statuses[0]["failure"]["code"], "corrupt", "{}", statuses[0]);

        let differences = client.differences();
        let damaged = ["comment/1", "comment/3", "room-type/resort:P"];
        for stream in damaged {
            assert!(kinds(&differences, stream).contains(&"chain".to_owned()), "{stream}: {differences:?}");
        }
        let others = differences.iter().find(|one| !damaged.contains(&one["stream"].as_str().unwrap()));
        assert_eq!(others, None);
        assert_eq!(client.get("/streams/comment/1").0, 500);
        assert_eq!(client.history("comment/2").len(), if rebuilt { 5 } else { 4 });
        until("the new comment is found", || {
            let total = client.read("/views/comments?q=well")["total"].clone();
            if total == json!(if rebuilt { 2 } else { 1 }) { Ok(()) } else { Err(total.to_string()) }
        });
        until("every booking that can be read is found", || {
            let total = client.read("/views/bookings?stream=room-type%2Fresort%3AQ")["total"].clone();
            if total == json!(if rebuilt { 4 } else { 3 }) { Ok(()) } else { Err(total.to_string()) }
        });
        engine.stop();
    }
    let kept: i64 = check::open(data.path()).query_row("SELECT count(*) FROM inbox", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 4);
}

/// A command whose stream can't be read is kept once, also if the process dies at a fail-point on the way there.
pub(crate) fn given_up_once(point: &str) {
    let data = Folder::new();
    filled(data.path());
    garble(data.path(), "comment/1", 2);
    let engine = Engine::start_with(data.path(), &[("FACTMILL_FAILPOINT", point)]);
    let (status, body) = engine.client.post("/commands", &edit("poisoned", "comment/1"));
    assert_eq!(status, 202, "{body}");
    engine.process.ended();
    let engine = Engine::start(data.path());
    let settled = engine.client.settled(&["poisoned".into()]);
    assert_eq!(settled[0]["status"], "failed", "{settled:?}");
    engine.client.settle(&edit("other", "comment/2"));
    engine.stop();
    let db = check::open(data.path());
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((count("SELECT count(*) FROM inbox"), count("SELECT count(*) FROM queue")), (1, 0));
}
