//! `factmill search`: the documents of a view.

mod show;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

pub(super) use self::show::show;
use super::{Folder, Freshness};
use crate::client::{Answer, Ask, Client, decode, encode};
use crate::failure::{Failure, Verdict};
use crate::query::{Query, condition};
use crate::{Context, verbs};

/// The most documents of one answer.
const LARGEST_PAGE: u64 = 200;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  factmill search bookings 'sea view' --where status=confirmed --where 'arrival>=2026-12-01' --sort -arrival
  factmill search bookings --facets status,roomType --limit 0
  factmill search comments --all > comments.ndjson
  factmill search bookings --query '{\"where\":{\"field\":\"status\",\"eq\":\"waiting\"},\"limit\":5}'")]
pub(crate) struct Args {
    /// The view
    view: String,
    /// Words that must all be found
    #[arg(conflicts_with = "query")]
    text: Option<String>,
    /// A condition: `field=value`, `field>=value`, `field.prefix=value`, `field.in=a,b`; repeat it for more
    #[arg(long = "where", value_name = "CONDITION", value_parser = condition, conflicts_with = "query")]
    conditions: Vec<(String, String)>,
    /// Fields to sort by, comma-separated, `-` before one for the largest first
    #[arg(long, value_name = "FIELDS", allow_hyphen_values = true, conflicts_with = "query")]
    sort: Option<String>,
    /// The most documents to show, or with --all to fetch at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=LARGEST_PAGE))]
    limit: Option<u64>,
    /// Where to go on: `next` of the answer before
    #[arg(long)]
    cursor: Option<String>,
    /// Fields whose values to count, comma-separated
    #[arg(long, value_name = "FIELDS", conflicts_with = "query")]
    facets: Option<String>,
    /// Show where the words were found
    #[arg(long, conflicts_with = "query")]
    highlight: bool,
    /// A whole query: JSON, a file of it, or `-`
    #[arg(long, value_name = "JSON")]
    query: Option<String>,
    /// All pages; as JSON, one document a line
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    freshness: Freshness,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    hits: Vec<&'a RawValue>,
    next: Option<String>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Verdict, Failure> {
        let typed = self.query.as_deref().map(typed_query).transpose()?;
        let client = self.folder.client(context)?;
        let mut cursor = self.cursor.clone();
        loop {
            let answer = match &typed {
                Some(query) => self.post(&client, query, cursor.as_deref())?,
                None => self.get(&client, cursor.as_deref())?,
            };
            if !self.all {
                show(context.output, &answer.body)?;
                return Ok(Verdict::Good);
            }
            let page: Page<'_> = decode(&answer.body)?;
            if context.output.is_json() {
                page.hits.iter().try_for_each(|hit| context.output.line(hit.get()))?;
            } else {
                show::hits(context.output, &answer.body)?;
            }
            if page.next.is_none() || page.hits.is_empty() {
                return Ok(Verdict::Good);
            }
            cursor = page.next;
        }
    }

    fn limit(&self) -> Option<u64> {
        self.limit.or(self.all.then_some(LARGEST_PAGE))
    }

    fn get(&self, client: &Client, cursor: Option<&str>) -> Result<Answer, Failure> {
        let query = Query::default().with_any("q", self.text.as_deref());
        let query = self.conditions.iter().fold(query, |query, (field, value)| query.with(field, value));
        let query = query
            .with_any("sort", self.sort.as_deref())
            .with_any("limit", self.limit())
            .with_any("cursor", cursor)
            .with_any("facets", self.facets.as_deref())
            .with_any("highlight", self.highlight.then_some(true));
        client.ask(Ask::get(&self.fresh(query).on(&format!("/views/{}", encode(&self.view)))))
    }

    fn post(&self, client: &Client, query: &Map<String, Value>, cursor: Option<&str>) -> Result<Answer, Failure> {
        let mut query = query.clone();
        if let Some(limit) = self.limit.or(self.limit().filter(|_| !query.contains_key("limit"))) {
            query.insert("limit".into(), json!(limit));
        }
        if let Some(cursor) = cursor {
            query.insert("cursor".into(), json!(cursor));
        }
        let path = self.fresh(Query::default()).on(&format!("/views/{}/search", encode(&self.view)));
        client.ask(Ask::post(&path, Value::Object(query).to_string().as_bytes()))
    }

    fn fresh(&self, query: Query) -> Query {
        query.with_any("after", self.freshness.after.as_deref()).with_any("wait", self.freshness.wait)
    }
}

fn typed_query(text: &str) -> Result<Map<String, Value>, Failure> {
    let body = if text.trim_start().starts_with('{') { text.into() } else { verbs::file(text, "the query")? };
    serde_json::from_slice(&body).map_err(|error| Failure::Usage(format!("the query is no JSON object: {error}")))
}
