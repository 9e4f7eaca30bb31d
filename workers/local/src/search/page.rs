//! Sorting and paging: the first documents behind a cursor, by any sortable fields, compared by value across segments.

use std::{cmp::Ordering, collections::BinaryHeap};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{FieldKind, query::Sort};
use pipeline::ports::search::SearchError;
use tantivy::{DocAddress, DocId, SegmentOrdinal, SegmentReader};

use super::{
    cells::{Cell, Cells, Place},
    layout::{Declared, ID, Layout, STREAM},
};

/// A sort key: a column, or the score.
#[derive(Debug, Clone)]
struct Key {
    column: Option<(String, FieldKind)>,
    descending: bool,
}

/// Which documents make the page.
pub(super) struct Page {
    keys: Vec<Key>,
    limit: usize,
    after: Option<Vec<Option<Cell>>>,
}

/// A document of the page.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) address: DocAddress,
    pub(super) score: f32,
    cells: Vec<Option<Cell>>,
}

impl Page {
    pub(super) fn new(
        layout: &Layout,
        sort: &[Sort],
        scored: bool,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Self, SearchError> {
        let mut keys: Vec<Key> = sort.iter().map(|sort| Key::of(layout, sort)).collect();
        if sort.is_empty() && scored {
            keys.push(Key { column: None, descending: true });
        }
        for column in [ID, STREAM] {
            keys.push(Key { column: Some((column.to_owned(), FieldKind::Keyword)), descending: false });
        }
        let after = cursor.map(|cursor| read(cursor, &keys).ok_or(SearchError::BadCursor)).transpose()?;
        Ok(Self { keys, limit, after })
    }

    /// A collector of the page's documents in one segment.
    pub(super) fn of_segment(&self, ordinal: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentPage> {
        let keys = self.keys.iter().map(|key| SegmentKey::open(key, segment)).collect::<tantivy::Result<Vec<_>>>()?;
        let after = self.after.as_ref().map(|cells| {
            keys.iter().zip(cells).map(|(key, cell)| key.bound(cell.as_ref())).collect::<tantivy::Result<Vec<_>>>()
        });
        // one more than the page holds tells whether there is another page
        let (limit, after) = (self.limit.saturating_add(1), after.transpose()?);
        Ok(SegmentPage { ordinal, keys, limit, after, best: BinaryHeap::new(), scratch: Vec::new() })
    }

    /// The page from the pages of all segments, and the cursor behind it if there is more.
    pub(super) fn merge(&self, segments: Vec<Vec<Ranked>>) -> (Vec<Ranked>, Option<String>) {
        let mut all: Vec<Ranked> = segments.into_iter().flatten().collect();
        all.sort_by(|a, b| self.compare(&a.cells, &b.cells));
        let more = all.len() > self.limit;
        all.truncate(self.limit);
        let last = all.last().filter(|_| more);
        let next = last.and_then(|last| serde_json::to_vec(&last.cells).ok()).map(|json| URL_SAFE_NO_PAD.encode(json));
        (all, next)
    }

    fn compare(&self, a: &[Option<Cell>], b: &[Option<Cell>]) -> Ordering {
        let each = self.keys.iter().zip(a.iter().zip(b)).map(|(key, (a, b))| match (a, b) {
            (Some(a), Some(b)) => {
                if key.descending {
                    b.cmp(a)
                } else {
                    a.cmp(b)
                }
            }
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        each.fold(Ordering::Equal, Ordering::then)
    }
}

fn read(cursor: &str, keys: &[Key]) -> Option<Vec<Option<Cell>>> {
    let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let cells: Vec<Option<Cell>> = serde_json::from_slice(&json).ok()?;
    let fits = |(cell, key): (&Option<Cell>, &Key)| match cell {
        None => key.column.is_some(),
        Some(cell) => matches!(cell, Cell::Text(_)) == key.is_text(),
    };
    (cells.len() == keys.len() && cells.iter().zip(keys).all(fits)).then_some(cells)
}

impl Key {
    fn of(layout: &Layout, sort: &Sort) -> Self {
        let column = match layout.field(&sort.field) {
            Some(Declared { kind, exact: Some((_, column)), .. }) => (column, kind),
            // no document has a value
            _ => (sort.field.clone(), FieldKind::Keyword),
        };
        Self { column: Some(column), descending: sort.descending }
    }

    fn is_text(&self) -> bool {
        matches!(self.column, Some((_, FieldKind::Text | FieldKind::Keyword)))
    }
}

/// A document's place by one key, ascending whatever the key's direction: missing values last.
type Rank = (bool, u64);
const MISSING: Rank = (true, 0);

struct SegmentKey {
    cells: Option<Cells>,
    texts: bool,
    descending: bool,
}

impl SegmentKey {
    fn open(key: &Key, segment: &SegmentReader) -> tantivy::Result<Self> {
        let open = |(column, kind): &(String, FieldKind)| Cells::open(segment, column, *kind);
        let cells = key.column.as_ref().map(open).transpose()?;
        Ok(Self { cells, texts: key.is_text(), descending: key.descending })
    }

    /// By many values a document stands where it comes first.
    fn code(&self, doc: DocId, score: f32) -> Option<u64> {
        let Some(cells) = &self.cells else { return Some(u64::from(score.to_bits())) };
        if self.descending { cells.codes(doc).max() } else { cells.codes(doc).min() }
    }

    fn rank(&self, doc: DocId, score: f32) -> Rank {
        self.code(doc, score).map_or(MISSING, |code| self.present(Place { code, exact: true }))
    }

    fn present(&self, place: Place) -> Rank {
        // an ordinal leaves room before it for texts that this segment does not have
        let place =
            if self.texts { place.code.min(u64::from(u32::MAX)) * 2 + u64::from(place.exact) } else { place.code };
        (false, if self.descending { !place } else { place })
    }

    fn bound(&self, cell: Option<&Cell>) -> tantivy::Result<Rank> {
        match (cell, &self.cells) {
            // a cursor fits its keys: no text stands for a score
            (None, _) | (Some(Cell::Text(_)), None) => Ok(MISSING),
            (Some(cell), Some(cells)) => Ok(self.present(cells.place(cell)?)),
            (Some(Cell::Number(code)), None) => Ok(self.present(Place { code: *code, exact: true })),
        }
    }

    fn cell(&self, doc: DocId, score: f32) -> tantivy::Result<Option<Cell>> {
        let Some(code) = self.code(doc, score) else { return Ok(None) };
        self.cells.as_ref().map_or(Ok(Cell::Number(code)), |cells| cells.cell(code)).map(Some)
    }
}

/// The best documents of one segment, at most `limit`.
pub(super) struct SegmentPage {
    ordinal: SegmentOrdinal,
    keys: Vec<SegmentKey>,
    limit: usize,
    after: Option<Vec<Rank>>,
    /// The worst on top.
    best: BinaryHeap<(Vec<Rank>, DocId, u32)>,
    scratch: Vec<Rank>,
}

impl SegmentPage {
    pub(super) fn collect(&mut self, doc: DocId, score: f32) {
        if !self.is_wanted(doc, score) {
            return;
        }
        let ranks = if self.best.len() == self.limit { self.best.pop().map(|(worst, ..)| worst) } else { None };
        let mut ranks = ranks.unwrap_or_default();
        std::mem::swap(&mut ranks, &mut self.scratch);
        self.best.push((ranks, doc, score.to_bits()));
    }

    /// Ranks the document key by key, no further than it takes to turn it down.
    fn is_wanted(&mut self, doc: DocId, score: f32) -> bool {
        let worst = self.best.peek().filter(|_| self.best.len() == self.limit).map(|(ranks, ..)| ranks);
        let (mut behind, mut better) = (self.after.is_none(), worst.is_none());
        self.scratch.clear();
        for (at, key) in self.keys.iter().enumerate() {
            let rank = key.rank(doc, score);
            if let Some(after) = self.after.as_ref().filter(|_| !behind) {
                match rank.cmp(&after[at]) {
                    Ordering::Less => return false,
                    Ordering::Equal => {}
                    Ordering::Greater => behind = true,
                }
            }
            if let Some(worst) = worst.filter(|_| !better) {
                match rank.cmp(&worst[at]) {
                    Ordering::Less => better = true,
                    Ordering::Equal => {}
                    Ordering::Greater => return false,
                }
            }
            self.scratch.push(rank);
        }
        behind && better
    }

    pub(super) fn harvest(self) -> tantivy::Result<Vec<Ranked>> {
        let Self { best, keys, ordinal, .. } = self;
        let ranked = best.into_iter().map(|(_, doc, score)| {
            let score = f32::from_bits(score);
            let cells = keys.iter().map(|key| key.cell(doc, score)).collect::<tantivy::Result<_>>()?;
            Ok(Ranked { address: DocAddress::new(ordinal, doc), score, cells })
        });
        ranked.collect()
    }
}
