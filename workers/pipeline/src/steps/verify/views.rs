//! Views: each document is what the fold of its stream makes it.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use kernel::{
    Commit, StreamId, Tenant,
    catalog::{Document, ViewSpec},
};
use serde_json::Value;

use super::{Check, Findings, MOST_ROUNDS, Verify};
use crate::{
    ports::{
        Unavailable,
        search::{Content, Entry},
    },
    steps::project::{document, progress, progress_key},
};

/// How long after one look a view that is behind is looked at again.
const STEP: Duration = Duration::from_millis(100);

/// A view's documents as the fold makes them.
pub(super) struct Expected<'a> {
    view: &'a ViewSpec,
    memo: Option<Value>,
    documents: HashMap<String, Document>,
    parked: bool,
    /// The documents that were compared already, whatever came of it.
    compared: HashSet<String>,
}

impl<'a> Expected<'a> {
    pub(super) fn of(view: &'a ViewSpec) -> Self {
        Self { view, memo: None, documents: HashMap::new(), parked: false, compared: HashSet::new() }
    }

    /// Folds a stream's next commits.
    pub(super) fn fold(&mut self, commits: &[&Commit], findings: &mut Findings<'_>) {
        if self.parked || commits.is_empty() {
            return;
        }
        let folded = self.view.fold(self.memo.as_ref(), commits, &mut self.documents);
        self.memo = Some(folded.memo);
        if let Some(parked) = folded.parked {
            self.parked = true;
            findings.tell("parked", format!("view `{}` can't fold the stream {parked}", self.view.name()));
        }
    }
}

impl Verify {
    /// Compares a view with the fold. A document that moved on since the stream was read is compared again, after the
    /// stream's new commits were folded.
    pub(super) async fn view(
        &self,
        check: &mut Check<'_>,
        at: usize,
        findings: &mut Findings<'_>,
    ) -> Result<(), Unavailable> {
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
