//! Verify: is what is stored what must be? The hash chain, gaps, times, and every view against the fold, also while
//! streams and views go on.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

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
/// How long a page checks at about: under load each stream waits for the index.
const PAGE_TIME: Duration = Duration::from_secs(5);
/// How many streams a page asks for.
const PAGE_STREAMS: usize = 500;
/// How many commits are read at once.
const READ: usize = 1_000;
/// How often views that are behind are looked at again within one page, and how long after.
const PATIENCE: u32 = 100;
const STEP: Duration = Duration::from_millis(100);
/// How often documents that keep changing are compared.
const MOST_ROUNDS: u32 = 20;

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
        let (mut page, mut patience) = (VerifyPage::default(), PATIENCE);
        if let Some(stream) = stream {
            self.stream(tenant, stream, &mut page, &mut patience).await?;
            return Ok(page);
        }
        let started = Instant::now();
        let (mut cursor, mut skip) = match cursor.map(parse).transpose()? {
            Some((cursor, skip)) => (cursor, skip),
            None => (None, 0),
        };
        loop {
            let (streams, next) = self.commits.streams(tenant, cursor.as_deref(), PAGE_STREAMS).await?;
            for (index, stream) in streams.iter().enumerate().skip(skip) {
                if page.checked >= PAGE_COMMITS || started.elapsed() >= PAGE_TIME {
                    page.next = Some(format!("{index}:{}", cursor.as_deref().unwrap_or_default()));
                    return Ok(page);
                }
                self.stream(tenant, stream, &mut page, &mut patience).await?;
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

/// A stream while it is checked: its commits as far as they were read, and each view as the fold makes it from them.
struct Check<'a> {
    key: StreamKey,
    views: Vec<Expected<'a>>,
    last: Option<Arc<Stored>>,
}

/// A view's documents as the fold makes them.
struct Expected<'a> {
    view: &'a ViewSpec,
    memo: Option<Value>,
    documents: HashMap<String, Document>,
    parked: bool,
    /// The documents that were compared already, whatever came of it.
    compared: HashSet<String>,
}

/// Where findings go, and how long views that are behind are still waited for.
struct Findings<'a> {
    stream: &'a StreamId,
    page: &'a mut VerifyPage,
    patience: &'a mut u32,
}

impl Findings<'_> {
    fn tell(&mut self, kind: &str, message: String) {
        self.page.differences.push(Difference { stream: self.stream.clone(), kind: kind.to_owned(), message });
    }
}

impl Verify {
    async fn stream(
        &self,
        tenant: &Tenant,
        stream: &StreamId,
        page: &mut VerifyPage,
        patience: &mut u32,
    ) -> Result<(), Unavailable> {
        let mut findings = Findings { stream, page, patience };
        let views = self.catalog.views().filter(|view| view.aggregate() == stream.aggregate());
        let expected =
            |view| Expected { view, memo: None, documents: HashMap::new(), parked: false, compared: HashSet::new() };
        let views = views.map(|view| expected(view)).collect();
        let mut check = Check { key: StreamKey::new(tenant.clone(), stream.clone()), views, last: None };
        if !self.read_on(&mut check, &mut findings).await? {
            return Ok(());
        }
        for view in 0..check.views.len() {
            self.view(&mut check, view, &mut findings).await?;
        }
        Ok(())
    }

    /// Checks and folds the commits that were not read yet; false if one can't be read.
    async fn read_on(&self, check: &mut Check<'_>, findings: &mut Findings<'_>) -> Result<bool, Unavailable> {
        loop {
            let from = check.last.as_ref().map_or(1, |last| last.commit.seq + 1);
            let read = self.commits.read(&check.key, from, READ).await?;
            for stored in &read.commits {
                findings.page.checked += 1;
                chain(check.last.as_deref(), stored, findings);
                check.last = Some(stored.clone());
            }
            let commits: Vec<_> = read.commits.iter().map(|stored| &stored.commit).collect();
            for expected in check.views.iter_mut().filter(|expected| !expected.parked && !commits.is_empty()) {
                let folded = expected.view.fold(expected.memo.as_ref(), &commits, &mut expected.documents);
                expected.memo = Some(folded.memo);
                if let Some(parked) = folded.parked {
                    expected.parked = true;
                    findings.tell("parked", format!("view `{}` can't fold the stream {parked}", expected.view.name()));
                }
            }
            if let Some(corrupt) = read.corrupt {
                let seq = check.last.as_ref().map_or(1, |last| last.commit.seq + 1);
                findings.tell("chain", format!("commit {seq} and what follows it can't be checked: {corrupt}"));
                return Ok(false);
            }
            if !read.more {
                return Ok(true);
            }
        }
    }

