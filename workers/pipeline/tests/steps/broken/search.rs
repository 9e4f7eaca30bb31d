//! Search indexes.

use async_trait::async_trait;
use kernel::{StreamId, Tenant, catalog::ViewSpec, query::Query};
use pipeline::{
    memory::search::MemoryIndex,
    ports::{
        Unavailable,
        search::{Content, Entry, Found, Hit, Key, Put, Scope, SearchError, SearchIndex},
    },
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    /// The same version is taken again.
    TakesEqualVersions,
    /// Any tenant's documents are found.
    MixesTenants,
    /// Any row is found.
    IgnoresRows,
    /// A refused entry keeps all of its bulk out.
    AllOrNothing,
    /// A tombstone is not kept.
    ForgetsRemoved,
    /// A cursor is kept as if it were a removed document.
    LosesCursors,
}

struct Broken(MemoryIndex, Bug);

fn zeta() -> Tenant {
    "zeta".parse().unwrap()
}

#[async_trait]
impl SearchIndex for Broken {
    async fn get(&self, view: &ViewSpec, keys: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable> {
        self.0.get(view, keys).await
    }

    async fn put(&self, view: &ViewSpec, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        let mut results = Vec::new();
        for entry in entries {
            let (key, removed) = (entry.key.clone(), entry.content == Content::Removed);
            let kept = self.0.get(view, std::slice::from_ref(&key)).await?.remove(0);
            let shown = |kept: Entry| kept.version == entry.version && matches!(kept.content, Content::Shown(_));
            let same = kept.is_some_and(shown);
            results.push(match self.1 {
                Bug::TakesEqualVersions if same => Put::Accepted,
                Bug::ForgetsRemoved if removed && entry.version == 4 => Put::Accepted,
                Bug::LosesCursors if matches!(entry.content, Content::Cursor { version: 9, .. }) => {
                    self.0.put(view, vec![Entry { content: Content::Removed, ..entry }]).await?.remove(0)
                }
                Bug::AllOrNothing if results.iter().any(|put| matches!(put, Put::Refused(_))) => Put::Busy,
                _ => self.0.put(view, vec![entry]).await?.remove(0),
            });
        }
        Ok(results)
    }

    async fn refresh(&self, view: &ViewSpec) -> Result<(), Unavailable> {
        self.0.refresh(view).await
    }

    async fn search(&self, view: &ViewSpec, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
        match self.1 {
            Bug::MixesTenants => {
                let mut found = self.0.search(view, scope, query).await?;
                let theirs = self.0.search(view, &Scope { tenant: zeta(), rows: None }, query).await?;
                found.total += theirs.total;
                found.hits.extend(theirs.hits);
                Ok(found)
            }
            Bug::IgnoresRows => self.0.search(view, &Scope { rows: None, ..scope.clone() }, query).await,
            _ => self.0.search(view, scope, query).await,
        }
    }

    async fn find(&self, view: &ViewSpec, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable> {
        self.0.find(view, scope, id).await
    }

    async fn entries(&self, view: &ViewSpec, tenant: &Tenant, stream: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        self.0.entries(view, tenant, stream).await
    }
}

macro_rules! failing {
    ($fresh:expr; $($room:ident :: $law:ident),+ $(,)?) => {{
        let mut failed = Vec::new();
        $(
            let index = $fresh;
            if super::fails(pipeline::laws::search_index::$room::$law(&index)).await {
                failed.push(stringify!($law));
            }
        )+
        failed
    }};
}

#[tokio::test]
async fn each_broken_index_fails_its_own_law() {
    for (bug, laws) in [
        (Bug::TakesEqualVersions, &["the_same_or_an_older_version_changes_nothing"][..]),
        (Bug::MixesTenants, &["another_tenants_documents_are_never_seen"]),
        (Bug::IgnoresRows, &["a_row_filter_hides_the_others_documents"]),
        (Bug::AllOrNothing, &["entries_of_one_bulk_succeed_and_fail_by_themselves"]),
        (Bug::ForgetsRemoved, &["a_removed_document_keeps_its_version_and_is_not_found"]),
        (Bug::LosesCursors, &["a_cursor_is_apart_from_its_streams_documents"]),
    ] {
        let failed = pipeline::search_index_laws!([failing] Broken(MemoryIndex::new(), bug));
        assert_eq!(failed, laws, "{bug:?}");
    }
}
