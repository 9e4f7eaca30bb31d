//! Keys as the index, last refreshed, has them.

use std::sync::Arc;

use pipeline::ports::search::Key;
use tantivy::{
    DocAddress, DocSet, InvertedIndexReader, Searcher, TERMINATED, Term,
    columnar::Column,
    schema::{Field, IndexRecordOption},
};

use super::layout::VERSION;

/// Finds entries by key, with no more than a term lookup for each segment.
pub(super) struct Lookup {
    searcher: Searcher,
    field: Field,
    segments: Vec<(Arc<InvertedIndexReader>, Column<u64>)>,
}

impl Lookup {
    pub(super) fn new(searcher: &Searcher, field: Field) -> tantivy::Result<Self> {
        let segments = searcher.segment_readers().iter();
        let segments =
            segments.map(|segment| Ok((segment.inverted_index(field)?, segment.fast_fields().u64(VERSION)?)));
        Ok(Self { searcher: searcher.clone(), field, segments: segments.collect::<tantivy::Result<_>>()? })
    }

    pub(super) fn searcher(&self) -> &Searcher {
        &self.searcher
    }

    /// Where the entry of a key lies, and its version.
    pub(super) fn find(&self, key: &Key) -> tantivy::Result<Option<(DocAddress, u64)>> {
        let term = Term::from_field_text(self.field, key.as_str());
        for ((keys, versions), ordinal) in self.segments.iter().zip(0..) {
            let Some(mut postings) = keys.read_postings(&term, IndexRecordOption::Basic)? else { continue };
            let segment = self.searcher.segment_reader(ordinal);
            while postings.doc() != TERMINATED {
                let doc = postings.doc();
                if !segment.is_deleted(doc) {
                    return Ok(Some((DocAddress::new(ordinal, doc), versions.first(doc).unwrap_or(0))));
                }
                postings.advance();
            }
        }
        Ok(None)
    }

    /// Tells every key, those of removed documents too.
    pub(super) fn keys(&self, mut tell: impl FnMut(&str)) -> tantivy::Result<()> {
        for (keys, _) in &self.segments {
            let mut terms = keys.terms().stream()?;
            while terms.advance() {
                if let Ok(key) = std::str::from_utf8(terms.key()) {
                    tell(key);
                }
            }
        }
        Ok(())
    }
}
