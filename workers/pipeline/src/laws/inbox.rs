//! What every inbox of given-up commands must do.

#![expect(clippy::unwrap_used, reason = "an inbox that doesn't answer has failed")]
#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use async_trait::async_trait;

use super::sample::{id, second, stream};
use crate::ports::{
    Unavailable,
    queue::{Failed, FailureInbox},
};

/// One test for each law; `$fresh` is an async function that makes an empty inbox, and what must outlive it.
#[macro_export]
macro_rules! failure_inbox_laws {
    ($fresh:path) => {
        $crate::failure_inbox_laws! { [$crate::laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { inbox, $fresh:
            what_is_given_up_is_kept_with_its_reason,
            a_delivery_is_kept_once,
            each_delivery_is_kept,
        }
    };
}

/// An inbox, and what is in it.
#[async_trait]
pub trait ReadInbox: FailureInbox {
    /// All that is kept, in any order.
    async fn kept(&self) -> Result<Vec<Failed>, Unavailable>;
}

/// A command that was given up.
pub fn failed(name: &str, command: &str, seconds: i64) -> Failed {
    let key = stream(name);
    Failed {
        tenant: key.tenant,
        stream: key.stream,
        id: id(command),
        code: "gave-up".into(),
        message: "its execution failed twice, alone: `Lambda.Unknown`".into(),
        body: format!(r#"{{"id":"{command}", "data": {{"price": 1.50, "name": "né"}}}}"#),
        authorization: "e30.eyJzdWIiOiJhbGljZSJ9.signature".into(),
        received_at: second(seconds),
    }
}

async fn kept(inbox: &dyn ReadInbox) -> Vec<Failed> {
    let mut kept = inbox.kept().await.unwrap();
    kept.sort_by_key(|failed| (failed.tenant.clone(), failed.stream.clone(), failed.id.clone(), failed.received_at));
    kept
}

/// Everything that an operator needs to send it again, and to know why.
pub async fn what_is_given_up_is_kept_with_its_reason(inbox: &dyn ReadInbox) {
    let failed = failed("count/a", "c1", 7);
    inbox.keep(&failed).await.unwrap();
    assert_eq!(kept(inbox).await, [failed]);
}

/// Dispatch may be told twice to give up the same delivery: the first reason stands.
pub async fn a_delivery_is_kept_once(inbox: &dyn ReadInbox) {
    let first = failed("count/a", "c1", 7);
    inbox.keep(&first).await.unwrap();
    inbox.keep(&Failed { message: "another reason".into(), ..first.clone() }).await.unwrap();
    let reasons: Vec<_> = kept(inbox).await.into_iter().map(|failed| failed.message).collect();
    assert_eq!(reasons, [first.message]);
}

/// A later delivery, the same id on another stream or of another tenant: each is kept.
pub async fn each_delivery_is_kept(inbox: &dyn ReadInbox) {
    let ours = failed("count/a", "c1", 7);
    let theirs = Failed { tenant: "zeta".parse().unwrap(), ..ours.clone() };
    let all = [ours, failed("count/a", "c1", 8), failed("count/a", "c2", 7), failed("count/b", "c1", 7), theirs];
    for failed in &all {
        inbox.keep(failed).await.unwrap();
    }
    let name = |failed: &Failed| {
        (failed.tenant.clone(), failed.stream.clone(), failed.id.clone(), failed.received_at.as_second())
    };
    assert_eq!(kept(inbox).await.iter().map(name).collect::<Vec<_>>(), all.iter().map(name).collect::<Vec<_>>());
}
