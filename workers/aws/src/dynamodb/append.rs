//! The commit store: writing.
//!
//! A commit is one conditional put. One with claims is a transaction: the commit first, then each claim, so that the
//! reasons of a cancellation tell by position which of them failed.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use pipeline::ports::{
    Unavailable,
    commits::{Append, AppendError, Stored},
};

use super::{
    DynamoStore, Item,
    item::{BODY, commit_item, read_bytes},
};
use crate::outage;

/// Nobody took the position yet.
const FREE: &str = "attribute_not_exists(k)";
/// How often a write is tried that another transaction on the same items stood in the way of.
const TRIES: u32 = 10;
const WRITE: &str = "write a commit";

/// What came of one try.
enum Tried {
    Written,
    Not(AppendError),
    /// Another transaction on the same items was under way: nothing was written.
    InTheWay,
}

impl DynamoStore {
    /// Appends one commit.
    pub(super) async fn append_one(&self, append: Append) -> Result<Arc<Stored>, AppendError> {
        for attempt in 0..TRIES {
            let tried = if append.claims().is_empty() { self.put(&append).await } else { self.transact(&append).await };
            match tried {
                Tried::Written => return Ok(append.into_stored()),
                Tried::Not(error) => return Err(error),
                Tried::InTheWay => tokio::time::sleep(jitter(attempt)).await,
            }
        }
        Err(Unavailable::new(WRITE, "other transactions on the same items stood in the way, time and again").into())
    }

    async fn put(&self, append: &Append) -> Tried {
        let put = self.client.put_item().table_name(&*self.commits).set_item(Some(commit_item(append)));
        let put = put.condition_expression(FREE);
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Tried::Written };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => taken(append, failed.item()),
            Some(PutItemError::TransactionConflictException(_)) => Tried::InTheWay,
            _ => Tried::Not(outage(WRITE)(error).into()),
        }
    }

    async fn transact(&self, append: &Append) -> Tried {
        let put = Put::builder()
            .table_name(&*self.commits)
            .set_item(Some(commit_item(append)))
            .condition_expression(FREE)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let items = put.build().map(|put| TransactWriteItem::builder().put(put).build()).and_then(|commit| {
            let claims = append.claims().iter().map(|claim| self.claim_item(claim, append.stored()));
            std::iter::once(Ok(commit)).chain(claims).collect::<Result<Vec<_>, _>>()
        });
        let items = match items {
            Ok(items) => items,
            Err(error) => return Tried::Not(Unavailable::new(WRITE, error).into()),
        };
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Tried::Written,
            Err(error) => cancelled(append, error),
        }
    }
}

/// The position has a commit. If it is this very one, an earlier try wrote it and its answer was lost.
fn taken(append: &Append, there: Option<&Item>) -> Tried {
    match there.and_then(|item| read_bytes(item, BODY)) {
        Some(body) if body == append.body() => Tried::Written,
        _ => Tried::Not(AppendError::Conflict),
    }
}

/// Why a transaction was cancelled: the position before the claims.
fn cancelled(append: &Append, error: SdkError<TransactWriteItemsError>) -> Tried {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return Tried::Not(outage(WRITE)(error).into());
    };
    let [position, claims @ ..] = cancelled.cancellation_reasons() else {
        return Tried::Not(outage(WRITE)(error).into());
    };
    if failed(position) {
        return taken(append, position.item());
    }
    if let Some(claim) = claims.iter().position(failed) {
        return Tried::Not(AppendError::Claimed(claim));
    }
    let in_the_way = |reason: &CancellationReason| reason.code() == Some("TransactionConflict");
    if cancelled.cancellation_reasons().iter().any(in_the_way) {
        return Tried::InTheWay;
    }
    Tried::Not(outage(WRITE)(error).into())
}

fn failed(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Full jitter below a growing bound.
fn jitter(attempt: u32) -> Duration {
    Duration::from_millis(fastrand::u64(0..20 << attempt.min(5)))
}
