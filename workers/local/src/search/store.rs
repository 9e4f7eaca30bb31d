//! One view's index: its folder, its writer, and what readers see of it.

use std::{
    collections::HashSet,
    fs, io,
    panic::catch_unwind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use kernel::{StreamId, Tenant, catalog::ViewSpec, query::Query};
use pipeline::ports::{
    Unavailable,
    search::{Entry, Found, Hit, Key, Put, Scope, SearchError},
};
use serde::{Deserialize, Serialize};
use tantivy::{
    DocAddress, Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
    collector::DocSetCollector,
    index::SegmentId,
    indexer::IndexWriterOptions,
    query::TermQuery,
    schema::{IndexRecordOption, Value},
};

use super::{
    directory::{self, Unsynced},
    filter::Filter,
    layout::{Layout, owner},
    lookup::Lookup,
    query,
    recent::{Known, Recent},
    stored, walk,
    words::{WORDS, analyzer},
};

/// How far a view has followed the log of commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last commit's place in the log.
    pub pos: u64,
    /// Its hash, by which another log is noticed.
    pub hash: String,
}

/// Bytes that the writer collects before it writes a segment.
pub(super) const MEMORY: usize = 16_000_000;

/// A view's index. All of it blocks.
pub(super) struct Store {
    view: &'static str,
    layout: Layout,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    recent: Mutex<Recent>,
    filter: Filter,
    lookup: RwLock<Arc<Lookup>>,
    position: Mutex<Option<Position>>,
}

