//! The embedded search index: one tantivy index for each view, disposable and rebuilt from the log of commits.
//!
//! [`TantivyIndex`] is the port's adapter; start with `store`, one view's index.

mod aggregate;
mod background;
mod cells;
mod directory;
mod filter;
mod layout;
pub mod limits;
mod lookup;
mod page;
mod query;
mod range;
mod recent;
mod store;
mod stored;
mod walk;
mod words;

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use kernel::{StreamId, Tenant, catalog::ViewSpec, query::Query};
use pipeline::ports::{
    Unavailable,
    search::{Entry, Found, Hit, Key, Put, Scope, SearchError, SearchIndex},
};
use tokio::{sync::Mutex, task::spawn_blocking};

use background::Background;
use recent::Known;
pub use store::Position;
use store::Store;
pub use words::words;

/// More entries than this don't wait for a commit: the writer commits by itself, so that memory stays bounded.
const MOST_WAITING: usize = 8_192;
/// How many views are written at the same time.
const WRITERS: usize = 4;

/// The indexes of all views, in one folder.
///
/// INVARIANT: a view's position tells only of entries that are surely in its index as it would be opened again.
pub struct TantivyIndex {
    views: HashMap<&'static str, View>,
    background: Background,
}

#[derive(Clone)]
struct View {
    store: Arc<Store>,
    /// Held by who commits.
    committing: Arc<Mutex<()>>,
}

impl TantivyIndex {
    /// Opens the views' indexes in `<data>/index`, and removes those of other views and revisions. An index that is
    /// damaged or new has no position. Blocks.
    pub fn open<'a>(data: &Path, views: impl IntoIterator<Item = &'a Arc<ViewSpec>>) -> Result<Self, Unavailable> {
        let root = data.join("index");
        let (mut opened, mut kept) = (HashMap::new(), HashSet::new());
        let background = Background::new(WRITERS)?;
        for view in views {
            let folder = store::folder(&root, view);
            kept.insert(folder.clone());
            let spec = view.clone();
            let store = Arc::new(background.wait(move || Store::open(&folder, &spec))??);
            let filled = store.clone();
            background.start(move || filled.fill_filter());
            opened.insert(view.name(), View { store, committing: Arc::default() });
        }
        let failed = |error| Unavailable::new("the index", error);
        fs::create_dir_all(&root).map_err(failed)?;
        for entry in fs::read_dir(&root).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() && !kept.contains(&entry.path()) {
                fs::remove_dir_all(entry.path()).map_err(failed)?;
            }
        }
        Ok(Self { views: opened, background })
    }

    /// How far the view had followed the log at its last commit; `None` if it must follow from the start.
    pub fn position(&self, view: &ViewSpec) -> Result<Option<Position>, Unavailable> {
        Ok(self.view(view)?.store.position())
    }

    /// Makes all that was accepted before the call visible, and keeps the position with it. The caller says that
    /// every entry up to there was put before.
    pub async fn commit(&self, view: &ViewSpec, position: Position) -> Result<(), Unavailable> {
        let view = self.view(view)?;
        let committing = view.committing.clone().lock_owned().await;
        let write = move || {
            let done = view.store.commit(Some(position));
            drop(committing);
            done
        };
        self.background.run(write).await?
    }

    /// Goes back to the last commit after a write or commit failed: what was accepted since is gone. The caller
    /// follows the log again from the position that is returned.
    pub async fn recover(&self, view: &ViewSpec) -> Result<Option<Position>, Unavailable> {
        let view = self.view(view)?;
        let committing = view.committing.clone().lock_owned().await;
        let write = move || {
            let done = view.store.recover();
            drop(committing);
            done
        };
        self.background.run(write).await?
    }

    /// Removes all entries and the position, since they are of another log.
    pub async fn clear(&self, view: &ViewSpec) -> Result<(), Unavailable> {
        let view = self.view(view)?;
        let committing = view.committing.clone().lock_owned().await;
        let write = move || {
            let done = view.store.clear();
            drop(committing);
            done
        };
        self.background.run(write).await?
    }

    fn view(&self, view: &ViewSpec) -> Result<View, Unavailable> {
        let unknown = || Unavailable::new("the index", format!("`{}` is not one of its views", view.name()));
        self.views.get(view.name()).cloned().ok_or_else(unknown)
    }

    async fn store<T: Send + 'static>(
        &self,
        view: &ViewSpec,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let store = self.view(view)?.store;
        blocking(move || work(&store)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unavailable> {
    spawn_blocking(work).await.map_err(|error| Unavailable::new("the index", error))
}

#[async_trait]
impl SearchIndex for TantivyIndex {
    async fn get(&self, view: &ViewSpec, keys: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable> {
        let store = self.view(view)?.store;
        let known: Option<Vec<_>> = {
            let mut recent = store.recent();
            keys.iter().map(|key| recent.get(key).or_else(|| store.surely_lacks(key))).collect()
        };
        let found = if let Some(known) = known {
            known
        } else {
            let keys = keys.to_vec();
            blocking(move || keys.iter().map(|key| store.get(key)).collect::<Result<Vec<_>, _>>()).await??
        };
        Ok(found.into_iter().map(|Known(entry)| entry.map(Arc::unwrap_or_clone)).collect())
    }

    async fn put(&self, view: &ViewSpec, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        let store = self.view(view)?.store;
        let write = move || store.put(entries).map(|told| (told, store.recent().waiting()));
        let (told, waiting) = self.background.run(write).await??;
        if waiting > MOST_WAITING {
            self.refresh(view).await?;
        }
        Ok(told)
    }

    async fn refresh(&self, view: &ViewSpec) -> Result<(), Unavailable> {
        let view = self.view(view)?;
        let wanted = view.store.recent().accepted();
        if view.store.recent().visible() >= wanted {
            return Ok(());
        }
        let committing = view.committing.clone().lock_owned().await;
        if view.store.recent().visible() >= wanted {
            return Ok(()); // another one's refresh
        }
        let write = move || {
            let done = view.store.commit(view.store.position());
            drop(committing);
            done
        };
        self.background.run(write).await?
    }

    async fn search(&self, view: &ViewSpec, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
        let (scope, query) = (scope.clone(), query.clone());
        self.store(view, move |store| store.search(&scope, &query)).await?
    }

    async fn find(&self, view: &ViewSpec, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable> {
        let (scope, id) = (scope.clone(), id.to_owned());
        self.store(view, move |store| store.find(&scope, &id)).await?
    }

    async fn entries(&self, view: &ViewSpec, tenant: &Tenant, stream: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        self.refresh(view).await?;
        let (tenant, stream) = (tenant.clone(), stream.clone());
        self.store(view, move |store| store.entries(&tenant, &stream)).await?
    }
}
