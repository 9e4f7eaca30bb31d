//! Following the log: each view keeps its own place in it, and projects what its rule lets through.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::catalog::ViewSpec;
use pipeline::{
    FailPoint, failpoint,
    ports::{Unavailable, commits::Stored},
    steps::{project::project, relay::FEED},
};
use quamina::Quamina;
use serde_json::json;
use tokio::sync::watch;

use super::metrics::Metrics;
use crate::{
    search::{Position, TantivyIndex},
    sqlite::{Store, tail::Tail},
};

/// How many bytes of commits are projected at once.
const PAGE_BYTES: usize = 1 << 20;
/// Under load, what was projected becomes visible, and its place durable, this often.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// The first and the longest wait after a failure.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// A view this far behind when it starts is told of as it catches up.
const FAR_BEHIND: u64 = 1_000;
/// So many commits, at the most, are passed over before the place is kept, where none of them concerned the view: a
/// process that dies reads them again.
const PASSED_OVER: u64 = 50_000;

/// A subscription in EventBridge's pattern language, matched as the bus would match it.
pub(super) struct Rule(Quamina<()>);

impl Rule {
    /// A rule from its pattern.
    pub(super) fn new(pattern: &str) -> Result<Self, quamina::QuaminaError> {
        let mut rule = Quamina::new();
        rule.add_pattern((), pattern)?;
        Ok(Self(rule))
    }

    /// The rule that a view's queue on AWS has.
    pub(super) fn of_view(view: &ViewSpec) -> Result<Self, quamina::QuaminaError> {
        let pattern = json!({
            "source": [FEED],
            "detail-type": ["Commits"],
            "detail": { "aggregates": [view.aggregate()] }
        });
        Self::new(&pattern.to_string())
    }

    /// Whether the entry that would carry commits of these aggregates comes through.
    fn lets_through(&self, aggregates: &BTreeSet<&str>) -> Result<bool, quamina::QuaminaError> {
        let entry = json!({ "source": FEED, "detail-type": "Commits", "detail": { "aggregates": aggregates } });
        self.0.has_matches(entry.to_string().as_bytes())
    }
}

/// A view that follows the log.
pub(super) struct Follower {
    pub(super) view: Arc<ViewSpec>,
    pub(super) rule: Rule,
    pub(super) store: Store,
    pub(super) index: Arc<TantivyIndex>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) stop: watch::Receiver<bool>,
}

/// How far a follower has come.
struct Place {
    at: u64,
    hash: Option<String>,
    /// The place that the index surely has.
    kept: u64,
    /// Whether something was projected that is not committed yet.
    dirty: bool,
    committed: Instant,
    failures: u32,
}

impl Place {
    fn unknown() -> Self {
        Self { at: 0, hash: None, kept: 0, dirty: false, committed: Instant::now(), failures: 0 }
    }

    /// Takes up where the index has come to.
    fn resume(&mut self, position: Option<Position>) {
        self.at = position.as_ref().map_or(0, |position| position.pos);
        self.hash = position.map(|position| position.hash);
        (self.kept, self.dirty) = (self.at, false);
    }

    /// Whether it is worth a commit: something was projected, or so much was passed over that nobody should read it
    /// again.
    fn is_worth_keeping(&self) -> bool {
        self.dirty || self.at - self.kept >= PASSED_OVER
    }
}

impl Follower {
    /// Follows until told to stop; what was projected is then committed.
    pub(super) async fn follow(mut self) {
        let tail = self.store.tail();
        let mut place = self.begin(&tail).await;
        let head = *tail.position().borrow();
        let mut told = (head.saturating_sub(place.at) > FAR_BEHIND).then(|| (head, Instant::now()));
        if told.is_some() {
            tracing::info!(
                view = self.view.name(),
                from = place.at,
                to = head,
                "the view is being rebuilt from the log"
            );
        }
        while !*self.stop.borrow() {
            match self.step(&tail, &mut place).await {
                Ok(()) => place.failures = 0,
                Err(outage) => self.recover(&mut place, &outage).await,
            }
            if let Some((head, since)) = &mut told {
                if place.at >= *head {
                    tracing::info!(view = self.view.name(), at = place.at, "the view has caught up");
                    told = None;
                } else if since.elapsed() > Duration::from_secs(1) {
                    let percent = place.at * 100 / (*head).max(1);
                    tracing::info!(
                        view = self.view.name(),
                        at = place.at,
                        of = *head,
                        percent,
                        "the view is being rebuilt"
                    );
                    *since = Instant::now();
                }
            }
        }
        if (place.dirty || place.at > place.kept)
            && let Err(outage) = self.commit(&mut place).await
        {
            tracing::warn!(
                view = self.view.name(),
                "the view was not committed at the end; it goes on from its last commit: {outage}"
            );
        }
    }

