//! Snapshots: a head, which holds a state that fits one item, else names the items that hold its parts.
//!
//! The parts are written first, under a name of their own that no other writer has, and the head last, if it may: a
//! reader finds a whole state or the one before. Whoever replaces a head removes its parts.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValue},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::{Hash, StreamKey};
use pipeline::ports::{
    Unavailable,
    snapshots::{Snapshot, SnapshotStore},
};

use super::{
    DynamoStore, Item,
    item::{bytes, number, primary, read_bytes, read_number, read_text},
};
use crate::outage;

/// The most bytes of a state in one item.
const PART: usize = 350 * 1024;
/// How many parts are written at once.
const PARTS_AT_ONCE: usize = 4;
/// How often a head is read whose parts a newer one's writer removes meanwhile.
const READS: u32 = 3;

/// The commit's number.
const COMMIT: &str = "n";
/// The commit's hash.
const HASH: &str = "h";
/// The stream's version.
const VERSION: &str = "v";
/// The commit's time.
const TIME: &str = "t";
/// The compressed state, or a part of it.
const STATE: &str = "c";
/// What its parts are named.
const NAME: &str = "g";
/// How many parts there are.
const PARTS: &str = "p";

const OVER_LOWER: &str = "attribute_not_exists(k) OR n < :n";
const OVER_LOWER_OR_NAMED: &str = "attribute_not_exists(k) OR n < :n OR h = :h";

#[async_trait]
impl SnapshotStore for DynamoStore {
    async fn get(&self, key: &StreamKey, revision: u32) -> Result<Option<Snapshot>, Unavailable> {
        let name = head_key(key, revision);
        for _ in 0..READS {
            let get = self.client.get_item().table_name(&*self.state).consistent_read(true);
            let got = get.set_key(Some(primary(&name, 0))).send().await.map_err(outage("read a snapshot"))?;
            let Some(head) = got.item else { return Ok(None) };
            let compressed = match read_text(&head, NAME) {
                None => read_bytes(&head, STATE).map(<[u8]>::to_vec),
                Some(parts) => self.parts(parts, read_number(&head, PARTS).unwrap_or_default()).await?,
            };
            let Some(compressed) = compressed else { continue };
            let snapshot = read(&head, revision, &compressed);
            if snapshot.is_none() {
                tracing::warn!(stream = %key, "a snapshot that can't be read is not used");
            }
            return Ok(snapshot);
        }
        tracing::warn!(stream = %key, "a snapshot that has not all its parts is not used");
        Ok(None)
    }

    async fn put(&self, key: &StreamKey, snapshot: &Snapshot, over: Option<Hash>) -> Result<bool, Unavailable> {
        let name = head_key(key, snapshot.revision);
        let compressed = lz4_flex::compress_prepend_size(&snapshot.state);
        let mut head = primary(&name, 0);
        head.extend(head_item(snapshot));
        let mut written = None;
        if compressed.len() <= PART {
            head.insert(STATE.into(), bytes(compressed));
        } else {
            let parts = format!("{name}/{}", uuid::Uuid::new_v4().simple());
            let count = self.put_parts(&parts, &compressed).await?;
            head.insert(NAME.into(), AttributeValue::S(parts.clone()));
            head.insert(PARTS.into(), number(count));
            written = Some((parts, count));
        }
        match self.put_head(head, snapshot.seq, over).await {
            Ok(Some(replaced)) => {
                if let (Some(parts), Some(count)) = (read_text(&replaced, NAME), read_number(&replaced, PARTS)) {
                    self.remove_parts(parts, count).await;
                }
                Ok(true)
            }
            Ok(None) => {
                if let Some((parts, count)) = written {
                    self.remove_parts(&parts, count).await;
                }
                Ok(false)
            }
            // the head may have been written: its parts stay
            Err(outage) => Err(outage),
        }
    }
}

