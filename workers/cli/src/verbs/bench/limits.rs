//! What this machine could do at most: raw loops, measured in turns with the pipeline, on the same disk.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use kernel::Catalog;
use local::{search::limits::raw_index, sqlite::limits};
use pipeline::{ports::commits::Stored, steps::project::fold_anew};

use super::engine::Engine;
use super::figures::Figures;
use super::load::{Load, round_name};
use super::{Args, broken};
use crate::failure::Failure;

/// How often a single write is measured in a round.
const TIMES: u32 = 50;

/// Beside the throughput: the same rows in the same transactions by bare SQLite, the same documents by bare tantivy.
/// Only of an engine of our own, whose rows can be read.
pub(super) fn rows_and_documents(
    engine: &Engine,
    args: &Args,
    load: Load,
    per_transaction: f64,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let Some(data) = engine.data() else { return Ok(()) };
    let (_, command) = load.command(&round_name(), 0);
    let body = String::from_utf8_lossy(&command.text).into_owned();
    let failed = |error| broken("cannot measure bare sqlite", error);
    let rows = limits::recorded(&data, args.commands, &body, engine.client.token()).map_err(failed)?;
    let commits = rows.iter().map(|row| Stored::decode(&row.commit)).collect::<Result<Vec<_>, _>>();
    let commits = commits.map_err(|error| broken("cannot read what was committed", error))?;

    let folder = engine.place().join("limit-rows");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most, and positive")]
    let group = per_transaction.round().max(1.0) as usize;
    let took = limits::raw_rows(&folder, rows.into_iter(), group).map_err(failed)?;
    clear(&folder)?;
    let name = load.name();
    let count = f64::from(args.commands);
    figures.add_limit(
        &format!("{name}, accepted→committed"),
        "bare sqlite, same rows and transactions",
        count / took.as_secs_f64(),
    );

    let catalog: Catalog = domain::catalog();
    let folder = engine.place().join("limit-index");
    let mut seconds = 0.0;
    for view in catalog.views().filter(|view| commits.iter().any(|s| s.commit.stream.aggregate() == view.aggregate())) {
        let entries = fold_anew(view, &commits);
        let took = raw_index(&folder, view, &entries).map_err(|error| broken("cannot measure bare tantivy", error))?;
        clear(&folder)?;
        seconds += took.as_secs_f64();
    }
    figures.add_limit(&format!("{name}, accepted→searchable"), "bare tantivy, same documents", count / seconds);
    Ok(())
}

/// Beside the latency: one durable insert of the same bytes, one sync.
pub(super) fn single_writes(engine: &Engine, load: Load, figures: &mut Figures) -> Result<(), Failure> {
    let (_, command) = load.command(&round_name(), 0);
    let folder = engine.place().join("limit-insert");
    let took = limits::bare_insert(&folder, command.text.len(), TIMES);
    let took = took.map_err(|error| broken("cannot measure bare sqlite", error))?;
    clear(&folder)?;
    let name = format!("one {}, accepted→settled p50", load.name());
    figures.add_limit(&name, "one durable insert of the same bytes", took.as_secs_f64() * 1_000.0);
    let sync = one_sync(engine.place()).map_err(|error| broken("cannot measure a sync", error))?;
    figures.add("one raw fsync of 4 KB", "ms", sync);
    Ok(())
}

fn clear(folder: &Path) -> Result<(), Failure> {
    std::fs::remove_dir_all(folder).map_err(|error| broken("cannot clear up behind a limit", error))
}

/// One durable write of a page, in milliseconds: no command can be settled sooner.
fn one_sync(folder: &Path) -> io::Result<f64> {
    let page = [0x5a; 4_096];
    let path = folder.join("limit-fsync");
    let mut file = File::create(&path)?;
    let mut millis = Vec::with_capacity(50);
    for _ in 0..TIMES {
        let started = Instant::now();
        file.write_all(&page)?;
        file.sync_all()?;
        millis.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    std::fs::remove_file(path)?;
    Ok(super::figures::percentile(&mut millis, 50))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_takes_time_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        assert!(one_sync(folder.path()).unwrap() > 0.0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
