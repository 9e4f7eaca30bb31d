//! Verify: is what is stored what must be? The hash chain, gaps, times, and every view against the fold.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use kernel::{
    Catalog, StreamId, StreamKey, Tenant,
    catalog::{Document, ViewSpec},
};
use serde_json::Value;

use super::project::{document, progress, progress_key};
use crate::ports::{
    Unavailable,
    commits::{CommitStore, Stored},
    search::{Content, Entry, SearchIndex},
    verify::{Difference, Verifier, VerifyError, VerifyPage},
};

/// How many commits a page checks at about; the last stream of a page is checked whole.
const PAGE_COMMITS: u64 = 5_000;
/// How many streams a page asks for.
const PAGE_STREAMS: usize = 500;
/// How many commits are read at once.
const READ: usize = 1_000;
/// How long a view that is behind is waited for, and in how many steps.
const PATIENCE: (Duration, u32) = (Duration::from_millis(100), 20);

/// Checks what a host stores.
pub struct Verify {
    /// The domains.
    pub catalog: Arc<Catalog>,
    /// The streams.
    pub commits: Arc<dyn CommitStore>,
    /// The views.
    pub index: Arc<dyn SearchIndex>,
}

#[async_trait]
impl Verifier for Verify {
    async fn page(
        &self,
        tenant: &Tenant,
        stream: Option<&StreamId>,
        cursor: Option<&str>,
    ) -> Result<VerifyPage, VerifyError> {
        let mut page = VerifyPage::default();
        if let Some(stream) = stream {
            self.stream(tenant, stream, &mut page).await?;
            return Ok(page);
        }
        let (mut cursor, mut skip) = match cursor.map(parse).transpose()? {
            Some((cursor, skip)) => (cursor, skip),
            None => (None, 0),
        };
        loop {
            let (streams, next) = self.commits.streams(tenant, cursor.as_deref(), PAGE_STREAMS).await?;
            for (index, stream) in streams.iter().enumerate().skip(skip) {
                if page.checked >= PAGE_COMMITS {
                    page.next = Some(format!("{index}:{}", cursor.as_deref().unwrap_or_default()));
                    return Ok(page);
                }
                self.stream(tenant, stream, &mut page).await?;
            }
            match next {
                Some(next) => (cursor, skip) = (Some(next), 0),
                None => return Ok(page),
            }
        }
    }
}

/// A cursor of ours: how many streams of the store's page are checked, and the store's cursor of that page.
fn parse(cursor: &str) -> Result<(Option<String>, usize), VerifyError> {
    let (skip, store) = cursor.split_once(':').ok_or(VerifyError::BadCursor)?;
    let skip = skip.parse().map_err(|_| VerifyError::BadCursor)?;
    Ok((Some(store.to_owned()).filter(|store| !store.is_empty()), skip))
}

/// A view's documents as the fold makes them.
struct Expected<'a> {
    view: &'a ViewSpec,
    memo: Option<Value>,
    documents: HashMap<String, Document>,
    parked: bool,
}

impl Verify {
    async fn stream(&self, tenant: &Tenant, stream: &StreamId, page: &mut VerifyPage) -> Result<(), Unavailable> {
        let mut tell = |kind: &str, message: String| {
            page.differences.push(Difference { stream: stream.clone(), kind: kind.to_owned(), message });
        };
        let key = StreamKey::new(tenant.clone(), stream.clone());
        let views = self.catalog.views().filter(|view| view.aggregate() == stream.aggregate());
        let mut expected: Vec<_> =
            views.map(|view| Expected { view, memo: None, documents: HashMap::new(), parked: false }).collect();
        let mut before: Option<Arc<Stored>> = None;
        loop {
            let from = before.as_ref().map_or(1, |before| before.commit.seq + 1);
            let read = self.commits.read(&key, from, READ).await?;
            for stored in &read.commits {
                page.checked += 1;
                chain(before.as_deref(), stored, &mut tell);
                before = Some(stored.clone());
            }
            let commits: Vec<_> = read.commits.iter().map(|stored| &stored.commit).collect();
            for expected in expected.iter_mut().filter(|expected| !expected.parked) {
                let folded = expected.view.fold(expected.memo.as_ref(), &commits, &mut expected.documents);
                expected.memo = Some(folded.memo);
                if let Some(parked) = folded.parked {
                    expected.parked = true;
                    tell("parked", format!("view `{}` can't fold the stream {parked}", expected.view.name()));
                }
            }
            if let Some(corrupt) = read.corrupt {
                let seq = before.map_or(1, |before| before.commit.seq + 1);
                tell("chain", format!("commit {seq} and what follows it can't be checked: {corrupt}"));
                return Ok(());
            }
            if !read.more {
                break;
            }
        }
        let Some(last) = before else { return Ok(()) };
        for expected in expected.iter().filter(|expected| !expected.parked) {
            if let Some(behind) = self.caught_up(tenant, stream, expected.view, last.commit.last).await? {
                tell("behind", behind);
                continue;
            }
            let entries = self.index.entries(expected.view, tenant, stream).await?;
            page.checked += compare(expected, entries, &mut tell);
        }
        Ok(())
    }

