//! Claims: one item each, which names the commit that took it.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue, Delete, Put, TransactWriteItem},
};
use kernel::Hash;
use pipeline::ports::{
    Unavailable,
    commits::{ClaimKey, ClaimWrite, Holder, Stored},
};

use super::{
    DynamoStore, Item,
    item::{bytes, number, primary, read_bytes, read_number, read_text},
};
use crate::outage;

/// The holder's stream.
const STREAM: &str = "t";
/// The number of the commit that took it.
const COMMIT: &str = "n";
/// That commit's hash.
const HASH: &str = "h";

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

    /// A change of a claim, as a part of a transaction.
    pub(super) fn claim_item(&self, claim: &ClaimWrite, stored: &Stored) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        Ok(match claim {
            ClaimWrite::Take { key, over } => {
                let mut taken = claim_key(key);
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

/// A claim's primary key. Scope and value go in as their hash: they may have any length, and nobody lists them.
fn claim_key(claim: &ClaimKey) -> Item {
    let ClaimKey { tenant, scope, value } = claim;
    let name = Hash::of(format!("{}/{scope}/{value}", scope.len()).as_bytes());
    primary(format!("claim/{tenant}/{name}"), 0)
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

fn read_holder(item: &Item) -> Option<Holder> {
    Some(Holder {
        stream: read_text(item, STREAM)?.parse().ok()?,
        seq: read_number(item, COMMIT)?,
        hash: Hash::from_bytes(read_bytes(item, HASH)?)?,
    })
}
