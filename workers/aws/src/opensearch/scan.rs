//! All entries that match, page by page, of one moment.

use ::opensearch::http::Method;
use pipeline::ports::{Unavailable, search::Entry};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{client::Client, stored::Stored};

const PAGE: usize = 1_000;
/// How long the cluster keeps the moment between two pages.
const KEPT: &str = "1m";

/// A walk over entries.
pub(super) struct Scan<'a> {
    client: &'a Client,
    what: &'static str,
    next: Next,
}

enum Next {
    First { path: String, body: String },
    Page { scroll: String },
    Done,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(rename = "_scroll_id")]
    scroll: Option<String>,
    #[serde(borrow)]
    hits: Hits<'a>,
}

#[derive(Deserialize)]
struct Hits<'a> {
    #[serde(borrow)]
    hits: Vec<Hit<'a>>,
}

#[derive(Deserialize)]
struct Hit<'a> {
    #[serde(rename = "_version")]
    version: u64,
    #[serde(borrow, rename = "_source")]
    source: Stored<'a>,
}

impl<'a> Scan<'a> {
    pub(super) fn start(client: &'a Client, what: &'static str, alias: &str, query: &Value) -> Self {
        let path = format!("{alias}/_search?scroll={KEPT}&ignore_unavailable=true");
        let body = json!({ "query": query, "size": PAGE, "sort": ["_doc"], "version": true }).to_string();
        Self { client, what, next: Next::First { path, body } }
    }

    /// The next page; `None` behind the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Entry>>, Unavailable> {
        let (path, body) = match std::mem::replace(&mut self.next, Next::Done) {
            Next::Done => return Ok(None),
            Next::First { path, body } => (path, body),
            Next::Page { scroll } => {
                ("_search/scroll".to_owned(), json!({ "scroll": KEPT, "scroll_id": scroll }).to_string())
            }
        };
        let answer = self.client.ask(self.what, Method::Post, &path, body).await?;
        let page: Page<'_> = answer.read(self.what)?;
        let full = page.hits.hits.len() == PAGE;
        let entries = page.hits.hits.into_iter().map(|hit| hit.source.entry(hit.version)).collect::<Result<_, _>>();
        let entries = entries.map_err(|reason| Unavailable::new(self.what, reason))?;
        match page.scroll {
            Some(scroll) if full => self.next = Next::Page { scroll },
            Some(scroll) => self.release(&scroll).await,
            None => {}
        }
        Ok(Some(entries))
    }

    /// Lets the cluster forget the moment; if that fails, it forgets it by itself soon.
    async fn release(&self, scroll: &str) {
        let body = json!({ "scroll_id": scroll }).to_string();
        if let Err(error) = self.client.ask(self.what, Method::Delete, "_search/scroll", body).await {
            tracing::debug!("a scroll was not released: {error}");
        }
    }
}
