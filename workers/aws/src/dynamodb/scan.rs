//! The whole table of commits, page by page: each stream's in order, the streams in none.

use std::sync::Arc;

use pipeline::ports::{Unavailable, commits::Stored};
use serde::{Deserialize, Serialize};

use super::{
    DynamoStore,
    item::{KEY, SEQ, primary, read_commit, read_number, read_text},
};
use crate::outage;

/// A place in the table: behind this commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The tenant and the stream.
    pub stream: String,
    /// The commit.
    pub seq: u64,
}

/// A part of the table.
#[derive(Debug, Default)]
pub struct Part {
    /// Its commits.
    pub commits: Vec<Arc<Stored>>,
    /// How many can't be read; they are logged.
    pub unreadable: u64,
    /// Where the next part begins, if there is one.
    pub next: Option<Place>,
}

impl DynamoStore {
    /// The part of the table behind a place, at most 1 MB of it.
    pub async fn scan(&self, behind: Option<&Place>) -> Result<Part, Unavailable> {
        let from = behind.map(|place| primary(&place.stream, place.seq));
        let scan = self.client.scan().table_name(&*self.commits).consistent_read(true);
        let scanned = scan.set_exclusive_start_key(from).send().await.map_err(outage("read all commits"))?;
        let mut part = Part::default();
        for item in scanned.items() {
            match read_commit(item) {
                Ok(stored) => part.commits.push(Arc::new(stored)),
                Err(corrupt) => {
                    let (stream, seq) = (read_text(item, KEY), read_number(item, SEQ));
                    tracing::error!(stream, seq, "a commit can't be read: {corrupt}");
                    part.unreadable += 1;
                }
            }
        }
        part.next = scanned
            .last_evaluated_key
            .and_then(|last| Some(Place { stream: read_text(&last, KEY)?.to_owned(), seq: read_number(&last, SEQ)? }));
        Ok(part)
    }
}
