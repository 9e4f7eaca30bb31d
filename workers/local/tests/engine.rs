//! The whole pipeline in one process: from a message in the queue to a document that is found.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what it did not expect")]

use std::{path::Path, sync::Arc, time::Duration};

use kernel::{Code, Id, Refusal, StreamId, Tenant, query::Query};
use local::{
    engine::{Engine, Options},
    issuer::Claims,
    sqlite::{Store, queue::Limits},
};
use pipeline::{
    laws::inbox::failed,
    ports::{
        clock::SystemClock,
        queue::{CommandQueue, Failed, FailureInbox, Message},
        search::{Scope, SearchIndex},
        status::{About, Known, Outcome, StatusStore},
        verify::Verifier,
    },
};
use serde_json::{Value, json};

async fn start(data: &Path) -> Arc<Engine> {
    Engine::start(domain::catalog(), Options::new(data)).await.unwrap()
}

fn token(engine: &Engine, sub: &str, roles: &[&str]) -> String {
    let claims = Claims {
        sub: sub.into(),
        tenant: "demo".into(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        cmd: None,
        lifetime: Duration::from_mins(10),
    };
    engine.issuer.as_ref().unwrap().mint(&claims).unwrap()
}

fn command(id: &str, stream: &str, kind: &str, data: &Value) -> Value {
    json!({ "id": id, "stream": stream, "type": kind, "issuedAt": jiff::Timestamp::now().to_string(), "data": data })
}

async fn send(engine: &Engine, token: &str, stream: &str, body: Value) {
    let message = Message {
        group: format!("demo/{stream}"),
        body: body.to_string(),
        authorization: token.to_owned(),
        traceparent: None,
        task_token: None,
    };
    for sent in engine.store.queue().send(vec![message]).await {
        sent.unwrap();
    }
}

async fn settled(engine: &Engine, id: &str) -> Known {
    let (tenant, id): (Tenant, Id) = ("demo".parse().unwrap(), id.parse().unwrap());
    let wait = async {
        loop {
            let change = engine.store.watch(&tenant, &id);
            let known = engine.store.read(&tenant, std::slice::from_ref(&id)).await.unwrap().remove(0);
            match known {
                Some(known) if known.status.status.is_settled() => return known,
                _ => change.await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap_or_else(|_| panic!("`{id}` did not settle"))
}

async fn found(engine: &Engine, view: &str, text: &str) -> u64 {
    let view = engine.catalog.find_view(view).unwrap();
    let query = Query { text: Some(text.into()), limit: 10, ..Query::default() };
    let scope = Scope { tenant: "demo".parse().unwrap(), rows: None };
    engine.index.search(view, &scope, &query).await.unwrap().total
}

async fn until_found(engine: &Engine, view: &str, text: &str, total: u64) {
    let wait = async {
        while found(engine, view, text).await != total {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .unwrap_or_else(|_| panic!("`{text}` was not found {total} times"));
}

async fn differences(engine: &Engine) -> Vec<String> {
    let page = engine.verify.page(&"demo".parse().unwrap(), None, None).await.unwrap();
    assert!(page.checked > 0);
    page.differences.into_iter().map(|difference| difference.message).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_becomes_a_document_that_is_found_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let engine = start(data.path()).await;
    let member = token(&engine, "alice", &["member"]);
    let create =
        command("c-1", "comment/1", "CreateComment", &json!({ "subject": "picture/42", "text": "a fine sunset" }));
    send(&engine, &member, "comment/1", create.clone()).await;
    let known = settled(&engine, "c-1").await;
    assert_eq!((known.status.status, known.status.version), (Outcome::Committed, Some(1)));
    until_found(&engine, "comments", "sunsets", 1).await;
    engine.stop().await;
    drop(engine);

    let engine = start(data.path()).await;
    assert_eq!(found(&engine, "comments", "sunset").await, 1);
    send(&engine, &member, "comment/1", create).await;
    let edit = command("c-2", "comment/1", "EditComment", &json!({ "text": "a grey morning" }));
    send(&engine, &member, "comment/1", edit).await;
    assert_eq!(settled(&engine, "c-2").await.status.version, Some(2));
    assert_eq!(settled(&engine, "c-1").await, known);
    until_found(&engine, "comments", "morning", 1).await;
    assert_eq!(differences(&engine).await, Vec::<String>::new());
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_nothing_concerned_knows_its_place_at_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let engine = start(data.path()).await;
    let member = token(&engine, "alice", &["member"]);
    for number in 1..=3 {
        let (id, stream) = (format!("c-{number}"), format!("comment/{number}"));
        let data = json!({ "subject": "picture/42", "text": "a fine sunset" });
        send(&engine, &member, &stream, command(&id, &stream, "CreateComment", &data)).await;
        settled(&engine, &id).await;
    }
    until_found(&engine, "comments", "sunset", 3).await;
    let place = |engine: &Engine, view: &str| engine.index.position(engine.catalog.find_view(view).unwrap()).unwrap();
    assert_eq!(place(&engine, "bookings"), None, "nothing is written for nothing");
    // however early it is stopped: what it has read by then is what it keeps
    let head = *engine.store.tail().position().borrow();
    let passed = async {
        while !engine.metrics().unwrap().contains(&format!("factmill_projection_position{{view=\"bookings\"}} {head}"))
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), passed).await.unwrap();
    engine.stop().await;
    drop(engine);

    let engine = start(data.path()).await;
    for view in ["bookings", "comments"] {
        assert_eq!(place(&engine, view).map(|position| position.pos), Some(head), "{view}");
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_send_again_is_forgotten() {
    let data = tempfile::tempdir().unwrap();
    let tenant: Tenant = "demo".parse().unwrap();
    let refused = |days: i64| {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
        let (id, stream) = (format!("c-{days}").parse().unwrap(), "comment/1".parse().unwrap());
        let about =
            About { id: &id, stream: &stream, kind: "CreateComment", digest: None, actor: "alice", received_at: at };
        Known::refused(about, Refusal::new(Code::Forbidden, "no"), at)
    };
    let store = Store::open(data.path(), Arc::new(SystemClock), Limits::default()).unwrap();
    store.record(&tenant, vec![refused(31), refused(29)]).await.unwrap();
    for days in [31, 29] {
        let received_at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
        store.keep(&Failed { received_at, ..failed("count/a", "c1", 0) }).await.unwrap();
    }
    drop(store);

    let engine = start(data.path()).await;
    let known = async |id: &str| {
        engine.store.read(&tenant, &[id.parse().unwrap()]).await.unwrap().remove(0).map(|known| known.status.status)
    };
    let forgotten = async {
        while known("c-31").await.is_some() || !engine.metrics().unwrap().contains("\nfactmill_failures 1\n") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), forgotten).await.unwrap();
    assert_eq!(known("c-29").await, Some(Outcome::Refused));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_and_what_is_rejected_is_recorded() {
    let data = tempfile::tempdir().unwrap();
    let engine = start(data.path()).await;
    let (member, guest) = (token(&engine, "alice", &["member"]), token(&engine, "bob", &["guest"]));
    let stream: StreamId = "comment/2".parse().unwrap();
    let create = |id| command(id, "comment/2", "CreateComment", &json!({ "subject": "picture/42", "text": "hello" }));
    send(&engine, &guest, stream.as_str(), create("c-guest")).await;
    send(&engine, &member, stream.as_str(), create("c-first")).await;
    send(&engine, &member, stream.as_str(), create("c-second")).await;
    send(&engine, &member, stream.as_str(), command("c-bad", "comment/2", "EditComment", &json!({ "text": "" }))).await;
    send(&engine, &member, "comment/3", create("c-elsewhere")).await;
    let refusal = |known: &Known| known.status.refusal.as_ref().map(|refusal| refusal.code.as_str());
    assert_eq!(refusal(&settled(&engine, "c-guest").await), Some("forbidden"));
    assert_eq!(settled(&engine, "c-first").await.status.status, Outcome::Committed);
    let second = settled(&engine, "c-second").await.status;
    assert_eq!(second.rejection.map(|rejection| rejection.code).as_deref(), Some("already-created"));
    let bad = settled(&engine, "c-bad").await;
    assert_eq!(refusal(&bad), Some("invalid"));
    assert_eq!(bad.status.refusal.unwrap().violations[0].pointer, "/data/text");
    assert_eq!(refusal(&settled(&engine, "c-elsewhere").await), Some("forbidden"));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_one_stream_keeps_its_order() {
    let data = tempfile::tempdir().unwrap();
    let engine = start(data.path()).await;
    let staff = token(&engine, "eve", &["staff"]);
    let stream = "room-type/resort:A";
    let open = command("open", stream, "OpenRoomType", &json!({ "hotel": "resort", "name": "A", "rooms": 1 }));
    let book = |n: u32| {
        let data = json!({ "bookingId": format!("b-{n}"), "guest": { "name": format!("Guest {n}") },
            "arrival": "2026-12-01", "departure": "2026-12-03", "party": { "adults": 2, "children": 0 } });
        command(&format!("book-{n}"), stream, "BookRoom", &data)
    };
    let cancel = command("cancel", stream, "CancelBooking", &json!({ "bookingId": "b-1" }));
    send(&engine, &staff, stream, json!([open, book(1), book(2), book(1), cancel])).await;
    let events = |known: Known| known.status.events.into_iter().map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(events(settled(&engine, "book-1").await), ["RoomBooked"]);
    assert_eq!(events(settled(&engine, "book-2").await), ["BookingWaitListed"]);
    assert_eq!(events(settled(&engine, "cancel").await), ["BookingCancelled", "WaitingBookingConfirmed"]);
    until_found(&engine, "bookings", "guest", 2).await;
    assert_eq!(differences(&engine).await, Vec::<String>::new());
    engine.stop().await;
}

/// A metric without labels, or the one of the label that is named.
fn metric(engine: &Engine, name: &str) -> u64 {
    let text = engine.metrics().unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("there is no metric `{name}`")).parse().unwrap()
}

/// What is known of commands once they are settled; waits until the queue is empty, so that replays were judged too.
async fn verdicts(engine: &Engine, ids: &[Id]) -> Vec<Known> {
    let tenant: Tenant = "demo".parse().unwrap();
    let wait = async {
        while metric(engine, "factmill_queue_messages") > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), wait).await.unwrap_or_else(|_| panic!("the queue was not emptied"));
    let known = engine.store.read(&tenant, ids).await.unwrap();
    known.into_iter().map(|known| known.unwrap_or_else(|| panic!("a command is unknown"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_who_register_one_email_one_wins_at_once_and_on_every_replay() {
    const MANY: usize = 1_000;
    let data = tempfile::tempdir().unwrap();
    let engine = start(data.path()).await;
    let staff = token(&engine, "sam", &["staff"]);
    let commands: Vec<_> = (0..MANY)
        .map(|n| {
            let email = if n % 2 == 0 { "one@example.org" } else { "ONE@example.ORG" };
            let register = json!({ "name": format!("Customer {n}"), "email": email });
            command(&format!("r-{n}"), &format!("customer/c-{n}"), "RegisterCustomer", &register)
        })
        .collect();
    let ids: Vec<Id> = (0..MANY).map(|n| format!("r-{n}").parse().unwrap()).collect();
    let messages = |token: &str| {
        let message = |command: &Value| Message {
            group: format!("demo/{}", command["stream"].as_str().unwrap()),
            body: command.to_string(),
            authorization: token.to_owned(),
            traceparent: None,
            task_token: None,
        };
        commands.iter().map(message).collect::<Vec<_>>()
    };
    for sent in engine.store.queue().send(messages(&staff)).await {
        sent.unwrap();
    }
    let first = verdicts(&engine, &ids).await;
    let rejection = |known: &Known| known.status.rejection.as_ref().map(|rejection| rejection.code.clone());
    let won: Vec<_> = first.iter().filter(|known| known.status.status == Outcome::Committed).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(first.iter().filter(|known| rejection(known).as_deref() == Some("email-taken")).count(), MANY - 1);
    // who loses the race in the store is told so when it decides again: each at most once
    let conflicts = metric(&engine, "factmill_conflicts_total");
    println!("{conflicts} conflicts");
    assert!(conflicts < MANY as u64, "{conflicts}");
    assert_eq!(metric(&engine, "factmill_messages_released_total"), 0);

    // replayed at the same process, and at another one that knows nothing but the folder
    let (mut engine, mut commits) = (engine, None);
    for _ in 0..2 {
        for sent in engine.store.queue().send(messages(&staff)).await {
            sent.unwrap();
        }
        assert_eq!(verdicts(&engine, &ids).await, first);
        let head = *engine.store.tail().position().borrow();
        assert_eq!(head, *commits.get_or_insert(head), "a replay commits nothing");
        assert_eq!(head, MANY as u64);
        engine.stop().await;
        drop(engine);
        engine = start(data.path()).await;
    }
    assert_eq!(differences(&engine).await, Vec::<String>::new());
    engine.stop().await;
}
