//! A document's exact values, read from columns: codes that order within a segment, cells that order across them.

use std::ops::Bound;

use jiff::{SignedDuration, Timestamp, civil::Date};
use kernel::FieldKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tantivy::{
    BitSet, DocId, SegmentReader,
    columnar::{Column, MonotonicallyMappableToU64, StrColumn, TermOrdHit},
};

use super::layout::EPOCH;

/// A value that compares across segments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Cell {
    /// A number, date, time or truth, mapped to unsigned numbers in its own order.
    Number(u64),
    /// A text.
    Text(String),
}

impl Cell {
    /// The value as the wire contract writes it.
    pub(super) fn value(&self, kind: FieldKind) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(code) => match kind {
                FieldKind::Number => f64::from_u64(*code).into(),
                FieldKind::Boolean => (*code != 0).into(),
                FieldKind::Date => day(i64::from_u64(*code)).to_string().into(),
                FieldKind::DateTime => {
                    let time = Timestamp::from_nanosecond(i64::from_u64(*code).into()).unwrap_or_default();
                    time.to_string().into()
                }
                FieldKind::Integer | FieldKind::Text | FieldKind::Keyword => i64::from_u64(*code).into(),
            },
        }
    }
}

/// The date that many days after 1970-01-01.
pub(super) fn day(days: i64) -> Date {
    EPOCH.saturating_add(SignedDuration::from_hours(days.saturating_mul(24)))
}

/// How many documents are looked at in one go.
const BATCH: DocId = 65_536;

/// One field's values in one segment.
pub(super) struct Cells {
    codes: Option<Column<u64>>,
    texts: Option<StrColumn>,
}

impl Cells {
    pub(super) fn open(segment: &SegmentReader, column: &str, kind: FieldKind) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        if matches!(kind, FieldKind::Text | FieldKind::Keyword) {
            let texts = columns.str(column)?;
            return Ok(Self { codes: texts.as_ref().map(|texts| texts.ords().clone()), texts });
        }
        let codes = match kind {
            FieldKind::Number => columns.column_opt::<f64>(column)?.map(Column::to_u64_monotonic),
            FieldKind::Boolean => columns.column_opt::<bool>(column)?.map(Column::to_u64_monotonic),
            _ => columns.column_opt::<i64>(column)?.map(Column::to_u64_monotonic),
        };
        Ok(Self { codes, texts: None })
    }

    /// The codes of a document's values, in the order of the document.
    pub(super) fn codes(&self, doc: DocId) -> impl Iterator<Item = u64> + '_ {
        self.codes.iter().flat_map(move |codes| codes.values_for_doc(doc))
    }

    pub(super) fn cell(&self, code: u64) -> tantivy::Result<Cell> {
        let Some(texts) = &self.texts else { return Ok(Cell::Number(code)) };
        let mut text = String::new();
        texts.ord_to_str(code, &mut text)?;
        Ok(Cell::Text(text))
    }

    /// Where a cell stands among this segment's codes.
    pub(super) fn place(&self, cell: &Cell) -> tantivy::Result<Place> {
        Ok(match (cell, &self.texts) {
            (Cell::Number(code), _) => Place { code: *code, exact: true },
            (Cell::Text(_), None) => Place { code: 0, exact: false },
            (Cell::Text(text), Some(texts)) => match texts.dictionary().term_ord_or_next(text)? {
                TermOrdHit::Exact(code) => Place { code, exact: true },
                TermOrdHit::Next(code) => Place { code, exact: false },
            },
        })
    }

    /// The documents that have a value between two cells; `None` if there are none.
    pub(super) fn between(
        &self,
        from: &Bound<Cell>,
        to: &Bound<Cell>,
        documents: DocId,
    ) -> tantivy::Result<Option<BitSet>> {
        let Some(codes) = &self.codes else { return Ok(None) };
        let from = match from {
            Bound::Unbounded => Some(0),
            Bound::Included(cell) => Some(self.place(cell)?.code),
            Bound::Excluded(cell) => {
                let place = self.place(cell)?;
                if place.exact { place.code.checked_add(1) } else { Some(place.code) }
            }
        };
        let to = match to {
            Bound::Unbounded => Some(u64::MAX),
            Bound::Excluded(cell) => self.place(cell)?.code.checked_sub(1),
            Bound::Included(cell) => {
                let place = self.place(cell)?;
                if place.exact { Some(place.code) } else { place.code.checked_sub(1) }
            }
        };
        let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
        if from > to || from > codes.max_value() || to < codes.min_value() {
            return Ok(None);
        }
        let (mut found, mut batch) = (BitSet::with_max_value(documents), Vec::new());
        let mut begin = 0;
        while begin < documents {
            let end = documents.min(begin + BATCH);
            batch.clear();
            codes.get_docids_for_value_range(from..=to, begin..end, &mut batch);
            for doc in &batch {
                found.insert(*doc);
            }
            begin = end;
        }
        Ok(Some(found))
    }
}

/// A place among codes: at the code, or right before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) code: u64,
    pub(super) exact: bool,
}

#[cfg(test)]
mod tests {
    use super::{super::layout::days, *};

    #[test]
    fn every_day_of_the_calendar_has_a_number_of_its_own() {
        for date in [Date::MIN, jiff::civil::date(1969, 12, 31), EPOCH, jiff::civil::date(2028, 2, 29), Date::MAX] {
            assert_eq!(day(days(date)), date);
        }
    }
}
