//! Views: who may read what of them, how fresh the answer must be, and cursors that belong to their query.

mod report;

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{
    Actor, Catalog, RowFilter, StreamId,
    catalog::ViewSpec,
    query::{Filter, Query},
};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::read::{ReadError, Reader};
use crate::ports::{
    Unavailable,
    identity::{PolicyEngine, Resource, Ruling},
    search::{Content, Found, Hit, Key, Scope, SearchError, SearchIndex},
};

/// The shortest and the longest pause between two looks at how far a view has come.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));
/// How many bytes of a cursor say which query it belongs to.
const BINDING: usize = 12;

/// A version that an answer must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// The stream.
    pub stream: StreamId,
    /// Its version.
    pub version: u64,
}

impl std::str::FromStr for After {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "must be `<stream>@<version>`";
        let (stream, version) = text.rsplit_once('@').ok_or(wrong)?;
        Ok(Self { stream: stream.parse().map_err(|_| wrong)?, version: version.parse().map_err(|_| wrong)? })
    }
}

/// How fresh an answer must be.
#[derive(Debug, Clone, Default)]
pub struct Fresh {
    /// What it must show; `None` for whatever there is.
    pub after: Option<After>,
    /// How long to wait for that.
    pub wait: Duration,
}

/// Answers questions about views and reports.
#[derive(Clone, Copy)]
pub struct Views<'a> {
    /// What views and reports there are.
    pub catalog: &'a Catalog,
    /// Their documents.
    pub index: &'a dyn SearchIndex,
    /// Who may read them.
    pub policies: &'a dyn PolicyEngine,
}

impl<'a> Views<'a> {
    /// The views that an actor may read.
    pub fn readable(&self, actor: &Actor) -> Vec<&'a ViewSpec> {
        let views = self.catalog.views().map(AsRef::as_ref);
        views.filter(|view| self.rows(view, actor).is_some()).collect()
    }

    /// A view, and what of it the reader may see.
    pub fn open(&self, reader: Reader<'_>, name: &str) -> Result<(&'a ViewSpec, Scope), ReadError> {
        let view = self.catalog.find_view(name).ok_or_else(|| ReadError::Unknown(format!("view `{name}`")))?;
        let rows = self.rows(view, reader.actor);
        let rows = rows.ok_or_else(|| ReadError::Forbidden(format!("read the view `{name}`")))?;
        Ok((view, Scope { tenant: reader.tenant.clone(), rows }))
    }

    /// Which rows an actor may see: `None` if none, `Some(None)` if all. Roles that the view does not filter are
    /// asked first; each filtered role that adds to them adds its rows.
    #[expect(clippy::option_option, reason = "may not read, reads all, reads some")]
    fn rows(&self, view: &ViewSpec, actor: &Actor) -> Option<Option<Filter>> {
        let filters = view.row_filters();
        let free: BTreeSet<_> =
            actor.roles.iter().filter(|role| filters.iter().all(|filter| filter.role != *role)).cloned().collect();
        let free = Actor { sub: actor.sub.clone(), roles: free };
        if self.allows(&free, view) {
            return Some(None);
        }
        let mut rows = Vec::new();
        for filter in filters.iter().filter(|filter| actor.roles.contains(filter.role)) {
            let mut with = free.clone();
            with.roles.insert(filter.role.to_owned());
            if self.allows(&with, view) {
                rows.push(own(view, filter, actor));
            }
        }
        any(rows).map(Some)
    }

    fn allows(&self, actor: &Actor, view: &ViewSpec) -> bool {
        let resource = Resource { kind: "View", id: view.name(), attributes: Vec::new() };
        matches!(self.policies.access(actor, "read", &resource), Ruling::Allow(_))
    }

    /// Waits until each of these views that reads the stream's aggregate shows a version to searches; one must.
    pub async fn freshen(&self, views: &[&ViewSpec], reader: Reader<'_>, fresh: &Fresh) -> Result<(), ReadError> {
        let Some(after) = &fresh.after else { return Ok(()) };
        let reading: Vec<&ViewSpec> =
            views.iter().copied().filter(|view| view.aggregate() == after.stream.aggregate()).collect();
        if reading.is_empty() {
            let each =
                views.iter().map(|view| format!("the view `{}` reads streams of `{}`", view.name(), view.aggregate()));
            return Err(ReadError::field("/after", "mismatch", each.collect::<Vec<_>>().join(", ")));
        }
        let deadline = Instant::now() + fresh.wait;
        for view in reading {
            self.await_version(view, reader, after, deadline).await?;
            self.index.refresh(view).await?;
        }
        Ok(())
    }

    async fn await_version(
        &self,
        view: &ViewSpec,
        reader: Reader<'_>,
        after: &After,
        deadline: Instant,
    ) -> Result<(), ReadError> {
        let late = || {
            ReadError::NotYetProjected(format!(
                "the view `{}` does not show version {} of `{}` yet",
                view.name(),
                after.version,
                after.stream
            ))
        };
        let mut pause = PAUSES.0;
        loop {
            match self.reached(view, reader, after).await? {
                Reached::Yes => return Ok(()),
                Reached::NotYet if Instant::now() < deadline => {
                    sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
                Reached::NotYet | Reached::Never => return Err(late()),
            }
        }
    }

    async fn reached(&self, view: &ViewSpec, reader: Reader<'_>, after: &After) -> Result<Reached, Unavailable> {
        if after.version == 0 {
            return Ok(Reached::Yes);
        }
        let key = if view.has_cursor() {
            Key::cursor(reader.tenant, &after.stream)
        } else {
            Key::document(reader.tenant, &after.stream, after.stream.id())
        };
        let entry = self.index.get(view, &[key]).await?.into_iter().next().flatten();
        Ok(match entry.map(|entry| (entry.version, entry.content)) {
            Some((_, Content::Cursor { version, .. })) if version >= after.version => Reached::Yes,
            Some((_, Content::Cursor { parked: Some(_), .. } | Content::Parked { .. })) => Reached::Never,
            None | Some((_, Content::Cursor { .. })) => Reached::NotYet,
            Some((version, _)) if version >= after.version => Reached::Yes,
            Some(_) => Reached::NotYet,
        })
    }

    /// Searches a view.
    pub async fn search(&self, view: &ViewSpec, scope: &Scope, query: Query) -> Result<Found, ReadError> {
        let binding = binding([(view, scope, &query)]);
        self.page(view, scope, query, &binding).await
    }

    /// A page of a search, whose cursors bear the binding.
    async fn page(
        &self,
        view: &ViewSpec,
        scope: &Scope,
        mut query: Query,
        binding: &[u8; BINDING],
    ) -> Result<Found, ReadError> {
        if let Some(cursor) = query.cursor.take() {
            query.cursor = Some(unwrap(&cursor, binding).ok_or_else(foreign_cursor)?);
        }
        let mut found = self.index.search(view, scope, &query).await.map_err(of_search)?;
        found.next = found.next.map(|next| wrap(&next, binding));
        Ok(found)
    }

    /// The document of an id.
    pub async fn document(&self, view: &ViewSpec, scope: &Scope, id: &str) -> Result<Hit, ReadError> {
        let mut hits = self.index.find(view, scope, id).await?;
        if hits.len() > 1 {
            tracing::warn!(view = view.name(), id, "streams of one tenant use the same document id");
            hits.sort_by(|a, b| a.stream.cmp(&b.stream));
        }
        hits.into_iter()
            .next()
            .ok_or_else(|| ReadError::Unknown(format!("document `{id}` in the view `{}`", view.name())))
    }
}

