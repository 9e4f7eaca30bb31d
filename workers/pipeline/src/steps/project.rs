//! Project: fold commits into a view's documents, whoever else does so at the same time, in whatever order they come.
//!
//! The cursor is read first and the documents after it; an event is applied to a document only if its version is above
//! the document's own; the cursor is written only after every document. So a commit may be delivered twice, late, or
//! to two projectors side by side.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use kernel::{
    StreamId, StreamKey, Tenant,
    catalog::{Document, Parked, ViewSpec},
};
use serde_json::Value;

use crate::ports::{
    Unavailable,
    commits::{CommitStore, Stored},
    search::{Content, Entry, Key, Put, SearchIndex},
};

/// How often an entry that the index had no room for is written again before the commits are given back.
const MOST_TRIES: u32 = 6;
/// How many commits a gap is filled with at once.
const PAGE: usize = 500;

/// What a projection did, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Projected {
    /// Documents written.
    pub written: usize,
    /// Documents that the index refused.
    pub refused: usize,
    /// Documents or streams that can't be folded on.
    pub parked: usize,
    /// Commits read from the store because they were missing.
    pub gaps: usize,
}

/// One stream's part of a projection.
struct Run {
    key: StreamKey,
    commits: Vec<Arc<Stored>>,
    /// The last commit that is folded already; of a stream parked for a gap, the commit behind the gap.
    seq: u64,
    /// The stream's version there.
    version: u64,
    memo: Option<Arc<Value>>,
    parked: Option<Parked>,
}

/// Folds commits into a view. Commits of other aggregates are passed over.
pub async fn project(
    view: &ViewSpec,
    store: &dyn CommitStore,
    index: &dyn SearchIndex,
    commits: &[Arc<Stored>],
) -> Result<Projected, Unavailable> {
    let mut projected = Projected::default();
    let mut runs = by_stream(view, commits);
    read_cursors(view, index, &mut runs).await?;
    runs.retain(|run| run.parked.is_none());
    for run in &mut runs {
        projected.gaps += fill_gaps(view, store, run).await?;
    }
    runs.retain(|run| !run.commits.is_empty() || run.parked.is_some());

    let mut documents = read_documents(view, index, &runs).await?;
    let mut entries = Vec::new();
    let mut cursors = Vec::new();
    for (run, documents) in runs.iter().zip(&mut documents) {
        let commits: Vec<_> = run.commits.iter().map(|stored| &stored.commit).collect();
        let folded = view.fold(run.memo.as_deref(), &commits, documents);
        for id in &folded.changed {
            if let Some(document) = documents.get(id) {
                projected.parked += usize::from(document.parked.is_some());
                entries.push(entry(&run.key, id, document));
            }
        }
        // what the fold could not take comes before what the store could not read
        let parked = folded.parked.or_else(|| run.parked.clone());
        if let Some(parked) = &parked {
            projected.parked += 1;
            tracing::error!(view = view.name(), stream = %run.key, "a stream can't be folded on: {parked}");
        }
        if view.has_cursor() {
            cursors.extend(cursor(run, folded.memo, parked));
        } else if let Some(parked) = parked {
            let id = run.key.stream.id();
            let mut document = documents.get(id).cloned().unwrap_or_default();
            document.version = document.version.max(parked.version);
            document.parked = Some(parked);
            entries.retain(|entry| entry.stream != run.key.stream || entry.tenant != run.key.tenant);
            entries.push(entry(&run.key, id, &document));
        }
    }
    projected.written = entries.len();
    projected.refused = write(view, index, entries).await?;
    crate::failpoint(crate::FailPoint::Documents);
    write(view, index, cursors).await?;
    Ok(projected)
}

fn by_stream(view: &ViewSpec, commits: &[Arc<Stored>]) -> Vec<Run> {
    let mut streams: BTreeMap<StreamKey, Vec<Arc<Stored>>> = BTreeMap::new();
    for stored in commits.iter().filter(|stored| stored.commit.stream.aggregate() == view.aggregate()) {
        streams.entry(stored.commit.key()).or_default().push(stored.clone());
    }
    let run = |(key, mut commits): (StreamKey, Vec<Arc<Stored>>)| {
        commits.sort_by_key(|stored| stored.commit.seq);
        commits.dedup_by_key(|stored| stored.commit.seq);
        Run { key, commits, seq: 0, version: 0, memo: None, parked: None }
    };
    streams.into_iter().map(run).collect()
}

