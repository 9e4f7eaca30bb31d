//! A projection, and an index in which another projector runs between any two calls.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use kernel::{
    StreamId, Tenant,
    catalog::{Parked, ViewSpec},
    query::Query,
};
use pipeline::{
    ports::{
        Unavailable,
        commits::{CommitStore, Stored},
        search::{Content, Entry, Found, Hit, Key, Put, Scope, SearchError, SearchIndex},
    },
    steps::project::project,
};

use serde_json::{Map, Value};

use super::{doubles::Tapped, key};
use crate::host;

/// What an index does with an entry, where a test wants something else than the real thing.
pub(crate) type Meddle = Box<dyn FnMut(&Entry) -> Option<Put> + Send>;

/// How the index is broken, if it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Bug {
    #[default]
    None,
    /// Documents are told as they were before the cursor was read.
    CursorAfterDocuments,
    /// Documents have no version: every event is above it.
    TwoFolds,
}

/// The host's index. At a call of one's choice another projector does all its work first.
pub(crate) struct Index {
    pub(crate) inner: host::Views,
    _rest: host::Rest,
    /// How many calls were made.
    calls: Mutex<usize>,
    rival: Mutex<Option<Rival>>,
    meddle: Mutex<Option<Meddle>>,
    pub(crate) bug: Bug,
    /// The documents before the first call.
    before: Mutex<Option<Vec<Entry>>>,
    /// What was called, and how much of it.
    pub(crate) log: Mutex<Vec<String>>,
}

impl Default for Index {
    fn default() -> Self {
        let (inner, rest) = host::views();
        Self {
            inner,
            _rest: rest,
            calls: Mutex::default(),
            rival: Mutex::default(),
            meddle: Mutex::default(),
            bug: Bug::default(),
            before: Mutex::default(),
            log: Mutex::default(),
        }
    }
}

struct Rival {
    before_call: usize,
    view: Arc<ViewSpec>,
    store: Arc<Tapped>,
    commits: Vec<Arc<Stored>>,
}

impl Index {
    /// Another projector runs to its end before the call of this number.
    pub(crate) fn with_rival(
        before_call: usize,
        view: &Arc<ViewSpec>,
        store: &Arc<Tapped>,
        commits: &[Arc<Stored>],
    ) -> Self {
        let rival = Rival { before_call, view: view.clone(), store: store.clone(), commits: commits.to_vec() };
        Self { rival: Mutex::new(Some(rival)), ..Self::default() }
    }

    pub(crate) fn meddle(&self, meddle: impl FnMut(&Entry) -> Option<Put> + Send + 'static) {
        *self.meddle.lock().unwrap() = Some(Box::new(meddle));
    }

    async fn call(&self, name: &str, size: usize) {
        self.log.lock().unwrap().push(format!("{name} {size}"));
        let rival = {
            let mut calls = self.calls.lock().unwrap();
            let number = *calls;
            *calls += 1;
            self.rival.lock().unwrap().take_if(|rival| rival.before_call == number)
        };
        if let Some(rival) = rival {
            project(&rival.view, &*rival.store, &self.inner, &rival.commits).await.unwrap();
        }
    }

    /// Whether the other projector has run.
    pub(crate) fn met_its_rival(&self) -> bool {
        self.rival.lock().unwrap().is_none()
    }

    /// All of a stream's entries, in a form that can be compared and read.
    pub(crate) async fn all(&self, view: &ViewSpec, stream: &str) -> BTreeMap<String, String> {
        let key = key(stream);
        let entries = self.inner.entries(view, &key.tenant, &key.stream).await.unwrap();
        entries.into_iter().map(|entry| (entry.id.clone(), plain(&entry))).collect()
    }
}

/// An entry as a line.
pub(crate) fn plain(entry: &Entry) -> String {
    let parked = |parked: &Parked| format!("{}: {}", parked.version, parked.reason);
    let body = |body: &Map<String, Value>| {
        let own = |(name, _): &(&String, _)| !["stream", "createdAt", "updatedAt", "item"].contains(&name.as_str());
        serde_json::to_string(&body.iter().filter(own).collect::<BTreeMap<_, _>>()).unwrap()
    };
    let content = match &entry.content {
        Content::Shown(shown) => format!("shown {}", body(shown)),
        Content::Refused { body: hidden, .. } => format!("refused {}", body(hidden)),
        Content::Parked { body: hidden, parked: why } => {
            format!("parked {} at {}", hidden.as_ref().map(|hidden| body(hidden)).unwrap_or_default(), parked(why))
        }
        Content::Removed => "removed".to_owned(),
        Content::Cursor { version, memo, parked: why } => {
            format!("cursor at {version} {memo} {}", why.as_ref().map(parked).unwrap_or_default())
        }
    };
    format!("{} {content}", entry.version)
}

#[async_trait]
impl SearchIndex for Index {
    async fn get(&self, view: &ViewSpec, keys: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable> {
        let a = key("toy/a");
        let before = self.inner.entries(view, &a.tenant, &a.stream).await?;
        let before = self.before.lock().unwrap().get_or_insert(before).clone();
        self.call("get", keys.len()).await;
        let mut entries = self.inner.get(view, keys).await?;
        let documents = self.log.lock().unwrap().len() == 2;
        for (entry, key) in entries.iter_mut().zip(keys).filter(|_| documents) {
            match self.bug {
                Bug::None => {}
                Bug::CursorAfterDocuments => *entry = before.iter().find(|entry| entry.key == *key).cloned(),
                Bug::TwoFolds => entry.iter_mut().for_each(|entry| entry.version = 0),
            }
        }
        Ok(entries)
    }

    async fn put(&self, view: &ViewSpec, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        self.call("put", entries.len()).await;
        let mut told: VecDeque<Option<Put>> = match &mut *self.meddle.lock().unwrap() {
            Some(meddle) => entries.iter().map(meddle).collect(),
            None => entries.iter().map(|_| None).collect(),
        };
        let mut results = Vec::new();
        for entry in entries {
            results.push(match told.pop_front().flatten() {
                Some(put) => put,
                None => self.inner.put(view, vec![entry]).await?.remove(0),
            });
        }
        Ok(results)
    }

    async fn refresh(&self, view: &ViewSpec) -> Result<(), Unavailable> {
        self.inner.refresh(view).await
    }

    async fn search(&self, view: &ViewSpec, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
        self.inner.search(view, scope, query).await
    }

    async fn find(&self, view: &ViewSpec, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable> {
        self.inner.find(view, scope, id).await
    }

    async fn entries(&self, view: &ViewSpec, tenant: &Tenant, stream: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        self.inner.entries(view, tenant, stream).await
    }
}

/// What a view becomes when all of a store's commits come once, in order.
pub(crate) async fn from_scratch(view: &ViewSpec, store: &Tapped, stream: &str) -> BTreeMap<String, String> {
    let index = Index::default();
    let commits = CommitStore::read(&store.store, &key(stream), 1, usize::MAX).await.unwrap().commits;
    for stored in commits {
        project(view, store, &index, &[stored]).await.unwrap();
    }
    index.all(view, stream).await
}
