//! The steps over SQLite and tantivy: the tests of the steps, on this host's adapters.

#![expect(clippy::unwrap_used, reason = "what a test needs is there, or the test fails")]
#![expect(clippy::panic, reason = "the domain breaks on command")]
#![expect(dead_code, reason = "some doubles serve tests that need no host")]

#[path = "../../pipeline/tests/steps/admission.rs"]
mod admission;
#[path = "../../pipeline/tests/steps/dispatch.rs"]
mod dispatch;
#[path = "../../pipeline/tests/steps/persist/mod.rs"]
mod persist;
#[path = "../../pipeline/tests/steps/project/mod.rs"]
mod project;
#[path = "../../pipeline/tests/steps/relay.rs"]
mod relay;
#[path = "../../pipeline/tests/steps/support/mod.rs"]
mod support;
#[path = "../../pipeline/tests/steps/verify/mod.rs"]
mod verify;

/// What the steps are tested on: SQLite and tantivy, in folders of their own.
mod host {
    use std::{sync::Arc, time::Duration};

    use kernel::StreamKey;
    use local::sqlite::{self, queue::Limits};
    use pipeline::ports::{clock::SystemClock, commits::Stored, queue::Failed};
    use rusqlite::Connection;
    use tempfile::TempDir;

    pub(crate) type Store = sqlite::Store;
    pub(crate) type Views = local::search::TantivyIndex;
    /// What must outlive a store or an index.
    pub(crate) type Rest = TempDir;

    /// Of a test's thousands of cases, every so manieth is tried: each costs an index. A prime, so that no kind of case
    /// is left out.
    pub(crate) const EVERY: usize = 61;

    pub(crate) fn store() -> (Store, Rest) {
        let folder = tempfile::tempdir().unwrap();
        (Store::open(folder.path(), Arc::new(SystemClock), Limits::default()).unwrap(), folder)
    }

    pub(crate) fn views() -> (Views, Rest) {
        let (folder, catalog) = (tempfile::tempdir().unwrap(), crate::support::catalog());
        (Views::open(folder.path(), catalog.views()).unwrap(), folder)
    }

    /// The store's file, beside the store.
    fn file(folder: &Rest) -> Connection {
        let file = Connection::open(folder.path().join(sqlite::FILE)).unwrap();
        file.busy_timeout(Duration::from_secs(10)).unwrap();
        file
    }

    /// Every commit, in the order in which they were appended.
    pub(crate) async fn log(store: &Store, _: &Rest) -> Vec<Arc<Stored>> {
        let logged = store.tail().read(0, usize::MAX).await.unwrap();
        logged.into_iter().map(|logged| logged.stored.unwrap()).collect()
    }

    /// Forgets a stream's commits but not their claims, as a restore of an older copy would.
    pub(crate) async fn lose(_: &Store, folder: &Rest, key: &StreamKey) {
        let file = file(folder);
        let stream = key.to_string();
        file.execute("DELETE FROM commands WHERE pos IN (SELECT pos FROM commits WHERE stream = ?1)", [&stream])
            .unwrap();
        file.execute("DELETE FROM commits WHERE stream = ?1", [&stream]).unwrap();
        std::future::ready(()).await;
    }

    /// The commands that were given up, oldest first.
    pub(crate) async fn failures(_: &Store, folder: &Rest) -> Vec<Failed> {
        let file = file(folder);
        let mut select = file.prepare("SELECT failed FROM inbox ORDER BY received_at").unwrap();
        let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        std::future::ready(rows.map(|row| serde_json::from_str(&row.unwrap()).unwrap()).collect()).await
    }
}
