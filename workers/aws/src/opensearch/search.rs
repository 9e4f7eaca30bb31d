//! Searches.

use std::borrow::Cow;

use ::opensearch::http::Method;
use kernel::{
    catalog::ViewSpec,
    query::{Filter, Query, Sort},
};
use pipeline::ports::{
    Unavailable,
    search::{Found, Hit, Scope, SearchError},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    aggregate::{Counting, Plan},
    client::{Answer, Client},
    columns::texts,
    page::{Order, highlights},
    query::{compile, words},
    stored,
};

const WHAT: &str = "searching";
/// How many documents of one id are read at once.
const PAGE: usize = 100;

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(default)]
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    #[serde(borrow)]
    hits: Hits<'a>,
    #[serde(default)]
    aggregations: Map<String, Value>,
}

#[derive(Deserialize)]
struct Shards {
    failed: u32,
}

#[derive(Deserialize)]
struct Hits<'a> {
    total: Total,
    #[serde(borrow)]
    hits: Vec<OneHit<'a>>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct OneHit<'a> {
    #[serde(rename = "_version")]
    version: u64,
    #[serde(rename = "_score")]
    score: Option<f32>,
    #[serde(borrow, rename = "_source")]
    source: stored::Found<'a>,
    #[serde(default)]
    sort: Vec<Value>,
    #[serde(default)]
    highlight: Map<String, Value>,
}

impl OneHit<'_> {
    fn shown(self, scored: bool) -> Result<Hit, Unavailable> {
        let damaged = |_| Unavailable::new(WHAT, "the stream of a document is damaged");
        Ok(Hit {
            doc: self.source.document().to_owned(),
            id: self.source.id.into_owned(),
            stream: self.source.stream.parse().map_err(damaged)?,
            version: self.version,
            score: self.score.filter(|_| scored),
            highlight: None,
        })
    }
}

/// Sends a search. An answer of which a part is missing is none.
async fn ask(client: &Client, alias: &str, preference: Option<&str>, body: &Value) -> Result<Answer, Unavailable> {
    let preference: Cow<'_, str> =
        preference.map_or("".into(), |preference| format!("&preference=of.{preference}").into());
    let path = format!("{alias}/_search?ignore_unavailable=true&allow_partial_search_results=false{preference}");
    client.ask(WHAT, Method::Post, &path, body.to_string()).await
}

fn read(answer: &Answer) -> Result<Told<'_>, Unavailable> {
    let told: Told<'_> = answer.read(WHAT)?;
    if told.timed_out || told.shards.failed > 0 {
        return Err(Unavailable::new(WHAT, "a part of the index did not answer"));
    }
    Ok(told)
}

/// Evaluates a query.
pub(super) async fn search(
    client: &Client,
    alias: &str,
    view: &ViewSpec,
    scope: &Scope,
    query: &Query,
) -> Result<Found, SearchError> {
    let scored = query.text.is_some();
    let words = query.text.as_deref().map(words).unwrap_or_default();
    let order = Order::new(view, &query.sort, scored);
    let plan = Plan::new(view, &query.aggregate);
    let matching = compile(view, scope, &query.filter, &words);
    let mut body = json!({
        "query": matching, "sort": order.compile(), "track_total_hits": true, "track_scores": scored, "version": true,
        // one more than the page holds tells whether there is another page
        "size": if query.limit == 0 { 0 } else { query.limit + 1 },
    });
    if let Some(cursor) = &query.cursor {
        body["search_after"] = order.read(cursor).ok_or(SearchError::BadCursor)?.into();
    }
    if !query.aggregate.is_empty() {
        body["aggs"] = plan.compile(Counting::ByFloats).into();
    }
    if query.highlight && !words.is_empty() {
        let fields: Map<String, Value> = texts(view).map(|(_, path)| (path, json!({}))).collect();
        body["highlight"] = json!({
            "encoder": "html", "number_of_fragments": 0, "pre_tags": ["<em>"], "post_tags": ["</em>"], "fields": fields
        });
    }
    // scores differ a little between the copies of an index: a tenant's pages come from one
    let preference = order.is_by_score().then(|| scope.tenant.as_str());
    let answer = ask(client, alias, preference, &body).await?;
    let told = read(&answer)?;

    let mut hits = told.hits.hits;
    let more = hits.len() > query.limit;
    hits.truncate(query.limit);
    let last = hits.last().filter(|_| more);
    let next = last.map(|last| Order::cursor(&last.sort));
    let show = |mut hit: OneHit<'_>| {
        let marked = std::mem::take(&mut hit.highlight);
        let mut shown = hit.shown(scored)?;
        if query.highlight {
            let doc = serde_json::from_str(shown.doc.get()).map_err(|error| Unavailable::new(WHAT, error))?;
            shown.highlight = Some(highlights(texts(view), &marked, &doc));
        }
        Ok(shown)
    };
    let hits = hits.into_iter().map(show).collect::<Result<_, Unavailable>>()?;
    let aggregations = match aggregations(&plan, &told.aggregations, Counting::ByFloats)? {
        Some(aggregations) => aggregations,
        None => exactly(client, alias, &plan, &matching).await?,
    };
    Ok(Found { total: told.hits.total.value, hits, next, aggregations })
}

fn aggregations(
    plan: &Plan,
    told: &Map<String, Value>,
    counting: Counting,
) -> Result<Option<Map<String, Value>>, Unavailable> {
    plan.read(told, counting).map_err(|_| Unavailable::new(WHAT, "the aggregations can't be read"))
}

/// Aggregates once more, where floats were not enough.
async fn exactly(
    client: &Client,
    alias: &str,
    plan: &Plan,
    matching: &Value,
) -> Result<Map<String, Value>, Unavailable> {
    let body = json!({ "query": matching, "size": 0, "aggs": plan.compile(Counting::ByIntegers) });
    let answer = ask(client, alias, None, &body).await?;
    let told = aggregations(plan, &read(&answer)?.aggregations, Counting::ByIntegers)?;
    told.ok_or_else(|| Unavailable::new(WHAT, "whole numbers were not counted exactly"))
}

/// The documents of an id, by stream.
pub(super) async fn find(
    client: &Client,
    alias: &str,
    view: &ViewSpec,
    scope: &Scope,
    id: &str,
) -> Result<Vec<Hit>, Unavailable> {
    let mine = compile(view, scope, &Filter::default(), &[]);
    let query = json!({ "bool": { "filter": [mine, { "term": { "id": id } }] } });
    // the id is the same, so the stream decides
    let order = Order::new(view, &[] as &[Sort], false);
    let mut body = json!({ "query": query, "sort": order.compile(), "version": true, "size": PAGE });
    let mut found = Vec::new();
    loop {
        let answer = ask(client, alias, None, &body).await?;
        let hits = read(&answer)?.hits.hits;
        let last = hits.last().filter(|_| hits.len() == PAGE).map(|last| last.sort.clone());
        found.extend(hits.into_iter().map(|hit| hit.shown(false)).collect::<Result<Vec<_>, _>>()?);
        let Some(last) = last else { return Ok(found) };
        body["search_after"] = last.into();
    }
}
