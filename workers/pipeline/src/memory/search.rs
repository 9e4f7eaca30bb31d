//! A search index of maps and plain loops: slow, and simple enough to be believed. What the real ones are compared to.

mod aggregate;
mod evaluate;
mod words;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use kernel::{StreamId, Tenant, catalog::ViewSpec, query::Query};

use crate::ports::{
    Unavailable,
    search::{Content, Entry, Found, Hit, Key, Put, Scope, SearchError, SearchIndex, values},
};

type Entries = BTreeMap<Key, Arc<Entry>>;

#[derive(Default)]
struct Stored {
    entries: Entries,
    /// What searches see: the entries as they were at the last refresh.
    visible: Entries,
}

/// An index of all views, in memory. Searches see what was refreshed, reads see everything.
#[derive(Default)]
pub struct MemoryIndex {
    views: Mutex<HashMap<String, Stored>>,
}

impl MemoryIndex {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    fn views(&self) -> MutexGuard<'_, HashMap<String, Stored>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, view: &ViewSpec, work: impl FnOnce(&mut Stored) -> T) -> T {
        work(self.views().entry(format!("{}-{}", view.name(), view.revision())).or_default())
    }
}

fn check(view: &ViewSpec, entry: &Entry) -> Result<(), String> {
    let Content::Shown(body) = &entry.content else { return Ok(()) };
    for (name, value) in body.iter() {
        let field = view.field(name).ok_or_else(|| format!("`{name}` is not a field of the view"))?;
        values(field, value)?;
    }
    Ok(())
}

impl Stored {
    fn put(&mut self, view: &ViewSpec, entry: Entry) -> Put {
        if self.entries.get(&entry.key).is_some_and(|known| known.version >= entry.version) {
            return Put::Newer;
        }
        if let Err(reason) = check(view, &entry) {
            return Put::Refused(reason);
        }
        self.entries.insert(entry.key.clone(), Arc::new(entry));
        Put::Accepted
    }
}

#[async_trait]
impl SearchIndex for MemoryIndex {
    async fn get(&self, view: &ViewSpec, keys: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable> {
        let read = |stored: &mut Stored, key| stored.entries.get(key).map(|entry| Entry::clone(entry));
        Ok(self.with(view, |stored| keys.iter().map(|key| read(stored, key)).collect()))
    }

    async fn put(&self, view: &ViewSpec, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        Ok(self.with(view, |stored| entries.into_iter().map(|entry| stored.put(view, entry)).collect()))
    }

    async fn refresh(&self, view: &ViewSpec) -> Result<(), Unavailable> {
        self.with(view, |stored| stored.visible.clone_from(&stored.entries));
        Ok(())
    }

    async fn search(&self, view: &ViewSpec, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
        let visible = self.with(view, |stored| stored.visible.clone());
        evaluate::search(view, visible.values(), scope, query)
    }

    async fn find(&self, view: &ViewSpec, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable> {
        let visible = self.with(view, |stored| stored.visible.clone());
        evaluate::find(view, visible.values(), scope, id)
    }

    async fn entries(&self, view: &ViewSpec, tenant: &Tenant, stream: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        let of_stream = |entry: &&Arc<Entry>| entry.tenant == *tenant && entry.stream == *stream;
        let read =
            |stored: &mut Stored| stored.entries.values().filter(of_stream).map(|entry| Entry::clone(entry)).collect();
        Ok(self.with(view, read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::search_index_laws!((MemoryIndex::new(), ()));
}
