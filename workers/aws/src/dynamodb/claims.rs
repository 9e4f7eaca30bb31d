//! Claims: one item each, which names what is claimed, and the commit that took it.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue, Delete, Put, TransactWriteItem},
};
use kernel::{Hash, Tenant};
use pipeline::ports::{
    Unavailable,
    commits::{ClaimKey, ClaimWrite, Holder, Stored},
};

use super::{
    DynamoStore, Item,
    item::{KEY, bytes, number, primary, read_bytes, read_number, read_text},
};
use crate::outage;

/// What the value is unique in, and the value.
const SCOPE: &str = "c";
const VALUE: &str = "v";
/// The holder's stream.
const STREAM: &str = "t";
/// The number of the commit that took it.
const COMMIT: &str = "n";
/// That commit's hash.
const HASH: &str = "h";

/// How many items a page of claims looks at.
const LOOK: i32 = 1_000;

const FREE: &str = "attribute_not_exists(k)";
const HELD: &str = "t = :t AND n = :n AND h = :h";

impl DynamoStore {
    /// Who holds a claim.
    pub(super) async fn holder(&self, claim: ClaimKey) -> Result<Option<Holder>, Unavailable> {
        let get = self.client.get_item().table_name(&*self.state).consistent_read(true);
        let got = get.set_key(Some(claim_key(&claim))).send().await.map_err(outage("read a claim"))?;
        let Some(item) = got.item else { return Ok(None) };
        let holder = read_holder(&item);
        holder.map(Some).ok_or_else(|| Unavailable::new("read a claim", "the claim's item can't be read"))
    }

    /// A tenant's claims behind one of them, and behind which the next page begins. Looks through the whole table, as
    /// only an operator's check asks for it. The cursor is the last claim told, never another tenant's.
    pub(super) async fn claims_behind(
        &self,
        tenant: &Tenant,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(ClaimKey, Holder)>, Option<String>), Unavailable> {
        let prefix = prefix(tenant);
        let mut from = cursor.map(|name| primary(format!("{prefix}{name}"), 0));
        loop {
            let scan = self.client.scan().table_name(&*self.state).consistent_read(true).limit(LOOK);
            let scan = scan.filter_expression("begins_with(k, :k)");
            let scan = scan.expression_attribute_values(":k", AttributeValue::S(prefix.clone()));
            let scanned = scan.set_exclusive_start_key(from).send().await.map_err(outage("list claims"))?;
            let items = scanned.items();
            let told = items.iter().take(limit).map(|item| {
                let claim = read_claim(tenant, item).zip(read_holder(item));
                claim.ok_or_else(|| Unavailable::new("list claims", "a claim's item can't be read"))
            });
            let told = told.collect::<Result<Vec<_>, _>>()?;
            let more = scanned.last_evaluated_key.is_some() || items.len() > told.len();
            let last = told.len().checked_sub(1).and_then(|last| items.get(last));
            let last = last.and_then(|item| read_text(item, KEY)?.strip_prefix(&prefix));
            if last.is_some() || !more {
                return Ok((told, last.filter(|_| more).map(str::to_owned)));
            }
            from = scanned.last_evaluated_key;
        }
    }

    /// A change of a claim, as a part of a transaction.
    pub(super) fn claim_item(&self, claim: &ClaimWrite, stored: &Stored) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        Ok(match claim {
            ClaimWrite::Take { key, over } => {
                let mut taken = claim_key(key);
                taken.insert(SCOPE.into(), AttributeValue::S(key.scope.clone()));
                taken.insert(VALUE.into(), AttributeValue::S(key.value.clone()));
                taken.extend(holder_item(&stored.commit.stream, stored.commit.seq, &stored.hash, ""));
                let put = Put::builder().table_name(&*self.state).set_item(Some(taken));
                let put = match over {
                    None => put.condition_expression(FREE),
                    Some(over) => put.condition_expression(HELD).set_expression_attribute_values(Some(values(over))),
                };
                item.put(put.build()?).build()
            }
            ClaimWrite::Release { key, held } => {
                let delete = Delete::builder().table_name(&*self.state).set_key(Some(claim_key(key)));
                let delete = delete.condition_expression(HELD).set_expression_attribute_values(Some(values(held)));
                item.delete(delete.build()?).build()
            }
        })
    }
}

fn prefix(tenant: &Tenant) -> String {
    format!("claim/{tenant}/")
}

/// A claim's primary key. Scope and value go in as their hash: they may have any length.
fn claim_key(claim: &ClaimKey) -> Item {
    let ClaimKey { tenant, scope, value } = claim;
    let name = Hash::of(format!("{}/{scope}/{value}", scope.len()).as_bytes());
    primary(format!("{}{name}", prefix(tenant)), 0)
}

fn values(holder: &Holder) -> Item {
    holder_item(&holder.stream, holder.seq, &holder.hash, ":")
}

fn holder_item(stream: &kernel::StreamId, seq: u64, hash: &Hash, prefix: &str) -> Item {
    Item::from([
        (format!("{prefix}{STREAM}"), AttributeValue::S(stream.to_string())),
        (format!("{prefix}{COMMIT}"), number(seq)),
        (format!("{prefix}{HASH}"), bytes(*hash.as_bytes())),
    ])
}

fn read_claim(tenant: &Tenant, item: &Item) -> Option<ClaimKey> {
    let (scope, value) = (read_text(item, SCOPE)?.to_owned(), read_text(item, VALUE)?.to_owned());
    Some(ClaimKey { tenant: tenant.clone(), scope, value })
}

fn read_holder(item: &Item) -> Option<Holder> {
    Some(Holder {
        stream: read_text(item, STREAM)?.parse().ok()?,
        seq: read_number(item, COMMIT)?,
        hash: Hash::from_bytes(read_bytes(item, HASH)?)?,
    })
}
