//! Loading streams: what is warm, and the commits above it; else a snapshot, and the commits above that.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{
    Aggregate, StreamKey,
    catalog::{Corrupt, State, panic_message},
};

use super::{
    Persist,
    warm::{Ids, Loaded},
    work::Work,
};
use crate::{
    ports::commits::{Position, Stored},
    steps::StepError,
};

/// How many commits are read at once.
const PAGE: usize = 1_000;

/// Loads every stream that is not loaded yet.
pub(super) async fn load(env: &Persist, works: &mut [Work]) -> Result<(), StepError> {
    let mut missing = Vec::new();
    let mut wanted = Vec::new();
    for (index, work) in works.iter_mut().enumerate().filter(|(_, work)| work.must_load()) {
        let warm = env.warm.take(&work.key);
        wanted.push((work.key.clone(), warm.as_ref().map_or(0, |warm| warm.position.seq())));
        missing.push((index, warm));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let pages = env.commits.newest(&wanted).await?;
    for ((index, warm), page) in missing.into_iter().zip(pages) {
        let Some(work) = works.get_mut(index) else { continue };
        let loaded = match (page.corrupt, warm, page.more) {
            (Some(corrupt), ..) => Err(corrupt),
            (None, Some(warm), false) => forward(&work.aggregate, warm, page.commits.into_iter().rev()),
            (None, None, false) => {
                let start = beginning(&work.aggregate, work.key.clone());
                forward(&work.aggregate, start, page.commits.into_iter().rev())
            }
            (None, _, true) => cold(env, &work.aggregate, &work.key, page.commits.first()).await?,
        };
        work.loaded(loaded);
    }
    Ok(())
}

fn beginning(aggregate: &Aggregate, key: StreamKey) -> Loaded {
    Loaded {
        position: Position::start(key),
        state: aggregate.start(),
        ids: Ids::default(),
        snapshot: None,
        since_snapshot: 0,
        snapshot_bytes: 0,
    }
}

/// Folds commits, oldest first.
fn forward(
    aggregate: &Aggregate,
    mut loaded: Loaded,
    commits: impl Iterator<Item = Arc<Stored>>,
) -> Result<Loaded, Corrupt> {
    for stored in commits {
        for event in &stored.commit.events {
            loaded.state = evolve(aggregate, loaded.state, event)?;
        }
        loaded.ids.note(&stored);
        loaded.since_snapshot += stored.bytes;
        loaded.snapshot = loaded.snapshot.max(stored.commit.snapshot);
        loaded.position = Position::after(&stored);
    }
    Ok(loaded)
}

/// Folds one event; a panic in the domain is told as corruption.
pub(super) fn evolve(aggregate: &Aggregate, state: State, event: &kernel::EventRecord) -> Result<State, Corrupt> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| aggregate.evolve(state, event)))
        .unwrap_or_else(|panic| Err(Corrupt(panic_message(panic.as_ref()))))
}

/// Loads a long stream: from the snapshot that its newest commit names, or from its beginning.
async fn cold(
    env: &Persist,
    aggregate: &Aggregate,
    key: &StreamKey,
    newest: Option<&Arc<Stored>>,
) -> Result<Result<Loaded, Corrupt>, StepError> {
    let named = newest.and_then(|newest| newest.commit.snapshot);
    let mut loaded = match from_snapshot(env, aggregate, key, named).await? {
        Some(loaded) => loaded,
        None => beginning(aggregate, key.clone()),
    };
    loop {
        let page = env.commits.read(key, loaded.position.seq() + 1, PAGE).await?;
        if let Some(corrupt) = page.corrupt {
            return Ok(Err(corrupt));
        }
        if page.commits.is_empty() {
            return Ok(Ok(loaded));
        }
        loaded = match forward(aggregate, loaded, page.commits.into_iter()) {
            Ok(loaded) => loaded,
            Err(corrupt) => return Ok(Err(corrupt)),
        };
        if !page.more {
            return Ok(Ok(loaded));
        }
    }
}

/// A snapshot is used only if its commit is on the stream's chain and its state can be read.
async fn from_snapshot(
    env: &Persist,
    aggregate: &Aggregate,
    key: &StreamKey,
    named: Option<u64>,
) -> Result<Option<Loaded>, StepError> {
    if named.is_none() {
        return Ok(None);
    }
    let Some(snapshot) = env.snapshots.get(key, aggregate.revision()).await? else { return Ok(None) };
    let Some(stored) = env.commits.at(key, snapshot.seq).await? else { return Ok(None) };
    if stored.hash != snapshot.hash {
        tracing::warn!(stream = %key, seq = snapshot.seq, "a snapshot of another history is not used");
        return Ok(None);
    }
    match aggregate.restore(&snapshot.state) {
        Ok(state) => Ok(Some(Loaded {
            position: Position::after(&stored),
            state,
            ids: Ids::behind(stored.commit.time.max(Timestamp::MIN)),
            snapshot: Some(snapshot.seq),
            since_snapshot: 0,
            snapshot_bytes: snapshot.state.len(),
        })),
        Err(corrupt) => {
            tracing::warn!(stream = %key, seq = snapshot.seq, "a snapshot that can't be read is not used: {corrupt}");
            Ok(None)
        }
    }
}
