//! Commits, claims and snapshots in DynamoDB.
//!
//! Two tables of one shape, partition key `k` (text) and sort key `s` (number). The commits' table has nothing but commits, so
//! that its stream tells the relay nothing else: one item each, `k` the stream, `s` the number, `b` the bytes. Claims and
//! snapshots lie in the other.

mod append;
mod claims;
mod commits;
mod item;
pub mod scan;
mod snapshots;
pub mod stream;

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{Client, types::AttributeValue};

pub use self::item::commit_size;

/// How many calls of one request are under way at once.
const AT_ONCE: usize = 64;

type Item = HashMap<String, AttributeValue>;

/// The stores in DynamoDB. A clone is the same store.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    commits: Arc<str>,
    state: Arc<str>,
}

impl DynamoStore {
    /// A store over the table of commits, and that of claims and snapshots.
    pub fn new(client: Client, commits: &str, state: &str) -> Self {
        Self { client, commits: commits.into(), state: state.into() }
    }
}
