//! The search index of the views.

use ::opensearch::http::Method;
use async_trait::async_trait;
use bytes::Bytes;
use kernel::{StreamId, Tenant, catalog::ViewSpec, query::Query};
use pipeline::ports::{
    Unavailable,
    search::{Entry, Found, Hit, Key, Put, Scope, SearchError, SearchIndex},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    bulk::{self, Body, Bulk},
    client::{Cause, Client},
    columns::index_of,
    names::{Made, Naming},
    refresh::Refreshes,
    scan::Scan,
    search, stored,
    stored::Stored,
};

/// How many entries are read at once.
const MOST_KEYS: usize = 1_000;

/// An index for each view, on one cluster.
///
/// A view that nothing was ever written to has no index, and reading it finds nothing. Only writing makes one.
pub struct OpenSearchIndex {
    client: Client,
    naming: Naming,
    made: Made,
    refreshes: Refreshes,
}

impl OpenSearchIndex {
    /// The views on this cluster.
    pub fn new(client: Client, naming: Naming) -> Self {
        Self { client, naming, made: Made::default(), refreshes: Refreshes::default() }
    }

    /// Makes a view's index if there is none.
    pub async fn prepare(&self, view: &ViewSpec) -> Result<(), Unavailable> {
        let alias = self.naming.alias_of(view);
        self.made.ensure(&self.client, &alias, self.naming.generation, || index_of(view)).await
    }

    /// Sends what was encoded; fills in what became of each item.
    async fn send(&self, alias: &str, body: Body, slots: &mut Vec<usize>, told: &mut [Put]) -> Result<(), Unavailable> {
        if body.is_empty() {
            return Ok(());
        }
        match bulk::send(&self.client, alias, body).await? {
            Bulk::Told(verdicts) => {
                for (slot, verdict) in slots.drain(..).zip(verdicts) {
                    told[slot] = verdict.put();
                }
                Ok(())
            }
            Bulk::NoIndex => {
                self.made.forget(alias);
                Err(Unavailable::new("writing to the index", format!("the index behind `{alias}` was removed")))
            }
        }
    }
}

/// The bulk body of entries, as [`OpenSearchIndex`] sends it; for measurements.
pub fn encode(view: &ViewSpec, entries: &[Entry]) -> Result<Vec<u8>, String> {
    let mut body = Body::default();
    for entry in entries {
        body.versioned(&entry.key, entry.version, |into| stored::write(view, entry, into))?;
    }
    Ok(body.into_bytes())
}

#[derive(Deserialize)]
struct Got<'a> {
    #[serde(borrow)]
    docs: Vec<Doc<'a>>,
}

#[derive(Deserialize)]
struct Doc<'a> {
    #[serde(default)]
    found: bool,
    #[serde(rename = "_version")]
    version: Option<u64>,
    #[serde(borrow, rename = "_source")]
    source: Option<Stored<'a>>,
    error: Option<Cause>,
}

impl Doc<'_> {
    fn entry(self) -> Result<Option<Entry>, String> {
        match self {
            Doc { error: Some(cause), .. } if cause.kind == "index_not_found_exception" => Ok(None),
            Doc { error: Some(cause), .. } => Err(cause.to_string()),
            Doc { found: true, version: Some(version), source: Some(stored), .. } => stored.entry(version).map(Some),
            Doc { found: false, .. } => Ok(None),
            Doc { .. } => Err("an entry was told without its version or source".into()),
        }
    }
}

#[async_trait]
impl SearchIndex for OpenSearchIndex {
    async fn get(&self, view: &ViewSpec, keys: &[Key]) -> Result<Vec<Option<Entry>>, Unavailable> {
        let what = "reading entries";
        let path = format!("{}/_mget", self.naming.alias_of(view));
        let mut entries = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MOST_KEYS) {
            let ids: Vec<&str> = keys.iter().map(Key::as_str).collect();
            let answer = self.client.ask(what, Method::Post, &path, json!({ "ids": ids }).to_string()).await?;
            let got: Got<'_> = answer.read(what)?;
            if got.docs.len() != keys.len() {
                return Err(Unavailable::new(what, "not every key was answered"));
            }
            for doc in got.docs {
                entries.push(doc.entry().map_err(|reason| Unavailable::new(what, reason))?);
            }
        }
        Ok(entries)
    }

    async fn put(&self, view: &ViewSpec, entries: Vec<Entry>) -> Result<Vec<Put>, Unavailable> {
        self.prepare(view).await?;
        let alias = self.naming.alias_of(view);
        let mut told = vec![Put::Busy; entries.len()];
        let (mut body, mut slots) = (Body::default(), Vec::new());
        for (slot, entry) in entries.into_iter().enumerate() {
            match body.versioned(&entry.key, entry.version, |into| stored::write(view, &entry, into)) {
                Ok(()) => slots.push(slot),
                Err(reason) => told[slot] = Put::Refused(reason),
            }
            if body.is_full() {
                self.send(&alias, std::mem::take(&mut body), &mut slots, &mut told).await?;
            }
        }
        self.send(&alias, body, &mut slots, &mut told).await?;
        Ok(told)
    }

    async fn refresh(&self, view: &ViewSpec) -> Result<(), Unavailable> {
        let alias = self.naming.alias_of(view);
        let path = format!("{alias}/_refresh?ignore_unavailable=true");
        let refresh = async || self.client.ask("refreshing", Method::Post, &path, Bytes::new()).await.map(|_| ());
        self.refreshes.after(&alias, refresh).await
    }

    async fn search(&self, view: &ViewSpec, scope: &Scope, query: &Query) -> Result<Found, SearchError> {
        search::search(&self.client, &self.naming.alias_of(view), view, scope, query).await
    }

    async fn find(&self, view: &ViewSpec, scope: &Scope, id: &str) -> Result<Vec<Hit>, Unavailable> {
        search::find(&self.client, &self.naming.alias_of(view), view, scope, id).await
    }

    async fn entries(&self, view: &ViewSpec, tenant: &Tenant, stream: &StreamId) -> Result<Vec<Entry>, Unavailable> {
        self.refresh(view).await?;
        let (what, tenant) = ("reading a stream's entries", tenant.as_str());
        let query = json!({ "bool": {
            "filter": { "term": { "stream": stream.as_str() } },
            "should": [{ "term": { "tenant": tenant } }, { "term": { "of": tenant } }],
            "minimum_should_match": 1,
        } });
        let mut entries = Vec::new();
        let mut scan = Scan::start(&self.client, what, &self.naming.alias_of(view), &query);
        while let Some(page) = scan.next().await? {
            entries.extend(page);
        }
        Ok(entries)
    }
}
