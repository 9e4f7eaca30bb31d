//! The commit store: reading.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use async_trait::async_trait;
use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use kernel::{Id, StreamId, StreamKey, Tenant};
use pipeline::ports::{
    Unavailable,
    commits::{Append, AppendError, ClaimKey, CommitStore, Holder, Page, Seen, Stored},
};
use serde::Deserialize;

use super::{
    AT_ONCE, DynamoStore, Item,
    item::{BODY, KEY, number, primary, read_bytes, read_commit, read_text},
};
use crate::outage;

/// How many commits the newest page may have: a stream that is longer is loaded from a snapshot.
const NEWEST: usize = 64;
/// How many commits another page may have; the service ends one at 1 MB.
const PAGE: usize = 1_000;
/// How many items a page of streams looks at.
const STREAMS: i32 = 1_000;
/// Above every commit's number.
const LAST: u64 = 1 << 53;

#[async_trait]
impl CommitStore for DynamoStore {
    async fn newest(&self, above: &[(StreamKey, u64)]) -> Result<Vec<Page>, Unavailable> {
        let page = |(key, above): (StreamKey, u64)| {
            let query = self.commits_of(&key).key_condition_expression("k = :k AND s > :s");
            let query = query.expression_attribute_values(":s", number(above)).scan_index_forward(false);
            page(query, NEWEST)
        };
        stream::iter(above.to_vec()).map(page).buffered(AT_ONCE).try_collect().await
    }

    async fn read(&self, key: &StreamKey, from: u64, limit: usize) -> Result<Page, Unavailable> {
        let query = self.commits_of(key).key_condition_expression("k = :k AND s >= :s");
        page(query.expression_attribute_values(":s", number(from)), limit.min(PAGE)).await
    }

    async fn find(&self, key: &StreamKey, commands: &[(Id, Timestamp)]) -> Result<Vec<Option<Seen>>, Unavailable> {
        let mut search = Search::new(commands);
        let mut limit = NEWEST;
        let mut from = None;
        while search.goes_on() {
            let query = self.commits_of(key).key_condition_expression("k = :k").scan_index_forward(false);
            let query = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).set_exclusive_start_key(from);
            let found = query.send().await.map_err(outage("find commands"))?;
            for item in found.items() {
                search.look(item)?;
            }
            from = found.last_evaluated_key;
            if from.is_none() {
                break;
            }
            // a command that is not among the newest is usually far back
            limit *= 4;
        }
        Ok(search.seen)
    }

    async fn holders(&self, claims: &[ClaimKey]) -> Result<Vec<Option<Holder>>, Unavailable> {
        let holder = |claim: ClaimKey| self.holder(claim);
        stream::iter(claims.to_vec()).map(holder).buffered(AT_ONCE).try_collect().await
    }

    async fn append(&self, appends: Vec<Append>) -> Vec<Result<Arc<Stored>, AppendError>> {
        stream::iter(appends).map(|append| self.append_one(append)).buffered(AT_ONCE).collect().await
    }

    /// Looks through the whole table, as only an operator's check asks for it: the table has no other index, which
    /// would cost each new stream a second write unit. The cursor is the last stream told, never another tenant's.
    async fn streams(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StreamId>, Option<String>), Unavailable> {
        let prefix = format!("{tenant}/");
        let mut from = cursor.map(|stream| primary(format!("{prefix}{stream}"), LAST));
        loop {
            let scan = self.client.scan().table_name(&*self.commits).consistent_read(true).limit(STREAMS);
            let scan = scan.projection_expression("k").filter_expression("begins_with(k, :k)");
            let scan = scan.expression_attribute_values(":k", AttributeValue::S(prefix.clone()));
            let scanned = scan.set_exclusive_start_key(from).send().await.map_err(outage("list streams"))?;
            let mut names: Vec<StreamId> = Vec::new();
            for item in scanned.items() {
                let name = read_text(item, KEY).and_then(|key| key.strip_prefix(&prefix)).unwrap_or_default();
                // a stream's commits lie side by side
                if names.last().is_none_or(|last| last.as_str() != name) {
                    names.push(name.parse().map_err(|error| Unavailable::new("list streams", error))?);
                }
            }
            let ended = scanned.last_evaluated_key.is_none() && names.len() <= limit;
            names.truncate(limit);
            if let Some(last) = names.last() {
                let cursor = (!ended).then(|| last.to_string());
                return Ok((names, cursor));
            }
            // the rest of the stream that was looked at last is another tenant's too
            let Some(last) = scanned.last_evaluated_key.as_ref().and_then(|last| read_text(last, KEY)) else {
                return Ok((names, None));
            };
            from = Some(primary(last, LAST));
        }
    }

    async fn claims(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        self.claims_behind(tenant, cursor, limit).await
    }

    async fn at(&self, key: &StreamKey, seq: u64) -> Result<Option<Arc<Stored>>, Unavailable> {
        let get = self.client.get_item().table_name(&*self.commits).consistent_read(true);
        let got = get.set_key(Some(primary(key.to_string(), seq))).send().await.map_err(outage("read a commit"))?;
        let stored = got.item.map(|item| read_commit(&item)).transpose();
        Ok(stored.map_err(|corrupt| Unavailable::new("read a commit", corrupt))?.map(Arc::new))
    }
}

