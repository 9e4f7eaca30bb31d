//! The statuses of commands: one document for each tenant and id, read by its key and so in real time, with what each
//! stream answered under that id, which is hardly ever more than one.
//!
//! Whoever writes first creates the document; whoever finds one merges into it and replaces it only if nobody else did
//! in between. So nothing is lost, whoever writes at the same time, and what comes again costs a read.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ::opensearch::http::Method;
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Id, StreamId, Tenant};
use pipeline::ports::{
    Unavailable,
    commits::Stored,
    status::{Change, Known, StatusStore},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    bulk::{self, Body, Bulk},
    client::{Cause, Client},
    names::{Made, Naming},
};

/// How many documents are read or written at once.
const MOST: usize = 1_000;
/// How often a status that others write at the same time is tried.
const MOST_TRIES: u32 = 8;
/// After what time a watcher looks again.
const LOOK: Duration = Duration::from_millis(100);
const READING: &str = "reading statuses";
const WRITING: &str = "recording statuses";

/// The statuses of commands, in an index of their own.
pub struct OpenSearchStatuses {
    client: Client,
    alias: String,
    generation: u32,
    made: Made,
}

/// What is kept under an id.
#[derive(Serialize, Deserialize, Default, Clone, PartialEq)]
struct Kept {
    /// One for each stream, in the order in which they were first told.
    known: Vec<Known>,
}

/// A kept document, and the write that made it.
struct Found {
    kept: Kept,
    seq: u64,
    term: u64,
}

/// What is to be written under an id.
struct Draft {
    key: String,
    new: Vec<Known>,
    /// What was read, once it is known that there is something.
    found: Option<Found>,
}

impl OpenSearchStatuses {
    /// The statuses on this cluster.
    pub fn new(client: Client, naming: &Naming) -> Self {
        let alias = naming.alias("factmill-statuses-1");
        Self { client, alias, generation: naming.generation, made: Made::default() }
    }

    /// Records the outcome of every command of these commits.
    pub async fn follow(&self, commits: &[Arc<Stored>]) -> Result<(), Unavailable> {
        let mut tenants: BTreeMap<&Tenant, Vec<Known>> = BTreeMap::new();
        for Stored { commit, .. } in commits.iter().map(AsRef::as_ref) {
            let known = (0..commit.commands.len()).filter_map(|command| Known::of_commit(commit, command));
            tenants.entry(&commit.tenant).or_default().extend(known);
        }
        for (tenant, known) in tenants {
            self.record(tenant, known).await?;
        }
        Ok(())
    }

    async fn read_keys(&self, keys: &[String]) -> Result<Vec<Option<Found>>, Unavailable> {
        let mut all = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MOST) {
            let path = format!("{}/_mget", self.alias);
            let answer = self.client.ask(READING, Method::Post, &path, json!({ "ids": keys }).to_string()).await?;
            let got: Got = answer.read(READING)?;
            if got.docs.len() != keys.len() {
                return Err(Unavailable::new(READING, "not every id was answered"));
            }
            for doc in got.docs {
                all.push(doc.found().map_err(|reason| Unavailable::new(READING, reason))?);
            }
        }
        Ok(all)
    }

    /// Writes drafts once; returns those that must be tried again.
    async fn write(&self, drafts: Vec<Draft>) -> Result<Vec<Draft>, Unavailable> {
        self.made.ensure(&self.client, &self.alias, self.generation, index).await?;
        let mut body = Body::default();
        for draft in &drafts {
            let (action, kept) = draft.compile();
            let source = |into: &mut Vec<u8>| serde_json::to_writer(into, &kept).map_err(|error| error.to_string());
            body.add(&action, source).map_err(|reason| Unavailable::new(WRITING, reason))?;
        }
        let verdicts = match bulk::send(&self.client, &self.alias, body).await? {
            Bulk::Told(verdicts) => verdicts,
            Bulk::NoIndex => {
                self.made.forget(&self.alias);
                return Err(Unavailable::new(WRITING, "the index was removed"));
            }
        };
        let mut again = Vec::new();
        for (draft, verdict) in drafts.into_iter().zip(verdicts) {
            match verdict.status {
                200..300 => {}
                409 | 429 | 503 => again.push(draft),
                _ => return Err(Unavailable::new(WRITING, verdict.reason())),
            }
        }
        Ok(again)
    }

    /// Looks at what there is by now; drops what would change nothing.
    async fn look(&self, drafts: Vec<Draft>) -> Result<Vec<Draft>, Unavailable> {
        let keys: Vec<String> = drafts.iter().map(|draft| draft.key.clone()).collect();
        let found = self.read_keys(&keys).await?;
        let fresh = drafts.into_iter().zip(found).filter_map(|(draft, found)| {
            let settled = found.as_ref().is_some_and(|found| found.kept.merged(&draft.new) == found.kept);
            (!settled).then_some(Draft { found, ..draft })
        });
        Ok(fresh.collect())
    }
}