/// The entry that tells how far a stream was folded.
pub fn progress_key(view: &ViewSpec, tenant: &Tenant, stream: &StreamId) -> Key {
    if view.has_cursor() { Key::cursor(tenant, stream) } else { Key::document(tenant, stream, stream.id()) }
}

/// How far an entry of [`progress_key`] tells that its stream was folded: the stream's version, and why not further.
pub fn progress(entry: &Entry) -> (u64, Option<&Parked>) {
    match &entry.content {
        Content::Cursor { version, parked, .. } => (*version, parked.as_ref()),
        Content::Parked { parked, .. } => (parked.version.saturating_sub(1), Some(parked)),
        _ => (entry.version, None),
    }
}

/// The entries that a view makes of whole streams, cursors included, as if nothing had been folded before.
pub fn fold_anew(view: &ViewSpec, commits: &[Stored]) -> Vec<Entry> {
    let commits: Vec<_> = commits.iter().cloned().map(Arc::new).collect();
    let mut entries = Vec::new();
    for run in by_stream(view, &commits) {
        let mut documents = HashMap::new();
        let commits: Vec<_> = run.commits.iter().map(|stored| &stored.commit).collect();
        let folded = view.fold(None, &commits, &mut documents);
        entries.extend(documents.iter().map(|(id, document)| entry(&run.key, id, document)));
        if view.has_cursor() {
            entries.extend(cursor(&run, folded.memo, folded.parked));
        }
    }
    entries
}

async fn read_cursors(view: &ViewSpec, index: &dyn SearchIndex, runs: &mut [Run]) -> Result<(), Unavailable> {
    let keys: Vec<_> = runs.iter().map(|run| progress_key(view, &run.key.tenant, &run.key.stream)).collect();
    let found = index.get(view, &keys).await?;
    for (run, entry) in runs.iter_mut().zip(found) {
        let Some(entry) = entry else { continue };
        match entry.content {
            Content::Cursor { version, memo, parked } => {
                run.seq = entry.version;
                run.version = version;
                run.memo = Some(memo);
                run.parked = parked;
            }
            Content::Parked { parked, .. } => run.parked = Some(parked),
            _ => run.version = entry.version,
        }
    }
    Ok(())
}

/// Drops what is folded already, and reads from the store what is missing in between.
async fn fill_gaps(view: &ViewSpec, store: &dyn CommitStore, run: &mut Run) -> Result<usize, Unavailable> {
    let (seq, version) = (run.seq, run.version);
    let folded = |stored: &Stored| {
        if view.has_cursor() { stored.commit.seq <= seq } else { stored.commit.last <= version }
    };
    run.commits.retain(|stored| !folded(stored));
    let contiguous = |before: Option<&Arc<Stored>>, next: &Stored| match before {
        Some(before) => before.commit.seq + 1 == next.commit.seq,
        None if view.has_cursor() => seq + 1 == next.commit.seq,
        None => next.commit.first <= version + 1,
    };
    let mut filled: Vec<Arc<Stored>> = Vec::with_capacity(run.commits.len());
    let mut gaps = 0;
    for stored in std::mem::take(&mut run.commits) {
        while !contiguous(filled.last(), &stored) {
            let from = match filled.last() {
                Some(last) => last.commit.seq + 1,
                None if view.has_cursor() => seq + 1,
                // only a version is known: what is folded already is passed again, which changes nothing
                None => 1,
            };
            let page = store.read(&run.key, from, PAGE).await?;
            let before = filled.len();
            let corrupt = page.corrupt;
            let missing = page.commits.into_iter().filter(|read| read.commit.seq < stored.commit.seq);
            filled.extend(missing);
            gaps += filled.len() - before;
            if let (true, Some(corrupt)) = (filled.len() == before, corrupt) {
                let behind = filled.last().map_or(version, |last| last.commit.last);
                run.parked = Some(Parked { version: behind + 1, reason: corrupt.0 });
                run.seq = stored.commit.seq;
                run.commits = filled;
                return Ok(gaps);
            }
            if filled.len() == before {
                let what = format!("commit {} of `{}` is missing in the store", from, run.key);
                return Err(Unavailable::new("filling a gap", what));
            }
        }
        filled.push(stored);
    }
    run.commits = filled;
    Ok(gaps)
}