impl Store {
    /// Opens the view's index; one that is damaged, or of other fields, is begun anew.
    pub(super) fn open(folder: &Path, view: &ViewSpec) -> Result<Self, Unavailable> {
        // damaged files make the library panic too
        let opened = catch_unwind(|| Self::try_open(folder, view));
        let opened = opened.unwrap_or_else(|_| Err(Broken("reading it panicked".into())));
        opened.or_else(|reason| {
            tracing::warn!(view = view.name(), %reason, "the index can't be opened and is built anew");
            let failed = |error: io::Error| Unavailable::new("the index", error);
            fs::remove_dir_all(folder).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(failed(error)),
            })?;
            Self::try_open(folder, view).map_err(|reason| Unavailable::new("the index", reason))
        })
    }

    fn try_open(folder: &Path, view: &ViewSpec) -> Result<Self, Broken> {
        fs::create_dir_all(folder)?;
        let layout = Layout::of(view);
        let files = Unsynced::open(folder)?;
        let found = Index::exists(&files).map_err(|error| Broken(error.to_string()))?;
        let index = if found {
            Index::open(files)?
        } else {
            Index::create(files, layout.schema.clone(), IndexSettings::default())?
        };
        if index.schema() != layout.schema {
            return Err(Broken("its fields have changed".into()));
        }
        if found && !(directory::survived(folder) && directory::untouched(folder, &segments(&index)?)?) {
            let damaged = index.validate_checksum()?;
            if !damaged.is_empty() {
                return Err(Broken(format!("{} of its files are damaged", damaged.len())));
            }
        }
        directory::mark(folder)?;
        index.tokenizers().register(WORDS, analyzer());
        let payload = index.load_metas()?.payload;
        let position = payload.and_then(|payload| serde_json::from_str(&payload).ok()).flatten();
        let options = IndexWriterOptions::builder().memory_budget_per_thread(MEMORY).num_merge_threads(1).build();
        let writer = index.writer_with_options(options)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let lookup = Lookup::new(&reader.searcher(), layout.key)?;
        Ok(Self {
            view: view.name(),
            layout,
            reader,
            writer: Mutex::new(writer),
            recent: Mutex::default(),
            filter: Filter::default(),
            lookup: RwLock::new(Arc::new(lookup)),
            position: Mutex::new(position),
        })
    }

    pub(super) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failed(&self, error: impl std::fmt::Display) -> Unavailable {
        Unavailable::new("the index", format!("`{}`: {error}", self.view))
    }

    fn writer(&self) -> Result<MutexGuard<'_, IndexWriter>, Unavailable> {
        self.writer.lock().map_err(|_| self.failed("writing to it broke off"))
    }

    fn lookup(&self) -> Arc<Lookup> {
        self.lookup.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is known of a key that the index surely doesn't have, where that can be told at once.
    pub(super) fn surely_lacks(&self, key: &Key) -> Option<Known> {
        (!self.filter.may_hold(key)).then_some(Known(None))
    }

    /// Fills the filter with the keys that the index had when it was opened. Until then every key is looked for.
    pub(super) fn fill_filter(&self) {
        match self.lookup().keys(|key| self.filter.add([key])) {
            Ok(()) => self.filter.complete(),
            Err(error) => {
                tracing::warn!(view = self.view, "the index's keys can't be listed, so each is looked for: {error}");
            }
        }
    }

    /// Reads an entry that is not among the recent ones.
    pub(super) fn get(&self, key: &Key) -> Result<Known, Unavailable> {
        let epoch = {
            let mut recent = self.recent();
            if let Some(known) = recent.get(key) {
                return Ok(known);
            }
            recent.epoch
        };
        if let Some(known) = self.surely_lacks(key) {
            return Ok(known);
        }
        // taken behind the epoch: at least as new
        let lookup = self.lookup();
        let found = lookup.find(key).map_err(|error| self.failed(error))?;
        let known = match found {
            None => Known(None),
            Some((address, _)) => {
                let bytes =
                    stored_bytes(&self.layout, lookup.searcher(), address).map_err(|error| self.failed(error))?;
                Known(Some(Arc::new(stored::read(&bytes).map_err(|error| self.failed(error))?)))
            }
        };
        self.recent().learn(epoch, key.clone(), known.clone());
        Ok(known)
    }

    /// Writes entries in order. An error leaves the index behind what was accepted: [`Store::recover`] it.
    pub(super) fn put(&self, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        let writer = self.writer()?;
        let mut told = Vec::with_capacity(entries.len());
        for entry in entries {
            let known = self.recent().get(&entry.key);
            let version = if let Some(Known(entry)) = known.or_else(|| self.surely_lacks(&entry.key)) {
                entry.map(|entry| entry.version)
            } else {
                // taken only now: what a commit took from the recent ones meanwhile is in there
                let found = self.lookup().find(&entry.key).map_err(|error| self.failed(error))?;
                found.map(|(_, version)| version)
            };
            if version.is_some_and(|version| version >= entry.version) {
                told.push(Put::Newer);
                continue;
            }
            match self.layout.document(&entry) {
                Err(reason) => told.push(Put::Refused(reason)),
                Ok(document) => {
                    if version.is_some() {
                        writer.delete_term(Term::from_field_text(self.layout.key, entry.key.as_str()));
                    }
                    self.filter.add([entry.key.as_str()]);
                    writer.add_document(document).map_err(|error| self.failed(error))?;
                    self.recent().accept(entry);
                    told.push(Put::Accepted);
                }
            }
        }
        Ok(told)
    }

    /// Makes what was accepted before the call visible, and stores the position with it. One call at a time.
    pub(super) fn commit(&self, position: Option<Position>) -> Result<(), Unavailable> {
        let mut writer = self.writer()?;
        let visible = self.recent().begin_commit();
        let mut prepared = writer.prepare_commit().map_err(|error| self.failed(error))?;
        let payload = serde_json::to_string(&position).map_err(|error| self.failed(error))?;
        prepared.set_payload(&payload);
        let committed = prepared.commit_future();
        // what is left is done by the index's own threads, in order: the next batch may come
        drop(writer);
        committed.wait().map_err(|error| self.failed(error))?;
        self.reload()?;
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
        self.recent().end_commit(visible);
        Ok(())
    }

    fn reload(&self) -> Result<(), Unavailable> {
        self.reader.reload().map_err(|error| self.failed(error))?;
        let lookup = Lookup::new(&self.reader.searcher(), self.layout.key).map_err(|error| self.failed(error))?;
        *self.lookup.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(lookup);
        Ok(())
    }

    /// Goes back to the last commit, after a write failed.
    pub(super) fn recover(&self) -> Result<Option<Position>, Unavailable> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.rollback().map_err(|error| self.failed(error))?;
        self.recent().roll_back();
        self.reload()?;
        self.writer.clear_poison();
        Ok(self.position())
    }

    /// Removes everything.
    pub(super) fn clear(&self) -> Result<(), Unavailable> {
        self.recover()?;
        self.writer()?.delete_all_documents().map_err(|error| self.failed(error))?;
        self.commit(None)
    }

    pub(super) fn search(&self, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
        walk::search(&self.layout, &self.reader.searcher(), scope, query)
    }

    pub(super) fn find(&self, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable> {
        let searcher = self.reader.searcher();
        let query = query::with_id(&self.layout, scope, id);
        let found = searcher.search(&*query, &DocSetCollector).map_err(|error| self.failed(error))?;
        let mut hits = found
            .into_iter()
            .map(|address| read_hit(&self.layout, &searcher, address, None))
            .collect::<Result<Vec<_>, _>>()?;
        hits.sort_by(|a, b| a.stream.cmp(&b.stream));
        Ok(hits)
    }

    pub(super) fn entries(&self, tenant: &Tenant, stream: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        let searcher = self.reader.searcher();
        let term = Term::from_field_text(self.layout.owner, &owner(tenant.as_str(), stream.as_str()));
        let query = TermQuery::new(term, IndexRecordOption::Basic);
        let found = searcher.search(&query, &DocSetCollector).map_err(|error| self.failed(error))?;
        let read = |address| stored::read(&stored_bytes(&self.layout, &searcher, address)?);
        found.into_iter().map(|address| read(address).map_err(|error| self.failed(error))).collect()
    }
}

/// The names of the segments of the last commit.
fn segments(index: &Index) -> tantivy::Result<HashSet<String>> {
    Ok(index.searchable_segment_ids()?.iter().map(SegmentId::uuid_string).collect())
}

fn stored_bytes(layout: &Layout, searcher: &Searcher, address: DocAddress) -> Result<Vec<u8>, String> {
    let document: TantivyDocument = searcher.doc(address).map_err(|error| error.to_string())?;
    let bytes = document.get_first(layout.entry).and_then(|value| value.as_bytes().map(<[u8]>::to_vec));
    bytes.ok_or_else(|| "an entry has no content".into())
}

/// Reads the shown document at an address.
pub(super) fn read_hit(
    layout: &Layout,
    searcher: &Searcher,
    address: DocAddress,
    score: Option<f32>,
) -> Result<Hit, Unavailable> {
    let hit = stored_bytes(layout, searcher, address).and_then(|bytes| stored::read_hit(&bytes, score));
    hit.map_err(|error| Unavailable::new("the index", error))
}

/// Why an index can't be opened.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(String);

impl From<tantivy::TantivyError> for Broken {
    fn from(error: tantivy::TantivyError) -> Self {
        Self(error.to_string())
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// The folder of a view's index.
pub(super) fn folder(root: &Path, view: &ViewSpec) -> PathBuf {
    root.join(format!("{}-{}", view.name(), view.revision()))
}
