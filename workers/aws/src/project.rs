//! From a projector's queue into what it keeps: a view, or the statuses of commands.
//!
//! Messages are taken together, which is what bulk writes are for. Only when that fails is each taken by itself, so that
//! one that can't be projected holds up no other.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use kernel::{Corrupt, catalog::ViewSpec};
use pipeline::{
    ports::{
        Unavailable,
        commits::{CommitStore, Stored},
        feed::BusEntry,
        search::SearchIndex,
        status::StatusStore,
    },
    steps::{self, relay::FEED},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::{
    announce::{REFUSALS, Refusals},
    opensearch::OpenSearchStatuses,
};

/// What a projector keeps.
pub enum Projector {
    /// A view's documents.
    View {
        /// The view.
        view: Arc<ViewSpec>,
        /// Where commits are read that are missing.
        commits: Arc<dyn CommitStore>,
        /// Where its documents go.
        index: Arc<dyn SearchIndex>,
    },
    /// What became of commands.
    Statuses(Box<OpenSearchStatuses>),
}

/// Entries of the feed.
#[derive(Debug, Default)]
struct Feed {
    commits: Vec<Arc<Stored>>,
    refusals: Vec<Arc<Refusals>>,
}

/// Why a message is no entry of the feed.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("it is not of the form of its kind: {0}")]
    Form(#[from] serde_json::Error),
    #[error(transparent)]
    Commit(#[from] Corrupt),
    #[error("`{0}` of `{1}` is no entry of the feed")]
    Kind(String, String),
}

impl Projector {
    /// Projects an event's messages until a time; the answer names those that stay in the queue.
    pub async fn project(&self, event: SqsEvent, until: std::time::Instant) -> SqsBatchResponse {
        let until = Instant::from_std(until);
        let mut response = SqsBatchResponse::default();
        let mut messages = Vec::with_capacity(event.records.len());
        for message in event.records {
            // an empty id, as of a message without one, gives the whole event back
            let id = message.message_id.unwrap_or_default();
            match Feed::read(&message.body.unwrap_or_default()) {
                Ok(feed) => messages.push((id, feed)),
                Err(unreadable) => {
                    tracing::error!(message = id, "a message can't be read: {unreadable}");
                    response.add_failure(id);
                }
            }
        }
        let together = Feed::together(messages.iter().map(|(_, feed)| feed));
        let Err(outage) = self.keep(&together, until).await else { return response };
        tracing::warn!(messages = messages.len(), "{outage}");
        let alone = messages.len() > 1;
        for (id, feed) in messages {
            let kept = if alone { self.keep(&feed, until).await } else { Err(outage.clone()) };
            if let Err(outage) = kept {
                tracing::warn!(message = id, "a message goes back: {outage}");
                response.add_failure(id);
            }
        }
        response
    }

    async fn keep(&self, feed: &Feed, until: Instant) -> Result<(), Unavailable> {
        let work = async {
            match self {
                Self::View { view, commits, index } => {
                    let done = steps::project::project(view, &**commits, &**index, &feed.commits).await?;
                    tracing::debug!(commits = feed.commits.len(), ?done, "projected");
                    Ok(())
                }
                Self::Statuses(statuses) => {
                    statuses.follow(&feed.commits).await?;
                    for Refusals { tenant, refusals } in feed.refusals.iter().map(AsRef::as_ref) {
                        statuses.record(tenant, refusals.clone()).await?;
                    }
                    Ok(())
                }
            }
        };
        timeout_at(until, work).await.map_err(|_| Unavailable::new("projecting", "there was not enough time"))?
    }
}

impl Feed {
    /// Reads a message: an entry of the bus.
    fn read(body: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Commits<'a> {
            #[serde(borrow)]
            commits: Vec<&'a RawValue>,
        }
        let BusEntry { source, detail_type, detail } = serde_json::from_str(body)?;
        match (source.as_str(), detail_type.as_str()) {
            (FEED, "Commits") => {
                let Commits { commits } = serde_json::from_str(detail.get())?;
                let stored = |commit: &RawValue| Stored::decode(commit.get().as_bytes()).map(Arc::new);
                let commits = commits.into_iter().map(stored).collect::<Result<_, _>>()?;
                Ok(Self { commits, refusals: Vec::new() })
            }
            (FEED, REFUSALS) => {
                let refusals = serde_json::from_str(detail.get())?;
                Ok(Self { commits: Vec::new(), refusals: vec![Arc::new(refusals)] })
            }
            _ => Err(Unreadable::Kind(detail_type, source)),
        }
    }

    fn together<'a>(feeds: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for feed in feeds {
            all.commits.extend_from_slice(&feed.commits);
            all.refusals.extend_from_slice(&feed.refusals);
        }
        all
    }
}

#[cfg(test)]
mod tests;
