//! Task tokens: whoever waits in a state machine for a command's outcome.

use async_trait::async_trait;
use aws_sdk_sfn::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};
use kernel::Refusal;
use pipeline::ports::{
    Unavailable,
    status::{Outcome, Status},
    workflow::TaskTokens,
};
use serde_json::json;

use crate::outage;

/// The longest name of an error, in characters.
const LONGEST_ERROR: usize = 256;
/// The longest cause of an error, in bytes.
const LONGEST_CAUSE: usize = 32_768;
/// What the service says of a token that nobody waits by any more, or never did.
const NOBODY_WAITS: [&str; 4] = ["TaskDoesNotExist", "TaskTimedOut", "InvalidToken", "ValidationException"];
const ANSWER: &str = "answer a task token";

/// Answers task tokens of Step Functions.
#[derive(Debug, Clone)]
pub struct StepFunctionsTokens(Client);

impl StepFunctionsTokens {
    /// Answers by this client.
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    async fn fail(&self, token: &str, error: &str, cause: String) -> Result<(), Unavailable> {
        let error: String = error.chars().take(LONGEST_ERROR).collect();
        let fail = self.0.send_task_failure().task_token(token).error(error).cause(cause);
        answered(fail.send().await)
    }
}

#[async_trait]
impl TaskTokens for StepFunctionsTokens {
    async fn answer(&self, token: &str, status: &Status) -> Result<(), Unavailable> {
        let error = match status.status {
            Outcome::Committed => {
                let output = serde_json::to_string(status).map_err(outage(ANSWER))?;
                return answered(self.0.send_task_success().task_token(token).output(output).send().await);
            }
            Outcome::Rejected => {
                let code = status.rejection.as_ref().map_or("", |rejection| &rejection.code);
                format!("rejected.{code}")
            }
            Outcome::Refused => refused(status.refusal.as_ref()),
            Outcome::Failed => "failed".to_owned(),
            // it is not settled: whoever waits goes on waiting
            Outcome::Queued => return Ok(()),
        };
        self.fail(token, &error, cause(status)?).await
    }

    async fn refuse(&self, token: &str, refusal: &Refusal) -> Result<(), Unavailable> {
        let cause = json!({ "status": "refused", "refusal": refusal }).to_string();
        self.fail(token, &refused(Some(refusal)), cut(cause)).await
    }
}

fn refused(refusal: Option<&Refusal>) -> String {
    format!("refused.{}", refusal.map_or("", |refusal| refusal.code.as_str()))
}

/// The status object; without what makes it too long.
fn cause(status: &Status) -> Result<String, Unavailable> {
    let whole = serde_json::to_string(status).map_err(outage(ANSWER))?;
    if whole.len() <= LONGEST_CAUSE {
        return Ok(whole);
    }
    let mut status = status.clone();
    if let Some(rejection) = &mut status.rejection {
        rejection.detail = None;
    }
    if let Some(refusal) = &mut status.refusal {
        refusal.violations.clear();
    }
    serde_json::to_string(&status).map(cut).map_err(outage(ANSWER))
}

/// A text that is not too long.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST_CAUSE));
    text
}

/// A token that nobody waits by counts as answered.
fn answered<T, E>(sent: Result<T, SdkError<E>>) -> Result<(), Unavailable>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match sent {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().and_then(E::code).is_some_and(|code| NOBODY_WAITS.contains(&code)) => {
            tracing::warn!("nobody waits by a task token: {}", outage(ANSWER)(error));
            Ok(())
        }
        Err(error) => Err(outage(ANSWER)(error)),
    }
}