async fn read_documents(
    view: &ViewSpec,
    index: &dyn SearchIndex,
    runs: &[Run],
) -> Result<Vec<HashMap<String, Document>>, Unavailable> {
    let mut ids = Vec::new();
    let mut keys = Vec::new();
    for (run, Run { key, commits, memo, .. }) in runs.iter().enumerate() {
        let commits: Vec<_> = commits.iter().map(|stored| &stored.commit).collect();
        for id in view.touched(memo.as_deref(), &commits) {
            keys.push(Key::document(&key.tenant, &key.stream, &id));
            ids.push((run, id));
        }
    }
    let mut documents: Vec<HashMap<String, Document>> = runs.iter().map(|_| HashMap::new()).collect();
    for ((run, id), entry) in ids.into_iter().zip(index.get(view, &keys).await?) {
        if let (Some(entry), Some(documents)) = (entry, documents.get_mut(run)) {
            documents.insert(id, document(&entry));
        }
    }
    Ok(documents)
}

/// A stored entry as the view folds it.
pub fn document(entry: &Entry) -> Document {
    let parked = if let Content::Parked { parked, .. } = &entry.content { Some(parked.clone()) } else { None };
    Document { version: entry.version, body: entry.content.body().map(|body| (**body).clone()), parked }
}

fn entry(key: &StreamKey, id: &str, document: &Document) -> Entry {
    let body = document.body.clone().map(Arc::new);
    let content = match (&document.parked, body) {
        (Some(parked), body) => Content::Parked { body, parked: parked.clone() },
        (None, Some(body)) => Content::Shown(body),
        (None, None) => Content::Removed,
    };
    Entry {
        key: Key::document(&key.tenant, &key.stream, id),
        tenant: key.tenant.clone(),
        stream: key.stream.clone(),
        id: id.to_owned(),
        version: document.version,
        content,
    }
}

fn cursor(run: &Run, memo: Value, parked: Option<Parked>) -> Option<Entry> {
    // a parked stream's cursor stays before the event that it can't take, whoever parks it, with however many commits;
    // where that event can't even be read, it bears the number of the commit behind the gap
    let (seq, version) = match &parked {
        None => run.commits.last().map(|last| (last.commit.seq, last.commit.last))?,
        Some(parked) => {
            let holds = |stored: &&Arc<Stored>| stored.commit.last >= parked.version;
            let seq = run.commits.iter().find(holds).map_or(run.seq, |stored| stored.commit.seq);
            (seq, parked.version.saturating_sub(1))
        }
    };
    Some(Entry {
        key: Key::cursor(&run.key.tenant, &run.key.stream),
        tenant: run.key.tenant.clone(),
        stream: run.key.stream.clone(),
        id: String::new(),
        version: seq,
        content: Content::Cursor { version, memo: Arc::new(memo), parked },
    })
}

/// Writes entries until each was accepted, found newer, or refused; a refused document becomes a hidden stub.
async fn write(view: &ViewSpec, index: &dyn SearchIndex, entries: Vec<Entry>) -> Result<usize, Unavailable> {
    let mut refused = 0;
    let mut waiting = entries;
    let mut tries = 0;
    while !waiting.is_empty() {
        let results = index.put(view, waiting.clone()).await?;
        let mut again = Vec::new();
        let mut busy = false;
        for (entry, result) in waiting.into_iter().zip(results) {
            match result {
                Put::Accepted | Put::Newer => {}
                Put::Busy => {
                    busy = true;
                    again.push(entry);
                }
                Put::Refused(reason) => {
                    refused += 1;
                    tracing::error!(view = view.name(), stream = %entry.stream, id = entry.id, "the index refused a document: {reason}");
                    again.push(stub(view, entry, reason)?);
                }
            }
        }
        if busy {
            tries += 1;
            if tries > MOST_TRIES {
                return Err(Unavailable::new("indexing", "the index had no room, time and again"));
            }
            tokio::time::sleep(Duration::from_millis(20 << tries)).await;
        }
        waiting = again;
    }
    Ok(refused)
}

fn stub(view: &ViewSpec, entry: Entry, reason: String) -> Result<Entry, Unavailable> {
    match entry.content {
        Content::Shown(body) => Ok(Entry { content: Content::Refused { body, reason }, ..entry }),
        // the index takes whatever is hidden, or it is not one
        _ => Err(Unavailable::new("indexing", format!("`{}` does not take hidden entries: {reason}", view.name()))),
    }
}