    /// Waits a little for a view that is behind; says so if it stays behind.
    async fn caught_up(
        &self,
        tenant: &Tenant,
        stream: &StreamId,
        view: &ViewSpec,
        version: u64,
    ) -> Result<Option<String>, Unavailable> {
        let key = [progress_key(view, tenant, stream)];
        let (step, steps) = PATIENCE;
        let mut reached = 0;
        for _ in 0..steps {
            let entry = self.index.get(view, &key).await?.into_iter().next().flatten();
            if let Some((version, Some(parked))) = entry.as_ref().map(progress) {
                return Ok(Some(format!("view `{}` is parked behind version {version}: {parked}", view.name())));
            }
            reached = entry.as_ref().map_or(0, |entry| progress(entry).0);
            if reached >= version {
                return Ok(None);
            }
            tokio::time::sleep(step).await;
        }
        Ok(Some(format!("view `{}` is at version {reached}, the stream at {version}", view.name())))
    }
}

/// Whether a commit follows the one before it.
fn chain(before: Option<&Stored>, stored: &Stored, tell: &mut impl FnMut(&str, String)) {
    let commit = &stored.commit;
    let (seq, last) = before.map_or((0, 0), |before| (before.commit.seq, before.commit.last));
    if commit.seq != seq + 1 {
        tell("gap", format!("commit {} stands behind commit {seq}", commit.seq));
    }
    if commit.previous != before.map(|before| before.hash) {
        tell("chain", format!("commit {} does not name the hash of the commit before it", commit.seq));
    }
    if commit.first != last + 1 || commit.last != last + commit.events.len() as u64 {
        let told = format!("versions {} to {}", commit.first, commit.last);
        tell("versions", format!("commit {} tells {told} of {} events behind {last}", commit.seq, commit.events.len()));
    }
    if before.is_some_and(|before| before.commit.time > commit.time) {
        tell("time", format!("commit {} is older than the commit before it", commit.seq));
    }
    if commit.events.iter().any(|event| event.command >= commit.commands.len()) {
        tell("command", format!("commit {} has an event of no command", commit.seq));
    }
}

/// Compares a view's entries of one stream with the fold; returns how many were compared.
fn compare(expected: &Expected<'_>, entries: Vec<Entry>, tell: &mut impl FnMut(&str, String)) -> u64 {
    let view = expected.view.name();
    let entries = entries.into_iter().filter(|entry| !matches!(entry.content, Content::Cursor { .. }));
    let mut entries: HashMap<_, _> = entries.map(|entry| (entry.id.clone(), entry)).collect();
    let compared = entries.len().max(expected.documents.len()) as u64;
    for (id, wanted) in &expected.documents {
        let Some(entry) = entries.remove(id) else {
            if wanted.body.is_some() || wanted.parked.is_some() {
                tell("document", format!("`{view}/{id}` is missing in the index"));
            }
            continue;
        };
        match &entry.content {
            Content::Parked { parked, .. } => tell("parked", format!("`{view}/{id}` is parked {parked}")),
            Content::Refused { reason, .. } => {
                tell("refused", format!("`{view}/{id}` was refused by the index: {reason}"));
            }
            _ => {
                let found = document(&entry);
                if found != *wanted {
                    let text = |document: &Document| serde_json::to_string(&document.body).unwrap_or_default();
                    tell(
                        "document",
                        format!(
                            "`{view}/{id}` should be {} at version {}, and is {} at version {}",
                            text(wanted),
                            wanted.version,
                            text(&found),
                            found.version
                        ),
                    );
                }
            }
        }
    }
    for (id, entry) in entries {
        if entry.content.body().is_some() {
            tell("document", format!("`{view}/{id}` is in the index, and no event makes it"));
        }
    }
    compared
}
