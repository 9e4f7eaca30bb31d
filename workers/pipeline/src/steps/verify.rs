//! Verify: is what is stored what must be? The hash chain, gaps, times, claims, and every view against the fold, also
//! while streams and views go on.

mod claims;
mod views;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use kernel::{Catalog, StreamId, StreamKey, Tenant};

use self::{claims::Folded, views::Expected};
use crate::ports::{
    Unavailable,
    commits::{CommitStore, Stored},
    search::SearchIndex,
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
/// How often views that are behind are looked at again within one page.
const PATIENCE: u32 = 100;
/// How often claims and documents that keep changing are compared.
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
        let full = |page: &VerifyPage| page.checked >= PAGE_COMMITS || started.elapsed() >= PAGE_TIME;
        let mut place = cursor.map_or(Ok(Place::Streams(None, 0)), Place::parse)?;
        loop {
            place = match place {
                Place::Streams(cursor, skip) => {
                    let (streams, next) = self.commits.streams(tenant, cursor.as_deref(), PAGE_STREAMS).await?;
                    for (index, stream) in streams.iter().enumerate().skip(skip) {
                        if full(&page) {
                            page.next = Some(Place::Streams(cursor, index).to_string());
                            return Ok(page);
                        }
                        self.stream(tenant, stream, &mut page, &mut patience).await?;
                    }
                    next.map_or(Place::Claims(None), |next| Place::Streams(Some(next), 0))
                }
                Place::Claims(_) if full(&page) => {
                    page.next = Some(place.to_string());
                    return Ok(page);
                }
                Place::Claims(cursor) => match self.claims(tenant, cursor.as_deref(), &mut page).await? {
                    Some(next) => Place::Claims(Some(next)),
                    None => return Ok(page),
                },
            }
        }
    }
}

/// How far a verification has come; as text, the cursor of its next page. The streams are checked first, then what is
/// held against the streams that hold it.
enum Place {
    /// The store's cursor of a page of streams, and how many of the page are checked.
    Streams(Option<String>, usize),
    /// The store's cursor of a page of claims.
    Claims(Option<String>),
}

/// What stands before a cursor among the claims.
const CLAIMS: &str = "claims";

impl Place {
    fn parse(cursor: &str) -> Result<Self, VerifyError> {
        let (part, store) = cursor.split_once(':').ok_or(VerifyError::BadCursor)?;
        let store = Some(store.to_owned()).filter(|store| !store.is_empty());
        if part == CLAIMS {
            return Ok(Self::Claims(store));
        }
        let skip = part.parse().map_err(|_| VerifyError::BadCursor)?;
        Ok(Self::Streams(store, skip))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streams(store, skip) => write!(f, "{skip}:{}", store.as_deref().unwrap_or_default()),
            Self::Claims(store) => write!(f, "{CLAIMS}:{}", store.as_deref().unwrap_or_default()),
        }
    }
}

/// A stream while it is checked: its commits as far as they were read, and what the fold makes of them: each view, and
/// the claims that it holds.
struct Check<'a> {
    key: StreamKey,
    claims: Folded,
    views: Vec<Expected<'a>>,
    last: Option<Arc<Stored>>,
}

impl Check<'_> {
    /// The number of the last commit that was read.
    fn seq(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.commit.seq)
    }
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
        let views = views.map(|view| Expected::of(view)).collect();
        let key = StreamKey::new(tenant.clone(), stream.clone());
        let mut check = Check { key, claims: Folded::default(), views, last: None };
        if !self.read_on(&mut check, &mut findings).await? {
            return Ok(());
        }
        self.held(&mut check, &mut findings).await?;
        for view in 0..check.views.len() {
            self.view(&mut check, view, &mut findings).await?;
        }
        Ok(())
    }

    /// Checks and folds the commits that were not read yet; false if one can't be read.
    async fn read_on(&self, check: &mut Check<'_>, findings: &mut Findings<'_>) -> Result<bool, Unavailable> {
        loop {
            let read = self.commits.read(&check.key, check.seq() + 1, READ).await?;
            for stored in &read.commits {
                findings.page.checked += 1;
                chain(check.last.as_deref(), stored, findings);
                check.last = Some(stored.clone());
            }
            check.claims.fold(&read.commits);
            let commits: Vec<_> = read.commits.iter().map(|stored| &stored.commit).collect();
            for expected in &mut check.views {
                expected.fold(&commits, findings);
            }
            if let Some(corrupt) = read.corrupt {
                let seq = check.seq() + 1;
                findings.tell("chain", format!("commit {seq} and what follows it can't be checked: {corrupt}"));
                return Ok(false);
            }
            if !read.more {
                return Ok(true);
            }
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