impl DynamoStore {
    /// Puts the head; what it replaced (empty if there was none), or `None` where the one that is there stays.
    async fn put_head(&self, head: Item, seq: u64, over: Option<Hash>) -> Result<Option<Item>, Unavailable> {
        let put = self.client.put_item().table_name(&*self.state).set_item(Some(head));
        let put = put.return_values(ReturnValue::AllOld).expression_attribute_values(":n", number(seq));
        let put = match over {
            None => put.condition_expression(OVER_LOWER),
            Some(over) => {
                put.condition_expression(OVER_LOWER_OR_NAMED).expression_attribute_values(":h", bytes(*over.as_bytes()))
            }
        };
        match put.send().await {
            Ok(put) => Ok(Some(put.attributes.unwrap_or_default())),
            Err(error)
                if matches!(error.as_service_error(), Some(PutItemError::ConditionalCheckFailedException(_))) =>
            {
                Ok(None)
            }
            Err(error) => Err(outage("write a snapshot")(error)),
        }
    }

    async fn put_parts(&self, name: &str, compressed: &[u8]) -> Result<u64, Unavailable> {
        let parts: Vec<_> =
            (0_u64..).zip(compressed.chunks(PART)).map(|(index, part)| (index, part.to_vec())).collect();
        let count = parts.len() as u64;
        let put = |(index, part): (u64, Vec<u8>)| {
            let mut item = primary(name, index);
            item.insert(STATE.into(), bytes(part));
            let put = self.client.put_item().table_name(&*self.state).set_item(Some(item));
            async move { put.send().await.map(drop).map_err(outage("write a snapshot")) }
        };
        stream::iter(parts).map(put).buffer_unordered(PARTS_AT_ONCE).try_collect::<()>().await?;
        Ok(count)
    }

    /// All parts in one; `None` if they are not all there.
    async fn parts(&self, name: &str, count: u64) -> Result<Option<Vec<u8>>, Unavailable> {
        let query = self.client.query().table_name(&*self.state).consistent_read(true);
        let query = query.key_condition_expression("k = :k");
        let query = query.expression_attribute_values(":k", AttributeValue::S(name.to_owned()));
        let mut items = query.into_paginator().items().send();
        let (mut whole, mut found) = (Vec::new(), 0);
        while let Some(item) = items.next().await {
            let item = item.map_err(outage("read a snapshot"))?;
            whole.extend_from_slice(read_bytes(&item, STATE).unwrap_or_default());
            found += 1;
        }
        Ok((found == count).then_some(whole))
    }

    /// Removes parts that no head names. What can't be removed now is only in the way of nobody.
    async fn remove_parts(&self, name: &str, count: u64) {
        let delete = |index: u64| {
            let delete = self.client.delete_item().table_name(&*self.state).set_key(Some(primary(name, index)));
            async move { delete.send().await.map(drop).map_err(outage("remove a snapshot's part")) }
        };
        let removed = stream::iter(0..count).map(delete).buffer_unordered(PARTS_AT_ONCE).try_collect::<()>().await;
        if let Err(outage) = removed {
            tracing::warn!(name, "parts of a replaced snapshot stay behind: {outage}");
        }
    }
}

fn head_key(key: &StreamKey, revision: u32) -> String {
    format!("snapshot/{key}/{revision}")
}

fn head_item(snapshot: &Snapshot) -> [(String, AttributeValue); 4] {
    [
        (COMMIT.into(), number(snapshot.seq)),
        (HASH.into(), bytes(*snapshot.hash.as_bytes())),
        (VERSION.into(), number(snapshot.version)),
        (TIME.into(), AttributeValue::S(snapshot.time.to_string())),
    ]
}

fn read(head: &Item, revision: u32, compressed: &[u8]) -> Option<Snapshot> {
    Some(Snapshot {
        revision,
        seq: read_number(head, COMMIT)?,
        hash: Hash::from_bytes(read_bytes(head, HASH)?)?,
        version: read_number(head, VERSION)?,
        time: read_text(head, TIME)?.parse().ok()?,
        state: lz4_flex::decompress_size_prepended(compressed).ok()?,
    })
}