    /// Compares a view with the fold. A document that moved on since the stream was read is compared again, after the
    /// stream's new commits were folded.
    async fn view(&self, check: &mut Check<'_>, at: usize, findings: &mut Findings<'_>) -> Result<(), Unavailable> {
        let mut moved = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let Some(version) = check.last.as_ref().map(|last| last.commit.last) else { return Ok(()) };
            let (tenant, stream) = (&check.key.tenant, &check.key.stream);
            let Some(expected) = check.views.get_mut(at).filter(|expected| !expected.parked) else { return Ok(()) };
            if let Some(behind) = self.caught_up(tenant, stream, expected.view, version, findings.patience).await? {
                findings.tell("behind", behind);
                return Ok(());
            }
            let entries = self.index.entries(expected.view, tenant, stream).await?;
            moved = compare(expected, version, &entries, findings);
            if moved.is_empty() || !self.read_on(check, findings).await? {
                return Ok(());
            }
            if check.last.as_ref().is_some_and(|last| last.commit.last == version)
                && let Some(expected) = check.views.get_mut(at)
            {
                // a document can't have moved on where the stream did not: it is wrong
                compare(expected, u64::MAX, &entries, findings);
                return Ok(());
            }
        }
        for id in moved {
            findings.tell("busy", format!("{id} changed whenever it was compared: verify it again when it rests"));
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
        patience: &mut u32,
    ) -> Result<Option<String>, Unavailable> {
        let key = [progress_key(view, tenant, stream)];
        loop {
            let entry = self.index.get(view, &key).await?.into_iter().next().flatten();
            if let Some((version, Some(parked))) = entry.as_ref().map(progress) {
                return Ok(Some(format!("view `{}` is parked behind version {version}: {parked}", view.name())));
            }
            let reached = entry.as_ref().map_or(0, |entry| progress(entry).0);
            if reached >= version {
                return Ok(None);
            }
            if *patience == 0 {
                return Ok(Some(format!("view `{}` is at version {reached}, the stream at {version}", view.name())));
            }
            *patience -= 1;
            tokio::time::sleep(STEP).await;
        }
    }
}

/// Whether a commit follows the one before it.
fn chain(before: Option<&Stored>, stored: &Stored, findings: &mut Findings<'_>) {
    let commit = &stored.commit;
    let (seq, last) = before.map_or((0, 0), |before| (before.commit.seq, before.commit.last));
    if commit.seq != seq + 1 {
        findings.tell("gap", format!("commit {} stands behind commit {seq}", commit.seq));
    }
    if commit.previous != before.map(|before| before.hash) {
        findings.tell("chain", format!("commit {} does not name the hash of the commit before it", commit.seq));
    }
    if commit.first != last + 1 || commit.last != last + commit.events.len() as u64 {
        let told = format!("versions {} to {}", commit.first, commit.last);
        findings.tell(
            "versions",
            format!("commit {} tells {told} of {} events behind {last}", commit.seq, commit.events.len()),
        );
    }
    if before.is_some_and(|before| before.commit.time > commit.time) {
        findings.tell("time", format!("commit {} is older than the commit before it", commit.seq));
    }
    if commit.events.iter().any(|event| event.command >= commit.commands.len()) {
        findings.tell("command", format!("commit {} has an event of no command", commit.seq));
    }
}

/// Compares a view's entries of one stream with the fold as of a version that the view has reached; tells which
/// documents have moved on since.
fn compare(expected: &mut Expected<'_>, version: u64, entries: &[Entry], findings: &mut Findings<'_>) -> Vec<String> {
    let view = expected.view.name();
    let entries = entries.iter().filter(|entry| !matches!(entry.content, Content::Cursor { .. }));
    let entries = entries.filter(|entry| !expected.compared.contains(&entry.id));
    let mut entries: HashMap<_, _> = entries.map(|entry| (entry.id.as_str(), entry)).collect();
    let mut moved = Vec::new();
    for (id, wanted) in &expected.documents {
        if expected.compared.contains(id) {
            continue;
        }
        let entry = entries.remove(id.as_str());
        if entry.is_some_and(|entry| entry.version > version) {
            moved.push(format!("`{view}/{id}`"));
            continue;
        }
        expected.compared.insert(id.clone());
        findings.page.checked += 1;
        match entry {
            Some(entry) => compare_one(view, wanted, entry, findings),
            None if wanted.body.is_some() || wanted.parked.is_some() => {
                findings.tell("document", format!("`{view}/{id}` is missing in the index"));
            }
            None => {}
        }
    }
    for (id, entry) in entries {
        if entry.version > version {
            moved.push(format!("`{view}/{id}`"));
            continue;
        }
        findings.page.checked += 1;
        if entry.content.body().is_some() {
            findings.tell("document", format!("`{view}/{id}` is in the index, and no event makes it"));
        }
        expected.compared.insert(id.to_owned());
    }
    moved
}

fn compare_one(view: &str, wanted: &Document, entry: &Entry, findings: &mut Findings<'_>) {
    let id = &entry.id;
    match &entry.content {
        Content::Parked { parked, .. } => findings.tell("parked", format!("`{view}/{id}` is parked {parked}")),
        Content::Refused { reason, .. } => {
            findings.tell("refused", format!("`{view}/{id}` was refused by the index: {reason}"));
        }
        _ => {
            let found = document(entry);
            if found == *wanted {
                return;
            }
            let text = |document: &Document| serde_json::to_string(&document.body).unwrap_or_default();
            let message = format!(
                "`{view}/{id}` should be {} at version {}, and is {} at version {}",
                text(wanted),
                wanted.version,
                text(&found),
                found.version
            );
            findings.tell("document", message);
        }
    }
}
