//! Walks a machine's states.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use tracing::Instrument;

use super::data::Data;
use super::fields::{Next, StateId};
use super::load::Machine;
use super::observe::{Event, Observer};
use super::recover::{Attempts, QUERY, TIMEOUT};
use super::scope::{Execution, Visit};
use super::state::{Outcome, State};

/// The functions that tasks call, by the name that the definition gives them.
///
/// INVARIANT: a call may be repeated, also after it had its effect, and is dropped where it waits when its time is over: a function must be
/// safe to repeat from any point.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Calls a function, once.
    async fn invoke(&self, name: &str, payload: Data) -> Result<Data, TaskError>;
}

/// A failure as `Retry` and `Catch` see it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{error}`: {cause}")]
pub struct TaskError {
    /// Its name, which `ErrorEquals` matches.
    pub error: String,
    /// Why, for people.
    pub cause: String,
}

impl TaskError {
    /// An expression that can't be evaluated.
    pub(super) fn query(cause: &str) -> Self {
        Self { error: QUERY.to_owned(), cause: cause.to_owned() }
    }
}

/// An execution that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the state `{state}` failed with `{error}`: {cause}")]
pub struct ExecutionError {
    /// The error's name; `States.Timeout` also when the machine's time was over.
    pub error: String,
    /// Why, for people.
    pub cause: String,
    /// The state in which it failed.
    pub state: String,
}

impl Machine {
    /// Runs the machine from its start to its end. `name` is the execution's, for its context and its logs.
    pub async fn execute(
        &self,
        name: &str,
        input: Data,
        functions: &dyn Functions,
        observer: &dyn Observer,
    ) -> Result<Data, ExecutionError> {
        let current = AtomicUsize::new(self.start.0);
        let execution = Execution { machine: &self.name, name, input, started: Timestamp::now() };
        let span = tracing::debug_span!("execution", machine = self.name, name);
        let walk = self.walk(&execution, &current, functions, observer).instrument(span);
        let ended = match self.limit {
            None => walk.await,
            Some(limit) => tokio::time::timeout(limit, walk).await.unwrap_or_else(|_| {
                let cause = format!("the execution didn't end within {} s", limit.as_secs());
                Err(TaskError { error: TIMEOUT.to_owned(), cause })
            }),
        };
        ended.map_err(|TaskError { error, cause }| {
            let state = self.state(StateId(current.load(Ordering::Relaxed))).name.clone();
            ExecutionError { error, cause, state }
        })
    }

    async fn walk(
        &self,
        execution: &Execution<'_>,
        current: &AtomicUsize,
        functions: &dyn Functions,
        observer: &dyn Observer,
    ) -> Result<Data, TaskError> {
        let mut input = execution.input.clone();
        let mut id = self.start;
        loop {
            // states that wait for nothing may go round for ever: the time limit must get its turn
            tokio::task::coop::consume_budget().await;
            current.store(id.0, Ordering::Relaxed);
            let state = self.state(id);
            observer.observe(Event::Entered { state: &state.name });
            let visit =
                Visit { execution, state: &state.name, input, entered: Timestamp::now(), json: OnceLock::new() };
            let span = tracing::debug_span!("state", name = state.name);
            let (output, next) = self.visit(state, &visit, functions, observer).instrument(span).await?;
            match next {
                Next::State(next) => (input, id) = (output, next),
                Next::End => return Ok(output),
            }
        }
    }

    /// Tries a state until it succeeds, is caught, or fails.
    async fn visit(
        &self,
        state: &State,
        visit: &Visit<'_>,
        functions: &dyn Functions,
        observer: &dyn Observer,
    ) -> Outcome {
        let mut attempts = Attempts::default();
        loop {
            let failure = match state.run(visit, attempts.total(), functions).await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let (name, error) = (state.name.as_str(), failure.error.as_str());
            if let Some(delay) = state.recovery.retry(error, &mut attempts, &self.random) {
                let retry = attempts.total();
                tracing::warn!(error, cause = failure.cause, retry, ?delay, "a state failed and is tried again");
                observer.observe(Event::Retrying { state: name, error, retry, delay });
                tokio::time::sleep(delay).await;
            } else if let Some(caught) = state.recovery.catch(&failure, visit, attempts.total())? {
                tracing::warn!(error, cause = failure.cause, "a state failed and is caught");
                observer.observe(Event::Caught { state: name, error });
                return Ok(caught);
            } else {
                return Err(failure);
            }
        }
    }

    /// INVARIANT: every id comes from this machine's own definition.
    fn state(&self, id: StateId) -> &State {
        &self.states[id.0]
    }
}
