//! A query as tantivy evaluates it.

use std::ops::Bound as Limit;

use kernel::{
    FieldKind,
    query::{Bound, Condition, Filter, Range, Scalar},
};
use pipeline::ports::search::Scope;
use tantivy::{
    Term,
    columnar::MonotonicallyMappableToU64,
    query::{AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, ExistsQuery, Occur, Query, TermQuery, TermSetQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    cells::Cell,
    layout::{Declared, Layout, days},
    range::Between,
};

/// Documents that the reader may see, that the filter matches and that have all the words; only words are scored.
pub(super) fn compile(layout: &Layout, scope: &Scope, filter: &Filter, words: &[String]) -> Box<dyn Query> {
    let mut all: Vec<Box<dyn Query>> = vec![one(layout.tenant, scope.tenant.as_str())];
    all.extend(scope.rows.as_ref().map(|rows| condition(layout, rows)));
    if *filter != Filter::default() {
        all.push(condition(layout, filter));
    }
    let mut clauses = vec![(Occur::Must, unscored(every(all)))];
    clauses.extend(words.iter().map(|word| (Occur::Must, somewhere(layout, word))));
    Box::new(BooleanQuery::new(clauses))
}

/// Documents with this id.
pub(super) fn with_id(layout: &Layout, scope: &Scope, id: &str) -> Box<dyn Query> {
    every(vec![one(layout.id, id), compile(layout, scope, &Filter::default(), &[])])
}

fn somewhere(layout: &Layout, word: &str) -> Box<dyn Query> {
    let in_field = |(_, field)| {
        let term = Term::from_field_text(field, word);
        (Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>)
    };
    Box::new(BooleanQuery::new(layout.texts().map(in_field).collect()))
}

fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn every(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match (queries.len(), queries.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            queries.push(last);
            Box::new(BooleanQuery::intersection(queries))
        }
        (_, None) => Box::new(AllQuery),
    }
}

fn any(queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    if queries.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::union(queries)) }
}

fn not(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(vec![(Occur::Must, Box::new(AllQuery)), (Occur::MustNot, query)]))
}

fn one(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

fn condition(layout: &Layout, filter: &Filter) -> Box<dyn Query> {
    match filter {
        Filter::And(all) => every(all.iter().map(|filter| condition(layout, filter)).collect()),
        Filter::Or(all) => any(all.iter().map(|filter| condition(layout, filter)).collect()),
        Filter::Not(inner) => not(condition(layout, inner)),
        Filter::Field { field, is } => {
            let Some(Declared { kind, exact: Some(exact), .. }) = layout.field(field) else {
                return holds_of_none(is); // a field without exact values has none
            };
            let column = Column { kind, field: exact.0, name: exact.1 };
            column.condition(is)
        }
    }
}

fn holds_of_none(is: &Condition) -> Box<dyn Query> {
    if matches!(is, Condition::NotEqual(_) | Condition::Exists(false)) { Box::new(AllQuery) } else { any(Vec::new()) }
}

struct Column {
    kind: FieldKind,
    field: Field,
    name: String,
}

impl Column {
    fn condition(&self, is: &Condition) -> Box<dyn Query> {
        match is {
            Condition::Equal(value) => self.equal(value),
            Condition::NotEqual(value) => not(self.equal(value)),
            Condition::In(values) => self.one_of(values),
            Condition::Range(range) => self.within(range),
            Condition::Prefix(prefix) => self.prefix(prefix),
            Condition::Exists(true) => self.exists(),
            Condition::Exists(false) => not(self.exists()),
        }
    }

    fn exists(&self) -> Box<dyn Query> {
        Box::new(ExistsQuery::new(self.name.clone(), false))
    }

    /// A value that stands in postings.
    fn term(&self, value: &Scalar) -> Option<Term> {
        match (self.kind, value) {
            (FieldKind::Text | FieldKind::Keyword, Scalar::Text(text)) => Some(Term::from_field_text(self.field, text)),
            (FieldKind::Boolean, Scalar::Boolean(truth)) => Some(Term::from_field_bool(self.field, *truth)),
            _ => None,
        }
    }

    /// A value that stands in the column.
    fn cell(&self, value: &Scalar) -> Option<Cell> {
        let code = match (self.kind, value) {
            (FieldKind::Text | FieldKind::Keyword, Scalar::Text(text)) => return Some(Cell::Text(text.clone())),
            (FieldKind::Integer, Scalar::Integer(number)) => number.to_u64(),
            // -0 is 0
            (FieldKind::Number, Scalar::Number(number)) => (*number + 0.0).to_u64(),
            #[expect(clippy::cast_precision_loss, reason = "a number field holds no more than a float does")]
            (FieldKind::Number, Scalar::Integer(number)) => (*number as f64).to_u64(),
            (FieldKind::Boolean, Scalar::Boolean(truth)) => truth.to_u64(),
            (FieldKind::Date, Scalar::Date(date)) => days(*date).to_u64(),
            (FieldKind::DateTime, Scalar::Time(time)) => i64::try_from(time.as_nanosecond()).ok()?.to_u64(),
            _ => return None,
        };
        Some(Cell::Number(code))
    }

    fn has_postings(&self) -> bool {
        matches!(self.kind, FieldKind::Text | FieldKind::Keyword | FieldKind::Boolean)
    }

    fn equal(&self, value: &Scalar) -> Box<dyn Query> {
        if let Some(term) = self.term(value) {
            return Box::new(TermQuery::new(term, IndexRecordOption::Basic));
        }
        let Some(cell) = self.cell(value) else { return any(Vec::new()) };
        self.between(Limit::Included(cell.clone()), Limit::Included(cell))
    }

    fn one_of(&self, values: &[Scalar]) -> Box<dyn Query> {
        if self.has_postings() {
            return Box::new(TermSetQuery::new(values.iter().filter_map(|value| self.term(value))));
        }
        any(values.iter().map(|value| self.equal(value)).collect())
    }

    fn within(&self, range: &Range) -> Box<dyn Query> {
        match (self.limit(range.from.as_ref(), true), self.limit(range.to.as_ref(), false)) {
            (Some(from), Some(to)) => self.between(from, to),
            _ => any(Vec::new()),
        }
    }

    fn between(&self, from: Limit<Cell>, to: Limit<Cell>) -> Box<dyn Query> {
        Box::new(Between { column: self.name.clone(), kind: self.kind, from, to })
    }

    /// `None` if no value can be within.
    fn limit(&self, bound: Option<&Bound>, lower: bool) -> Option<Limit<Cell>> {
        let Some(bound) = bound else { return Some(Limit::Unbounded) };
        if let Some(cell) = self.cell(&bound.value) {
            return Some(if bound.inclusive { Limit::Included(cell) } else { Limit::Excluded(cell) });
        }
        match bound.value {
            // beyond what the index holds: all are on one side of it
            Scalar::Time(time) if (time.as_nanosecond() < 0) == lower => Some(Limit::Unbounded),
            _ => None,
        }
    }

    fn prefix(&self, prefix: &str) -> Box<dyn Query> {
        if !matches!(self.kind, FieldKind::Text | FieldKind::Keyword) {
            return any(Vec::new());
        }
        let end = after_all_with(prefix).map_or(Limit::Unbounded, |end| Limit::Excluded(Cell::Text(end)));
        self.between(Limit::Included(Cell::Text(prefix.to_owned())), end)
    }
}

/// The first text behind all that begin with the prefix, in the order of code points, which is that of the bytes.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut begin = prefix.to_owned();
    while let Some(last) = begin.pop() {
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            begin.push(next);
            return Some(begin);
        }
    }
    None
}
