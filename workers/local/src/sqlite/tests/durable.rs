//! What survives, and what is refused.

use std::{path::Path, sync::Arc};

use pipeline::{
    FailPoint,
    laws::{
        queue::message,
        sample::{append, id, stream},
    },
    ports::{
        clock::SystemClock,
        commits::{AppendError, CommitStore, Position},
        queue::{CommandQueue, Message, SendError},
        status::{Outcome, StatusStore},
    },
};
use rusqlite::Connection;

use super::{
    super::{FILE, OpenError, Store, queue::Limits, writer::Writer},
    fresh, open, receive,
};

fn try_open(folder: &Path) -> Result<Store, OpenError> {
    Store::open(folder, Arc::new(SystemClock), Limits::default())
}

#[tokio::test]
async fn a_message_survives_until_it_is_acknowledged() {
    let (store, folder) = fresh();
    store.queue().send(vec![message("a/1", "c1")]).await.remove(0).unwrap();
    assert_eq!(receive(&store).await[0].receives, 1);
    drop(store);

    let store = open(folder.path());
    let again = receive(&store).await.remove(0);
    assert_eq!((again.receives, &*again.message), (2, &message("a/1", "c1")));
    store.queue().acknowledge(&[again.receipt]);
    drop(store);

    assert_eq!(open(folder.path()).queue().depth(), 0);
}

#[tokio::test]
async fn a_message_that_kills_the_process_is_counted() {
    let (store, folder) = fresh();
    store.queue().send(vec![message("a/1", "c1")]).await.remove(0).unwrap();
    drop(store);
    for receives in 2..5 {
        assert_eq!(receive(&open(folder.path())).await[0].receives, receives);
    }
}

#[tokio::test]
async fn what_was_answered_is_in_the_file_at_that_moment() {
    let (store, folder) = fresh();
    let start = Position::start(stream("count/a"));
    store.queue().send(vec![message("count/a", "c1"), message("count/b", "c2")]).await.remove(0).unwrap();
    store.append(vec![append(&start, "c1")]).await.remove(0).unwrap();
    store.queue().acknowledge(&[receive(&store).await[0].receipt]);
    store.flush().await.unwrap();

    // as a crash would leave it: the file and its write-ahead log, without a close
    let copy = tempfile::tempdir().unwrap();
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        std::fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let crashed = open(copy.path());
    let ids = [id("c1"), id("c2")];
    let known = StatusStore::read(&crashed, &start.key().tenant, &ids).await.unwrap();
    let outcomes = known.iter().flatten().map(|known| known.status.status).collect::<Vec<_>>();
    assert_eq!(outcomes, [Outcome::Committed, Outcome::Queued]);
    assert_eq!(crashed.queue().depth(), 1);
}

#[tokio::test]
async fn writes_that_wait_share_a_transaction() {
    let (store, _folder) = fresh();
    let before = store.transactions();
    let appends = (0..200).map(|number| {
        let start = Position::start(stream(&format!("count/{number}")));
        store.append(vec![append(&start, "c1")])
    });
    futures_util::future::join_all(appends).await;
    assert!(store.transactions() - before < 100, "{} transactions", store.transactions() - before);
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let db = Connection::open(folder.path().join(FILE)).unwrap();
    let mut db = db;
    super::super::schema::prepare(&mut db).unwrap();
    super::super::tune(&db).unwrap();
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let lock = Arc::new(std::fs::File::create(folder.path().join("other")).unwrap());
    db.pragma_update(None, "max_page_count", pages + 10).unwrap();
    let store = Store::with_connection(db, lock, folder.path(), Arc::new(SystemClock), Limits::default()).unwrap();

    let long = |id: &str| Message { traceparent: Some("x".repeat(30_000)), ..message("a/1", id) };
    store.queue().send(vec![long("c1")]).await.remove(0).unwrap();
    let refused = store.queue().send(vec![long("c2")]).await.remove(0);
    assert!(matches!(refused, Err(SendError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.queue().depth(), 1);
    let start = Position::start(stream("count/a"));
    store.append(vec![append(&start, "c1")]).await.remove(0).unwrap();

    store.queue().acknowledge(&[receive(&store).await[0].receipt]);
    store.flush().await.unwrap();
    store.queue().send(vec![long("c3")]).await.remove(0).unwrap();
    let again = store.append(vec![append(&start, "c2")]).await.remove(0);
    assert!(matches!(again, Err(AppendError::Conflict)));
    assert_eq!(super::ids(&receive(&store).await), ["c3"]);
}

#[tokio::test]
async fn whoever_waits_for_an_ended_writer_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let db = Connection::open(folder.path().join(FILE)).unwrap();
    let lock = Arc::new(std::fs::File::create(folder.path().join("lock")).unwrap());
    let writer = Writer::start(db, lock).unwrap();
    let panicked = writer
        .write((FailPoint::Status, FailPoint::Recorded), |_| -> rusqlite::Result<()> { panic!("on purpose") }, |_| ())
        .await;
    assert!(panicked.is_err());
    assert!(writer.write((FailPoint::Status, FailPoint::Recorded), |_| Ok(()), |_| ()).await.is_err());
    assert!(writer.flush().await.is_err());
}

#[test]
fn a_second_process_is_kept_out() {
    let (store, folder) = fresh();
    let second = try_open(folder.path()).err().unwrap();
    assert!(matches!(second, OpenError::InUse { .. }), "{second}");
    drop(store);
    try_open(folder.path()).unwrap();
}

#[test]
fn a_folder_of_a_newer_format_is_refused() {
    let (store, folder) = fresh();
    drop(store);
    let db = Connection::open(folder.path().join(FILE)).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let newer = try_open(folder.path()).err().unwrap();
    assert!(newer.to_string().contains("format 99, and this program knows up to 1"), "{newer}");
}

#[test]
fn a_database_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Connection::open(folder.path().join(FILE)).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let foreign = try_open(folder.path()).err().unwrap();
    assert!(matches!(foreign, OpenError::Foreign { .. }), "{foreign}");
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = try_open(&file).err().unwrap();
    assert!(matches!(refused, OpenError::Folder { .. }), "{refused}");
}
