//! Ranges over columns, each read in one sweep: tantivy's own range query seeks backwards in some intersections, which
//! its document sets forbid.

use std::ops::Bound;

use kernel::FieldKind;
use tantivy::{
    DocId, DocSet, Score, SegmentReader, TantivyError,
    query::{BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
};

use super::cells::{Cell, Cells};

/// Documents that have a value between two cells.
#[derive(Debug, Clone)]
pub(super) struct Between {
    pub(super) column: String,
    pub(super) kind: FieldKind,
    pub(super) from: Bound<Cell>,
    pub(super) to: Bound<Cell>,
}

impl Query for Between {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Between {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let cells = Cells::open(segment, &self.column, self.kind)?;
        let Some(found) = cells.between(&self.from, &self.to, segment.max_doc())? else {
            return Ok(Box::new(EmptyScorer));
        };
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(found), boost)))
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(segment, 1.0)?;
        if scorer.doc() > doc || scorer.seek(doc) != doc {
            return Err(TantivyError::InvalidArgument(format!("document {doc} is not in the range")));
        }
        Ok(Explanation::new("range", 1.0))
    }
}
