//! What bare tantivy can do on this disk: the same documents, added without looking for earlier ones.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use kernel::catalog::ViewSpec;
use pipeline::ports::{Unavailable, search::Entry};
use tantivy::{Index, IndexSettings, indexer::IndexWriterOptions};

use super::{
    directory::Unsynced,
    layout::Layout,
    store::MEMORY,
    words::{WORDS, analyzer},
};

/// How often what was added is committed, as the engine does under load.
const COMMIT_EVERY: Duration = Duration::from_secs(1);

/// Adds entries to a new index of a view in this folder; tells how long it took until all could be found.
pub fn raw_index(folder: &Path, view: &ViewSpec, entries: &[Entry]) -> Result<Duration, Unavailable> {
    let run = || -> Result<Duration, Box<dyn std::error::Error>> {
        std::fs::create_dir_all(folder)?;
        let layout = Layout::of(view);
        let index = Index::create(Unsynced::open(folder)?, layout.schema.clone(), IndexSettings::default())?;
        index.tokenizers().register(WORDS, analyzer());
        let options = IndexWriterOptions::builder().memory_budget_per_thread(MEMORY).num_merge_threads(1).build();
        let mut writer = index.writer_with_options(options)?;
        let started = Instant::now();
        let mut committed = started;
        for entry in entries {
            writer.add_document(layout.document(entry)?)?;
            if committed.elapsed() >= COMMIT_EVERY {
                writer.commit()?;
                committed = Instant::now();
            }
        }
        writer.commit()?;
        let took = started.elapsed();
        // else they would still write into a folder that is being removed
        writer.wait_merging_threads()?;
        Ok(took)
    };
    run().map_err(|error| Unavailable::new("measuring bare indexing", error))
}
