//! A view with a field of every kind, and its documents.

use std::sync::Arc;

use kernel::{
    Corrupt, EventSet, Field, Recorded, StreamId, Tenant, View,
    catalog::ViewSpec,
    event::EventType,
    query::{Condition, Filter, Query, Scalar, Sort},
};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    laws::Law,
    ports::search::{Content, Entry, Found, Key, Put, Scope, SearchError, SearchIndex},
};

/// The view of the laws.
pub struct Toy;

/// Its events: there are none, since the laws write documents themselves.
#[derive(Debug)]
pub enum Nothing {}

impl EventSet for Nothing {
    fn types() -> Vec<EventType> {
        Vec::new()
    }
    fn decode(kind: &str, _: u32, _: &RawValue) -> Result<Self, Corrupt> {
        Err(Corrupt(format!("the event type `{kind}` is not known")))
    }
    fn kind(&self) -> &'static str {
        match *self {}
    }
    fn schema(&self) -> u32 {
        match *self {}
    }
    fn encode(&self) -> Result<Box<RawValue>, serde_json::Error> {
        match *self {}
    }
}

impl View for Toy {
    type Event = Nothing;
    type Memo = ();
    type Doc = Map<String, Value>;

    const NAME: &'static str = "toys";
    const AGGREGATE: &'static str = "toy";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![
            Field::text_and_exact("title"),
            Field::text("notes"),
            Field::keyword("status"),
            Field::keyword("tags"),
            Field::integer("guests"),
            Field::number("total"),
            Field::date("arrival"),
            Field::date_time("at"),
            Field::boolean("open"),
        ]
    }

    fn touches((): &(), _: &Recorded<'_, Nothing>) -> Vec<String> {
        Vec::new()
    }

    fn evolve((): &(), _: &str, doc: Option<Self::Doc>, _: &Recorded<'_, Nothing>) -> Option<Self::Doc> {
        doc
    }
}

/// The view, erased.
pub fn view() -> ViewSpec {
    ViewSpec::of::<Toy>()
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The tenant of the laws.
pub fn tenant() -> Result<Tenant, Error> {
    named("acme")
}

/// A tenant or stream by its name.
pub fn named<T: std::str::FromStr<Err = kernel::id::BadId>>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|error: kernel::id::BadId| error.to_string().into())
}

/// A shown document of the stream `toy/<id>`.
pub fn shown(id: &str, version: u64, body: &Value) -> Result<Entry, Error> {
    entry(id, version, Content::Shown(members(body)))
}

/// An entry of the stream `toy/<id>`, under the id.
pub fn entry(id: &str, version: u64, content: Content) -> Result<Entry, Error> {
    let (tenant, stream): (_, StreamId) = (tenant()?, named(&format!("toy/{id}"))?);
    let key = Key::document(&tenant, &stream, id);
    Ok(Entry { key, tenant, stream, id: id.to_owned(), version, content })
}

/// The members of an object.
pub fn members(body: &Value) -> Arc<Map<String, Value>> {
    Arc::new(body.as_object().cloned().unwrap_or_default())
}

/// Puts documents of version 1, by id, and makes them visible; all must be accepted.
pub async fn given(index: &dyn SearchIndex, documents: &[(&str, Value)]) -> Law {
    let entries = documents.iter().map(|(id, body)| shown(id, 1, body)).collect::<Result<Vec<_>, _>>()?;
    given_entries(index, entries).await
}

/// Puts entries and makes them visible; all must be accepted.
pub async fn given_entries(index: &dyn SearchIndex, entries: Vec<Entry>) -> Law {
    let told = index.put(&view(), entries).await?;
    if let Some(other) = told.iter().find(|put| **put != Put::Accepted) {
        return Err(format!("an entry was not accepted: {other:?}").into());
    }
    Ok(index.refresh(&view()).await?)
}

/// All documents of the laws' tenant.
pub fn everything() -> Result<Scope, Error> {
    Ok(Scope { tenant: tenant()?, rows: None })
}

/// Searches as one who may see everything.
pub async fn search(index: &dyn SearchIndex, query: &Query) -> Result<Found, Error> {
    let found: Result<Found, SearchError> = index.search(&view(), &everything()?, query).await;
    Ok(found?)
}

/// The ids that match a filter, in the order of ids.
pub async fn matching(index: &dyn SearchIndex, filter: Filter) -> Result<String, Error> {
    ids(index, &Query { filter, limit: 200, ..Query::default() }).await
}

/// The ids that a query finds, in its order.
pub async fn ids(index: &dyn SearchIndex, query: &Query) -> Result<String, Error> {
    let found = search(index, query).await?;
    Ok(found.hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>().join(" "))
}

/// A query of words.
pub fn text(text: &str) -> Query {
    Query { text: Some(text.to_owned()), limit: 200, ..Query::default() }
}

/// A condition on a field.
pub fn field(field: &str, is: Condition) -> Filter {
    Filter::Field { field: field.to_owned(), is }
}

/// A query sorted by a field.
pub fn by(field: &str, descending: bool) -> Query {
    Query { sort: vec![Sort { field: field.to_owned(), descending }], limit: 200, ..Query::default() }
}

/// A date, as a value of a field.
pub fn date(text: &str) -> Result<Scalar, Error> {
    Ok(Scalar::Date(text.parse()?))
}

/// A time, as a value of a field.
pub fn time(text: &str) -> Result<Scalar, Error> {
    Ok(Scalar::Time(text.parse()?))
}
