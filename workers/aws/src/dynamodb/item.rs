//! The shape of items.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use kernel::StreamKey;
use pipeline::ports::commits::{Append, Stored};

use super::Item;

/// The partition key: whose item it is.
pub(super) const KEY: &str = "k";
/// The sort key: which of them.
pub(super) const SEQ: &str = "s";
/// A commit's bytes.
pub(super) const BODY: &str = "b";

/// The primary key of an item.
pub(super) fn primary(key: impl Into<String>, seq: u64) -> Item {
    Item::from([(KEY.into(), AttributeValue::S(key.into())), (SEQ.into(), number(seq))])
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn bytes(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// The number in an attribute, if it is one.
pub(super) fn read_number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The bytes in an attribute, if there are any.
pub(super) fn read_bytes<'a>(item: &'a Item, name: &str) -> Option<&'a [u8]> {
    item.get(name)?.as_b().ok().map(AsRef::as_ref)
}

/// The text in an attribute, if it is one.
pub(super) fn read_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The item of a commit.
pub(super) fn commit_item(append: &Append) -> Item {
    let mut item = primary(append.position().key().to_string(), append.stored().commit.seq);
    item.insert(BODY.into(), bytes(append.body()));
    item
}

/// The commit of an item.
pub(super) fn read_commit(item: &Item) -> Result<Stored, kernel::Corrupt> {
    let body = read_bytes(item, BODY).ok_or_else(|| kernel::Corrupt("a commit's item has no bytes".into()))?;
    Stored::decode(body)
}

/// How many bytes a commit's item has, as DynamoDB counts them: names, values, and of a number about a byte for two
/// digits. Each 1,024 of them begun cost one write unit.
pub fn commit_size(key: &StreamKey, seq: u64, body: usize) -> usize {
    let digits = seq.to_string().trim_end_matches('0').len();
    let number = digits.div_ceil(2) + 1;
    KEY.len() + key.to_string().len() + SEQ.len() + number + BODY.len() + body
}