impl DynamoStore {
    /// A query of a stream's commits, consistent.
    fn commits_of(&self, key: &StreamKey) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&*self.commits).consistent_read(true);
        query.expression_attribute_values(":k", AttributeValue::S(key.to_string()))
    }
}

/// One page of a query. One item more is asked for, and given back, so that what is told of more is true.
async fn page(query: QueryFluentBuilder, limit: usize) -> Result<Page, Unavailable> {
    let limit = limit.max(1);
    let asked = i32::try_from(limit + 1).unwrap_or(i32::MAX);
    let found = query.limit(asked).send().await.map_err(outage("read a stream"))?;
    let more = found.last_evaluated_key.is_some() || found.items().len() > limit;
    let mut items = found.items.unwrap_or_default();
    if more && items.len() > 1 {
        items.pop();
    }
    let mut page = Page { more, ..Page::default() };
    for item in items {
        match read_commit(&item) {
            Ok(stored) => page.commits.push(Arc::new(stored)),
            Err(corrupt) => {
                page.corrupt = Some(corrupt);
                page.more = false;
                break;
            }
        }
    }
    Ok(page)
}

/// Looking back for commands.
struct Search<'a> {
    wanted: HashMap<&'a str, Vec<usize>>,
    commands: &'a [(Id, Timestamp)],
    seen: Vec<Option<Seen>>,
    /// The time of the oldest commit that was looked at.
    reached: Timestamp,
}

/// What of a commit is looked at.
#[derive(Deserialize)]
struct Slim<'a> {
    seq: u64,
    time: Timestamp,
    #[serde(borrow)]
    commands: Vec<SlimCommand<'a>>,
}

#[derive(Deserialize)]
struct SlimCommand<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl<'a> Search<'a> {
    fn new(commands: &'a [(Id, Timestamp)]) -> Self {
        let mut wanted: HashMap<_, Vec<_>> = HashMap::new();
        for (index, (id, _)) in commands.iter().enumerate() {
            wanted.entry(id.as_str()).or_default().push(index);
        }
        Self { wanted, commands, seen: vec![None; commands.len()], reached: Timestamp::MAX }
    }

    /// Whether a command that was not found yet may be in an older commit.
    fn goes_on(&self) -> bool {
        self.commands.iter().zip(&self.seen).any(|((_, time), seen)| seen.is_none() && self.reached >= *time)
    }

    fn look(&mut self, item: &Item) -> Result<(), Unavailable> {
        let body = read_bytes(item, BODY).unwrap_or_default();
        let commit: Slim<'_> =
            serde_json::from_slice(body).map_err(|error| Unavailable::new("find commands", error))?;
        self.reached = self.reached.min(commit.time);
        for (command, record) in commit.commands.iter().enumerate().rev() {
            for index in self.wanted.get(&*record.id).into_iter().flatten() {
                if let Some(seen @ None) = self.seen.get_mut(*index) {
                    *seen = Some(Seen { seq: commit.seq, command });
                }
            }
        }
        Ok(())
    }
}
