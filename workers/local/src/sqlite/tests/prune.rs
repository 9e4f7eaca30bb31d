//! What is forgotten, and what is not.

use jiff::SignedDuration;
use kernel::{Code, Refusal};
use pipeline::{
    laws::{
        inbox::failed,
        sample::{id, second, stream},
    },
    ports::{
        queue::FailureInbox,
        status::{About, Known, StatusStore},
    },
};

use super::{super::prune::Pruned, Store, fresh, open};

/// A refusal of a delivery.
async fn refuse(store: &Store, text: &str, seconds: i64) {
    let (key, id, at) = (stream("count/a"), id(text), second(seconds));
    let about = About { id: &id, stream: &key.stream, kind: "Count", digest: None, actor: "alice", received_at: at };
    let known = Known::refused(about, Refusal::new(Code::Forbidden, "no"), at);
    store.record(&key.tenant, vec![known]).await.unwrap();
}

async fn known(store: &Store) -> Vec<bool> {
    let ids = ["c0", "c1", "c2", "c3", "c4"].map(id);
    let known = store.read(&stream("count/a").tenant, &ids).await.unwrap();
    known.iter().map(Option::is_some).collect()
}

#[tokio::test]
async fn what_is_older_than_a_time_is_forgotten_so_much_at_once_and_the_oldest_first() {
    let (store, folder) = fresh();
    // in another order than that of the keys
    for (command, at) in [("c0", 30), ("c1", 10), ("c2", 40), ("c3", 20), ("c4", 0)] {
        refuse(&store, command, at).await;
        store.keep(&failed("count/a", command, at)).await.unwrap();
    }
    store.keep(&failed("count/a", "c0", 30)).await.unwrap();
    assert_eq!(store.failures(), 5, "each delivery once");
    let before = second(40);
    assert_eq!(store.prune(before, 3).await.unwrap(), Pruned { refusals: 3, failures: 3 });
    assert_eq!(known(&store).await, [true, false, true, false, false]);
    assert_eq!(store.failures(), 2);
    assert_eq!(store.prune(before, 3).await.unwrap(), Pruned { refusals: 1, failures: 1 });
    assert_eq!(store.prune(before, 3).await.unwrap(), Pruned { refusals: 0, failures: 0 });
    assert_eq!(known(&store).await, [false, false, true, false, false], "what is as old as the time stays");
    // a refused command that is sent again is received again
    refuse(&store, "c1", 50).await;
    store.prune(second(50), 3).await.unwrap();
    assert_eq!(known(&store).await, [false, true, false, false, false]);
    store.keep(&failed("count/b", "c9", 60)).await.unwrap();
    drop(store);
    assert_eq!(open(folder.path()).failures(), 1, "counted again at the next start");
}

#[tokio::test]
async fn what_is_forgotten_is_found_by_its_age() {
    let (store, _folder) = fresh();
    let plan = async |table: &'static str| {
        let read = move |db: &rusqlite::Connection| {
            let sql =
                format!("EXPLAIN QUERY PLAN SELECT id FROM {table} WHERE received_at < 7 ORDER BY received_at LIMIT 3");
            Ok(db.query_row(&sql, [], |row| row.get::<_, String>(3))?)
        };
        store.inner.readers.read("explain", read).await.unwrap()
    };
    for table in ["refusals", "inbox"] {
        let plan = plan(table).await;
        assert!(plan.contains(&format!("{table}_by_age")), "{plan}: a whole table is not read for it");
    }
    assert!(store.prune(second(0) - SignedDuration::from_hours(1), 3).await.is_ok());
}
