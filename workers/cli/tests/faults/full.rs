//! A disk that takes no more.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    check,
    client::{Client, comment, until},
    process::{Engine, Folder},
};

/// Lets the process's files grow up to so many bytes: with 0, as on a disk that is full.
fn limit_files(engine: &Engine, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let done = Command::new("prlimit").args(["--pid", &engine.process.id().to_string(), &limit]).status();
    assert!(done.unwrap().success());
}

fn until_health(client: &Client, wanted: u16) -> Value {
    let mut told = Value::Null;
    until(&format!("/health answers {wanted}"), || {
        let (status, body) = client.get("/health");
        told = body;
        if status == wanted { Ok(()) } else { Err(format!("{status} {told}")) }
    });
    told
}

#[test]
fn on_a_full_disk_nothing_is_acknowledged_and_it_goes_on_when_there_is_room_again() {
    let data = Folder::new();
    let mut engine = Engine::start(data.path());
    let client = engine.client.clone();
    for n in 0..20 {
        client.settle(&comment(&format!("before-{n}"), &format!("comment/before-{n}"), "there was room"));
    }
    until("all is found", || match client.read("/views/comments?q=room")["total"].take() {
        total if total == json!(20) => Ok(()),
        total => Err(total.to_string()),
    });
    for round in 0..3 {
        // some is on its way when the disk gets full
        let late: Vec<_> = (0..50)
            .map(|n| comment(&format!("late-{round}-{n}"), &format!("comment/late-{round}-{n}"), "just in time"))
            .collect();
        let (status, body) = client.post("/commands", &Value::from(late.clone()));
        assert_eq!((status, &body["queued"]), (202, &json!(50)), "{body}");
        limit_files(&engine, "0");
        let health = until_health(&client, 503);
        assert_ne!(health["parts"]["store"], "ok", "{health}");
        for n in 0..5 {
            let (status, body) =
                client.post("/commands", &comment(&format!("full-{round}-{n}"), "comment/full", "no room"));
            assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")), "{body}");
        }
        let (status, body) = client.post("/commands", &json!([comment("full-batch", "comment/full", "no room")]));
        assert_eq!((status, body["code"].as_str()), (503, Some("unavailable")), "{body}");
        assert_eq!(client.history("comment/before-1").len(), 1);
        assert_eq!(client.read("/views/comments?q=room")["total"], json!(20));
        assert!(engine.process.runs());

        limit_files(&engine, "unlimited");
        until_health(&client, 200);
        let ids: Vec<_> = late.iter().map(crate::ledger::id).collect();
        let statuses = client.settled(&ids);
        assert!(statuses.iter().all(|status| status["status"] == "committed"), "{statuses:?}");
        client.settle(&comment(&format!("after-{round}"), &format!("comment/after-{round}"), "there is space"));
        assert_eq!(client.differences(), Vec::<Value>::new());
        assert_eq!(client.history("comment/full"), Vec::<Value>::new());
    }
    let said = engine.stop();
    assert!(said.contains("a transaction of the store failed"), "{said}");
    let engine = Engine::start(data.path());
    assert_eq!(engine.client.read("/views/comments?limit=1")["total"], json!(20 + 3 * 51));
    assert_eq!(engine.client.differences(), Vec::<Value>::new());
    engine.stop();
    check::at_rest(data.path());
}

#[test]
fn started_on_a_full_disk_it_says_so() {
    let data = Folder::new();
    let folder = data.path().join("data");
    let program = env!("CARGO_BIN_EXE_factmill");
    let run = Command::new("prlimit")
        .args(["--fsize=0:0", program, "run", "--listen", "127.0.0.1:0", "--data"])
        .arg(&folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains(folder.to_str().unwrap()), "{said}");
    assert!(run.stdout.is_empty());
}
