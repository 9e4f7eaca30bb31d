//! Views and reports.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kernel::{
    FieldKind,
    catalog::ViewSpec,
    query::{self, Query},
};
use pipeline::{
    ports::search::{Found, Scope},
    steps::{
        query::{Fresh, Views},
        read::ReadError,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    App, Json, Problem,
    request::{Caller, Names, Params, Sent, bad_param},
};

/// The answer to `GET /views`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ViewList {
    /// The views that the caller may read.
    views: Vec<ViewInfo>,
}

/// A view and what can be asked of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ViewInfo {
    /// Its name.
    name: &'static str,
    /// Its fields.
    fields: Vec<FieldInfo>,
}

/// A field and what it can be used for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FieldInfo {
    /// Its name.
    name: &'static str,
    /// What it holds.
    kind: FieldKind,
    /// Whether it can stand in a condition.
    filter: bool,
    /// Whether hits can be sorted by it.
    sort: bool,
    /// Whether hits can be counted by it.
    facet: bool,
}

/// A document.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Document {
    /// Its id.
    id: String,
    /// The stream's version at the last event folded into it.
    version: u64,
    /// Its members.
    #[schemars(with = "Map<String, Value>")]
    doc: Box<RawValue>,
}

/// What a search found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchResult {
    /// How many documents match, exactly.
    total: u64,
    /// The page.
    hits: Vec<FoundDocument>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// Aggregations by name.
    aggregations: Map<String, Value>,
    /// How long it took, in milliseconds.
    took_ms: u64,
}

/// A document that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FoundDocument {
    /// Its id.
    id: String,
    /// The stream's version at the last event folded into it.
    version: u64,
    /// How well it matches the text; null without text.
    score: Option<f32>,
    /// Its members.
    #[schemars(with = "Map<String, Value>")]
    doc: Box<RawValue>,
    /// Fields in which the text was found, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    highlight: Option<Map<String, Value>>,
}

/// The answer to `GET /reports`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReportList {
    /// The reports that the caller may read.
    reports: Vec<ReportInfo>,
}

/// A report and its parameters.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReportInfo {
    /// Its name.
    name: &'static str,
    /// The JSON Schema of its parameters.
    parameters: Value,
}

impl App {
    fn views(&self) -> Views<'_> {
        Views { catalog: &self.catalog, index: &*self.index, policies: &*self.policies }
    }
}

/// `GET /views`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    params: Params,
) -> Result<Json<ViewList>, Problem> {
    params.none_left()?;
    let views = app.views().readable(&caller.claims.actor).into_iter().map(info).collect();
    Ok(Json(ViewList { views }))
}

fn info(view: &ViewSpec) -> ViewInfo {
    let field = |field: &kernel::Field| FieldInfo {
        name: field.name,
        kind: field.kind,
        filter: field.exact,
        sort: field.exact,
        facet: field.exact,
    };
    ViewInfo { name: view.name(), fields: view.fields().iter().map(field).collect() }
}

/// `GET /views/{view}/{id}`.
pub(crate) async fn get(
    app: State<Arc<App>>,
    caller: Caller,
    Names((view, id)): Names<(String, String)>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    document(app, caller, (&view, &id), &headers, params).await
}

/// A document, by names that come from the path.
pub(crate) async fn document(
    State(app): State<Arc<App>>,
    caller: Caller,
    (view, id): (&str, &str),
    headers: &HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let fresh = params.fresh()?;
    params.none_left()?;
    let views = app.views();
    let (view, scope) = views.open(caller.reader(), view)?;
    views.freshen(&[view], caller.reader(), &fresh).await?;
    let hit = views.document(view, &scope, id).await?;
    let tag = format!("\"{}\"", hit.version);
    let mut response = if has_tag(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(Document { id: hit.id, version: hit.version, doc: hit.doc }).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Whether `If-None-Match` names this tag, compared weakly as RFC 9110 says.
fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

/// `GET /views/{view}`: a search by parameters.
pub(crate) async fn find(
    State(app): State<Arc<App>>,
    caller: Caller,
    Names(view): Names<String>,
    mut params: Params,
) -> Result<Json<SearchResult>, Problem> {
    let views = app.views();
    let (view, scope) = views.open(caller.reader(), &view)?;
    let fresh = params.fresh()?;
    let query = query::from_params(view, &params.rest())?;
    answer(views, (view, &scope), &caller, &fresh, query).await
}

/// `POST /views/{view}/search`: a search by a typed query.
pub(crate) async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Names(view): Names<String>,
    mut params: Params,
    sent: Sent,
) -> Result<Json<SearchResult>, Problem> {
    let views = app.views();
    let (view, scope) = views.open(caller.reader(), &view)?;
    let fresh = params.fresh()?;
    params.none_left()?;
    let query = query::parse(view, &sent.json()?)?;
    answer(views, (view, &scope), &caller, &fresh, query).await
}

/// `GET /reports`.
pub(crate) async fn reports(
    State(app): State<Arc<App>>,
    caller: Caller,
    params: Params,
) -> Result<Json<ReportList>, Problem> {
    params.none_left()?;
    let readable = app.catalog.reports().filter(|report| app.views().report(caller.reader(), report.name()).is_ok());
    let reports =
        readable.map(|report| ReportInfo { name: report.name(), parameters: report.params().clone().to_value() });
    Ok(Json(ReportList { reports: reports.collect() }))
}

/// `GET /reports/{name}`.
pub(crate) async fn report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Names(name): Names<String>,
    mut params: Params,
) -> Result<Json<SearchResult>, Problem> {
    let views = app.views();
    let report = views.report(caller.reader(), &name)?;
    let fresh = params.fresh()?;
    let cursor = params.take("cursor")?;
    let limit = params.take("limit")?;
    let mut members = Map::new();
    for (name, value) in params.rest() {
        if members.insert(name.clone(), Value::String(value)).is_some() {
            return Err(bad_param(&name, "duplicate", "may be given once"));
        }
    }
    let mut query = report.spec().query(members)?;
    if let Some(limit) = limit {
        let within = || bad_param("limit", "out-of-range", &format!("must be a number from 0 to {}", query::MOST_HITS));
        query.own.limit = query::limit_of(&limit).ok_or_else(within)?;
    }
    query.own.cursor = cursor;
    views.freshen(&report.views(), caller.reader(), &fresh).await?;
    timed(views.tell(&report, query)).await
}

async fn answer(
    views: Views<'_>,
    (view, scope): (&ViewSpec, &Scope),
    caller: &Caller,
    fresh: &Fresh,
    query: Query,
) -> Result<Json<SearchResult>, Problem> {
    views.freshen(&[view], caller.reader(), fresh).await?;
    timed(views.search(view, scope, query)).await
}

/// An answer, and how long it took.
async fn timed(search: impl Future<Output = Result<Found, ReadError>>) -> Result<Json<SearchResult>, Problem> {
    let started = Instant::now();
    let found = search.await?;
    let took = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
    Ok(Json(result(found, took)))
}

fn result(found: Found, took_ms: u64) -> SearchResult {
    let hits = found.hits.into_iter().map(|hit| FoundDocument {
        id: hit.id,
        version: hit.version,
        score: hit.score,
        doc: hit.doc,
        highlight: hit.highlight,
    });
    let hits = hits.collect();
    SearchResult { total: found.total, hits, next: found.next, aggregations: found.aggregations, took_ms }
}