    /// Where the index has come to, if it followed this log; else from the log's start.
    async fn begin(&self, tail: &Tail) -> Place {
        let mut place = Place::unknown();
        loop {
            match self.remembered(tail).await {
                Ok(position) => {
                    place.resume(position);
                    return place;
                }
                Err(outage) => {
                    self.recover(&mut place, &outage).await;
                    if *self.stop.borrow() {
                        return place;
                    }
                }
            }
        }
    }

    async fn remembered(&self, tail: &Tail) -> Result<Option<Position>, Unavailable> {
        let Some(position) = self.index.position(&self.view)? else { return Ok(None) };
        let hash = tail.hash_at(position.pos).await?;
        if hash.is_some_and(|hash| hash.to_string() == position.hash) {
            return Ok(Some(position));
        }
        tracing::warn!(view = self.view.name(), pos = position.pos, "the index followed another log and is built anew");
        self.index.clear(&self.view).await?;
        Ok(None)
    }

    async fn step(&mut self, tail: &Tail, place: &mut Place) -> Result<(), Unavailable> {
        let mut news = tail.position();
        news.mark_unchanged();
        let page = tail.read(place.at, PAGE_BYTES).await?;
        let Some((last, hash)) = page.last().map(|logged| (logged.pos, logged.hash)) else {
            if place.is_worth_keeping() {
                return self.commit(place).await;
            }
            tokio::select! {
                _ = news.changed() => {}
                _ = self.stop.changed() => {}
            }
            return Ok(());
        };
        let mut commits: Vec<Arc<Stored>> = Vec::with_capacity(page.len());
        for logged in page {
            match logged.stored {
                Ok(stored) => commits.push(stored),
                Err(corrupt) => {
                    self.metrics.unreadable.inc();
                    tracing::error!(
                        view = self.view.name(),
                        pos = logged.pos,
                        "a commit can't be read and is passed over: {corrupt}"
                    );
                }
            }
        }
        let aggregates = commits.iter().map(|stored| stored.commit.stream.aggregate()).collect();
        let through =
            self.rule.lets_through(&aggregates).map_err(|error| Unavailable::new("matching a rule", error))?;
        if through {
            let commits_store = &self.store;
            let projected = project(&self.view, commits_store, &*self.index, &commits).await?;
            self.metrics.projected(self.view.name(), projected);
            place.dirty |= projected.written > 0;
        }
        (place.at, place.hash) = (last, Some(hash.to_string()));
        self.metrics.at(self.view.name(), place.at);
        if place.is_worth_keeping() && place.committed.elapsed() >= COMMIT_EVERY {
            self.commit(place).await?;
        }
        Ok(())
    }

    async fn commit(&self, place: &mut Place) -> Result<(), Unavailable> {
        if let Some(hash) = &place.hash {
            failpoint(FailPoint::Index);
            self.index.commit(&self.view, Position { pos: place.at, hash: hash.clone() }).await?;
            failpoint(FailPoint::Indexed);
        }
        (place.dirty, place.kept) = (false, place.at);
        place.committed = Instant::now();
        Ok(())
    }

    /// After a failure: back to what the index surely has, after a while.
    async fn recover(&self, place: &mut Place, outage: &Unavailable) {
        self.metrics.projection_failures.with_label_values(&[self.view.name()]).inc();
        tracing::warn!(view = self.view.name(), "projecting failed and is tried again: {outage}");
        let (first, longest) = WAIT;
        let wait = first.saturating_mul(1 << place.failures.min(10)).min(longest);
        place.failures += 1;
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.changed() => return,
        }
        match self.index.recover(&self.view).await {
            Ok(position) => place.resume(position),
            Err(outage) => {
                tracing::warn!(view = self.view.name(), "the index can't go back to its last commit: {outage}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_worth_keeping_when_something_was_projected_or_much_was_passed_over() {
        let mut place = Place::unknown();
        assert!(!place.is_worth_keeping());
        place.dirty = true;
        assert!(place.is_worth_keeping());
        place.resume(Some(Position { pos: 7, hash: "h".into() }));
        assert!(!place.is_worth_keeping(), "it is kept");
        place.at += PASSED_OVER - 1;
        assert!(!place.is_worth_keeping());
        place.at += 1;
        assert!(place.is_worth_keeping());
    }
}
