//! Telling projectors again of what was committed in a time, whatever the stream of the table still knows of it.

use std::{sync::Arc, time::Instant};

use jiff::Timestamp;
use pipeline::{
    ports::{Unavailable, feed::Bus},
    steps::relay::reannounce,
};
use serde::{Deserialize, Serialize};

use crate::dynamodb::{DynamoStore, scan::Place};

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The first commit time.
    pub from: Timestamp,
    /// The last commit time.
    pub to: Timestamp,
    /// Where an earlier call ended.
    #[serde(default)]
    pub next: Option<Place>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// How many commits were told again.
    pub announced: u64,
    /// How many commits can't be read.
    pub unreadable: u64,
    /// Where to go on: the time was up. Null at the end.
    pub next: Option<Place>,
}

/// Goes through the whole table, page by page, and tells the commits of the time.
pub async fn run(
    store: &DynamoStore,
    bus: &Arc<dyn Bus>,
    request: Request,
    until: Instant,
) -> Result<Done, Unavailable> {
    let mut done = Done { next: request.next, ..Done::default() };
    loop {
        let page = store.scan(done.next.as_ref()).await?;
        done.unreadable += page.unreadable;
        let wanted = |time: Timestamp| (request.from..=request.to).contains(&time);
        let commits: Vec<_> = page.commits.into_iter().filter(|stored| wanted(stored.commit.time)).collect();
        reannounce(&**bus, &commits).await.map_err(|unsent| unsent.outage)?;
        done.announced += commits.len() as u64;
        done.next = page.next;
        if done.next.is_none() || Instant::now() >= until {
            return Ok(done);
        }
    }
}