enum Reached {
    Yes,
    NotYet,
    /// Not until the view is rebuilt.
    Never,
}

/// The documents that a row filter leaves to an actor.
fn own(view: &ViewSpec, filter: &RowFilter, actor: &Actor) -> Filter {
    Filter::equals(filter.field, filter.own(view.aggregate(), &actor.sub).as_str())
}

/// All documents that one of these filters matches; `None` without filters.
fn any(mut filters: Vec<Filter>) -> Option<Filter> {
    if filters.len() > 1 { Some(Filter::Or(filters)) } else { filters.pop() }
}

/// What a cursor belongs to: all that decides which hits there are and in what order.
fn binding<'q>(searches: impl IntoIterator<Item = (&'q ViewSpec, &'q Scope, &'q Query)>) -> [u8; BINDING] {
    let mut hash = Sha256::new();
    for (view, scope, query) in searches {
        let of = (view.name(), view.revision(), &scope.tenant, &scope.rows, &query.text, &query.filter, &query.sort);
        // the debug form is complete; where another build writes it otherwise, its clients begin at the first page again
        hash.update(format!("{of:?}"));
    }
    let mut binding = [0; BINDING];
    binding.copy_from_slice(&hash.finalize()[..BINDING]);
    binding
}

fn wrap(next: &str, binding: &[u8; BINDING]) -> String {
    URL_SAFE_NO_PAD.encode([binding.as_slice(), next.as_bytes()].concat())
}

fn unwrap(cursor: &str, binding: &[u8; BINDING]) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    String::from_utf8(bytes.strip_prefix(binding)?.to_vec()).ok()
}

fn of_search(error: SearchError) -> ReadError {
    match error {
        SearchError::BadCursor => foreign_cursor(),
        SearchError::Unavailable(error) => error.into(),
    }
}

fn foreign_cursor() -> ReadError {
    ReadError::field("/cursor", "mismatch", "belongs to another query, or is no cursor")
}
