//! Queries over a view, typed and checked against its declared fields: no raw query string, script or wildcard.

mod aggregate;
mod check;
mod filter;
mod params;
mod parse;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

pub use check::invalid;
pub use params::from_params;
pub use parse::{limit_of, parse};

/// The most hits of one page.
pub const MOST_HITS: usize = 200;
/// The hits of a page if a query doesn't say.
pub const USUAL_HITS: usize = 20;
/// How deep `and`, `or` and `not` may nest.
pub const DEEPEST: usize = 16;
/// The most conditions of one query, and the most values of one `in`.
pub const MOST_CONDITIONS: usize = 1_000;
/// The most sort keys.
pub const MOST_SORTS: usize = 8;
/// The most aggregations side by side.
pub const MOST_AGGREGATIONS: usize = 20;
/// The most buckets of one terms aggregation.
pub const MOST_TERMS: usize = 1_000;
/// The buckets of a terms aggregation if a query doesn't say.
pub const USUAL_TERMS: usize = 10;
/// The longest text to search for, in characters.
pub const LONGEST_TEXT: usize = 2_000;

/// A search over one view. Made by a report or parsed from a request; its fields and values fit the view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// All its words must be found, each in any of the view's text fields.
    pub text: Option<String>,
    /// Which documents.
    pub filter: Filter,
    /// By what to sort; empty means by score then id with text, by id without. Id, then stream, breaks ties.
    pub sort: Vec<Sort>,
    /// How many hits at most.
    pub limit: usize,
    /// Where a page before ended: the opaque text that came with it.
    pub cursor: Option<String>,
    /// Whether hits show where the text was found.
    pub highlight: bool,
    /// Aggregations by name.
    pub aggregate: BTreeMap<String, Aggregation>,
}

/// A condition on documents.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them; none given matches every document.
    And(Vec<Filter>),
    /// Any of them; none given matches no document.
    Or(Vec<Filter>),
    /// Not this one; matches documents without the field.
    Not(Box<Filter>),
    /// A field's value.
    Field {
        /// The field's name.
        field: String,
        /// What its value must be.
        is: Condition,
    },
}

impl Default for Filter {
    fn default() -> Self {
        Self::And(Vec::new())
    }
}

impl Filter {
    /// `field` equals `value`.
    pub fn equals(field: &str, value: impl Into<Scalar>) -> Self {
        Self::Field { field: field.to_owned(), is: Condition::Equal(value.into()) }
    }

    /// `field` is one of `values`; none given matches no document.
    pub fn one_of(field: &str, values: Vec<Scalar>) -> Self {
        Self::Field { field: field.to_owned(), is: Condition::In(values) }
    }

    /// This and another one.
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::And(mut all) => {
                all.push(other);
                Self::And(all)
            }
            one => Self::And(vec![one, other]),
        }
    }

    /// `from <= field < to`, either side open.
    pub fn between(field: &str, from: Option<Scalar>, to: Option<Scalar>) -> Self {
        let range = Range {
            from: from.map(|value| Bound { value, inclusive: true }),
            to: to.map(|value| Bound { value, inclusive: false }),
        };
        Self::Field { field: field.to_owned(), is: Condition::Range(range) }
    }
}

/// What a field's value must be. For a field with many values, one of them must be so.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Exactly this, case-sensitive.
    Equal(Scalar),
    /// Not this; matches documents without the field.
    NotEqual(Scalar),
    /// One of these; none given matches no document.
    In(Vec<Scalar>),
    /// Within bounds.
    Range(Range),
    /// Begins with this, case-sensitive.
    Prefix(String),
    /// Has a value, or has none.
    Exists(bool),
}

/// Bounds; at least one is given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Range {
    /// `gt` or `gte`.
    pub from: Option<Bound>,
    /// `lt` or `lte`.
    pub to: Option<Bound>,
}

/// One side of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The limit.
    pub value: Scalar,
    /// Whether the limit itself is within.
    pub inclusive: bool,
}

/// A value of a field, of the field's kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Of a keyword, or of a text field that is also exact.
    Text(String),
    /// Of an integer field.
    Integer(i64),
    /// Of a number field.
    Number(f64),
    /// Of a date field.
    Date(Date),
    /// Of a dateTime field.
    Time(Timestamp),
    /// Of a boolean field.
    Boolean(bool),
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Date> for Scalar {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl From<Timestamp> for Scalar {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

/// One sort key. Documents without a value come last, in either order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// A sortable field, or `id`.
    pub field: String,
    /// From the largest to the smallest.
    pub descending: bool,
}

/// An aggregation over all matching documents. Buckets nest once; metrics stand anywhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregation {
    /// One bucket for each value: by count descending, then by key.
    Terms {
        /// A facet field.
        field: String,
        /// How many buckets at most, up to 1,000.
        size: usize,
        /// What to tell of each bucket.
        aggregate: BTreeMap<String, Aggregation>,
    },
    /// One bucket for each interval (in UTC) that has documents, oldest first.
    DateHistogram {
        /// A date or dateTime field.
        field: String,
        /// The interval.
        interval: Interval,
        /// What to tell of each bucket.
        aggregate: BTreeMap<String, Aggregation>,
    },
    /// A number told of the bucket's documents.
    Metric {
        /// Which number.
        metric: Metric,
        /// An integer or number field; for `count`, any field: how many values there are.
        field: String,
    },
}

/// A number told of many documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Metric {
    Sum,
    Min,
    Max,
    Avg,
    Count,
}

/// A calendar interval, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Interval {
    Hour,
    Day,
    Month,
    Year,
}