impl Draft {
    fn compile(&self) -> (String, Kept) {
        let key = &self.key;
        match &self.found {
            None => (format!(r#"{{"create":{{"_id":"{key}"}}}}"#), Kept::default().merged(&self.new)),
            Some(Found { kept, seq, term }) => {
                let action = format!(r#"{{"index":{{"_id":"{key}","if_seq_no":{seq},"if_primary_term":{term}}}}}"#);
                (action, kept.merged(&self.new))
            }
        }
    }
}

impl Kept {
    /// What is known after this came to be known too.
    fn merged(&self, new: &[Known]) -> Self {
        let mut merged = self.clone();
        for known in new {
            match merged.known.iter_mut().find(|kept| kept.status.stream == known.status.stream) {
                Some(kept) if known.outranks(kept) => *kept = known.clone(),
                Some(_) => {}
                None => merged.known.push(known.clone()),
            }
        }
        merged
    }

    /// The one that is told where no stream is named: what was settled for good first, else the latest delivery's.
    fn told(self) -> Option<Known> {
        let is_final = |known: &&Known| known.status.status.is_final();
        let first = self.known.iter().filter(is_final).min_by_key(|known| known.status.settled_at);
        first.or_else(|| self.known.iter().max_by_key(|known| known.status.received_at)).cloned()
    }
}

#[derive(Deserialize)]
struct Got {
    docs: Vec<Doc>,
}

#[derive(Deserialize)]
struct Doc {
    #[serde(default)]
    found: bool,
    #[serde(rename = "_seq_no", default)]
    seq: u64,
    #[serde(rename = "_primary_term", default)]
    term: u64,
    #[serde(rename = "_source")]
    kept: Option<Kept>,
    error: Option<Cause>,
}

impl Doc {
    fn found(self) -> Result<Option<Found>, String> {
        match self {
            Doc { error: Some(cause), .. } if cause.kind == "index_not_found_exception" => Ok(None),
            Doc { error: Some(cause), .. } => Err(cause.to_string()),
            Doc { found: true, kept: Some(kept), seq, term, .. } => Ok(Some(Found { kept, seq, term })),
            Doc { .. } => Ok(None),
        }
    }
}

fn key(tenant: &Tenant, id: &Id) -> String {
    let hash = Sha256::digest(format!("status\0{tenant}\0{id}"));
    URL_SAFE_NO_PAD.encode(&hash[..16])
}

/// Nothing of a status is searched.
fn index() -> Value {
    json!({
        "settings": { "index": { "number_of_shards": 1, "auto_expand_replicas": "0-1" } },
        "mappings": { "dynamic": "strict", "properties": { "known": { "type": "object", "enabled": false } } },
    })
}

#[async_trait]
impl StatusStore for OpenSearchStatuses {
    async fn read(&self, tenant: &Tenant, ids: &[Id]) -> Result<Vec<Option<Known>>, Unavailable> {
        let keys: Vec<String> = ids.iter().map(|id| key(tenant, id)).collect();
        let found = self.read_keys(&keys).await?;
        Ok(found.into_iter().map(|found| found?.kept.told()).collect())
    }

    async fn read_on(&self, tenant: &Tenant, id: &Id, stream: &StreamId) -> Result<Option<Known>, Unavailable> {
        let found = self.read_keys(&[key(tenant, id)]).await?.into_iter().next().flatten();
        Ok(found.and_then(|found| found.kept.known.into_iter().find(|known| known.status.stream == *stream)))
    }

    async fn record(&self, tenant: &Tenant, settled: Vec<Known>) -> Result<(), Unavailable> {
        let mut by_id: BTreeMap<String, Vec<Known>> = BTreeMap::new();
        for known in settled {
            by_id.entry(key(tenant, &known.status.id)).or_default().push(known);
        }
        let mut drafts = by_id.into_iter().map(|(key, new)| Draft { key, new, found: None });
        loop {
            let mut part: Vec<Draft> = drafts.by_ref().take(MOST).collect();
            if part.is_empty() {
                return Ok(());
            }
            for tries in 0.. {
                part = self.write(part).await?;
                if part.is_empty() {
                    break;
                }
                if tries == MOST_TRIES {
                    return Err(Unavailable::new(
                        WRITING,
                        "others write the same, or there is no room, time and again",
                    ));
                }
                if tries > 0 {
                    sleep(Duration::from_millis(10 << tries)).await;
                }
                part = self.look(part).await?;
                if part.is_empty() {
                    break;
                }
            }
        }
    }

    fn watch(&self, _: &Tenant, _: &Id) -> Change<'_> {
        // nobody tells of changes: whoever waits looks again after a while, counted from the call
        Box::pin(sleep_until(Instant::now() + LOOK))
    }
}
