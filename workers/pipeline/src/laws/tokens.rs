//! What whoever answers task tokens must do.

#![expect(clippy::unwrap_used, reason = "what doesn't answer has failed")]
#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use async_trait::async_trait;
use kernel::{Code, Refusal};
use serde_json::Value;

use super::sample::{append, command, id, second, stream};
use crate::ports::{
    Unavailable,
    commits::{Append, Position},
    status::{About, Failure, Known, Status},
    workflow::{TaskTokens, Told},
};

/// One test for each law; `$fresh` is an async function that makes what answers tokens, and what must outlive it.
#[macro_export]
macro_rules! task_token_laws {
    ($fresh:path) => {
        $crate::task_token_laws! { [$crate::laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { tokens, $fresh:
            what_is_committed_is_told_as_success,
            what_is_not_committed_is_told_as_a_failure_of_its_code,
            a_refusal_without_a_status_is_told_by_its_code,
            a_token_is_answered_once,
            garbage_counts_as_answered,
        }
    };
}

/// Task tokens, and who waits by them.
#[async_trait]
pub trait AwaitedTokens: TaskTokens {
    /// Begins to wait, by a token of its own.
    async fn begin(&self) -> Result<String, Unavailable>;

    /// What whoever waits by a token was told, if it was.
    async fn told(&self, token: &str) -> Result<Option<Told>, Unavailable>;
}

fn committed() -> Status {
    let append = append(&Position::start(stream("count/a")), "c1");
    Known::of_commit(&append.stored().commit, 0).unwrap().status
}

fn rejected() -> Status {
    let position = Position::start(stream("count/a"));
    let append = Append::new(position, second(2), None, vec![command("c2", 0, true)], vec![], vec![]).unwrap();
    Known::of_commit(&append.stored().commit, 0).unwrap().status
}

fn refusal() -> Refusal {
    Refusal::new(Code::Forbidden, "no policy lets you")
}

/// A refused and a failed one.
fn unsettled() -> (Status, Status) {
    let (id, stream) = (id("c3"), stream("count/a").stream);
    let about = About { id: &id, stream: &stream, kind: "Count", digest: None, actor: "alice", received_at: second(1) };
    let failure = Failure { code: "gave-up".into(), message: "it crashed".into() };
    let refused = Known::refused(about, refusal(), second(2));
    (refused.status, Known::failed(about, failure, second(2)).status)
}

/// Answers a token of one who waits; what that one was told, its JSON apart.
async fn told(tokens: &dyn AwaitedTokens, status: &Status) -> (Option<String>, Status) {
    let token = tokens.begin().await.unwrap();
    assert_eq!(tokens.told(&token).await.unwrap(), None, "nobody was told yet");
    tokens.answer(&token, status).await.unwrap();
    match tokens.told(&token).await.unwrap().unwrap() {
        Told::Success(output) => (None, serde_json::from_str(&output).unwrap()),
        Told::Failure { error, cause } => (Some(error), serde_json::from_str(&cause).unwrap()),
    }
}

/// With the status object.
pub async fn what_is_committed_is_told_as_success(tokens: &dyn AwaitedTokens) {
    assert_eq!(told(tokens, &committed()).await, (None, committed()));
}

/// Whoever waits can tell by the name what to do; the status object is the cause.
pub async fn what_is_not_committed_is_told_as_a_failure_of_its_code(tokens: &dyn AwaitedTokens) {
    let (refused, failed) = unsettled();
    for (status, error) in [(rejected(), "rejected.no"), (refused, "refused.forbidden"), (failed, "failed")] {
        assert_eq!(told(tokens, &status).await, (Some(error.to_owned()), status));
    }
}

/// A command that nobody can be told of has whoever waits for it told all the same.
pub async fn a_refusal_without_a_status_is_told_by_its_code(tokens: &dyn AwaitedTokens) {
    let token = tokens.begin().await.unwrap();
    tokens.refuse(&token, &refusal()).await.unwrap();
    let Some(Told::Failure { error, cause }) = tokens.told(&token).await.unwrap() else {
        unreachable!("a refusal is a failure")
    };
    let cause: Value = serde_json::from_str(&cause).unwrap();
    assert_eq!((error.as_str(), &cause["refusal"]["code"]), ("refused.forbidden", &Value::from("forbidden")));
}

/// The first answer stands; another counts as answered, and no other token hears of it.
pub async fn a_token_is_answered_once(tokens: &dyn AwaitedTokens) {
    let (one, other) = (tokens.begin().await.unwrap(), tokens.begin().await.unwrap());
    assert_ne!(one, other);
    tokens.answer(&one, &committed()).await.unwrap();
    tokens.answer(&one, &rejected()).await.unwrap();
    tokens.refuse(&one, &refusal()).await.unwrap();
    assert!(matches!(tokens.told(&one).await.unwrap(), Some(Told::Success(_))));
    assert_eq!(tokens.told(&other).await.unwrap(), None);
}

/// Nobody waits by it, and nobody ever will: to try again would be in vain.
pub async fn garbage_counts_as_answered(tokens: &dyn TaskTokens) {
    for token in ["", "garbage", "né\u{0}", &"x".repeat(5_000)] {
        tokens.answer(token, &committed()).await.unwrap();
        tokens.refuse(token, &refusal()).await.unwrap();
    }
}
