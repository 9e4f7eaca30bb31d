//! The state machine, executed in this process: its functions are the steps, its data the batch itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use kernel::Catalog;
use pipeline::{
    ports::{
        Unavailable,
        clock::Clock,
        identity::{PolicyEngine, TokenVerifier},
        status::{Status, StatusStore},
        workflow::{ExecutionError, TaskTokens, Workflow},
    },
    steps::{StepError, authorize::authorize, batch::Batch, persist::Persist, settle::settle, validate::validate},
};
use serde_json::Value;

use crate::asl::{Data, Document, Event, Functions, LoadError, Machine, Observer, TaskError};

/// The one definition, for both hosts.
const COMMAND: &str = include_str!("../../../../statemachines/command.asl.json");

/// Runs batches through the state machine.
pub struct LocalWorkflow {
    machine: Machine,
    steps: Steps,
    retries: RetryCount,
}

/// What the steps need.
pub struct Steps {
    /// The domains.
    pub catalog: Arc<Catalog>,
    /// Who asks.
    pub verifier: Arc<dyn TokenVerifier>,
    /// What they may.
    pub policies: Arc<dyn PolicyEngine>,
    /// Deciding and appending.
    pub persist: Arc<Persist>,
    /// Where refusals are told.
    pub statuses: Arc<dyn StatusStore>,
    /// Who waits.
    pub tokens: Arc<dyn TaskTokens>,
    /// When.
    pub clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct RetryCount(std::sync::atomic::AtomicU64);

impl Observer for RetryCount {
    fn observe(&self, event: Event<'_>) {
        if let Event::Retrying { .. } = event {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

impl LocalWorkflow {
    /// Loads the shipped definition.
    pub fn new(steps: Steps) -> Result<Self, LoadError> {
        Self::with_definition(COMMAND, steps)
    }

    /// Loads another definition, whose tasks call `Validate`, `Authorize`, `Persist` and `Settle`.
    pub fn with_definition(definition: &str, steps: Steps) -> Result<Self, LoadError> {
        let names: BTreeMap<_, _> = ["Validate", "Authorize", "Persist", "Settle"]
            .iter()
            .filter(|name| definition.contains(&format!("${{{name}}}")))
            .map(|name| ((*name).to_owned(), (*name).to_owned()))
            .collect();
        let machine = Machine::load("command", definition, &names)?;
        Ok(Self { machine, steps, retries: RetryCount::default() })
    }

    /// How often a state was tried again.
    pub fn retries(&self) -> u64 {
        self.retries.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

#[async_trait]
impl Workflow for LocalWorkflow {
    async fn execute(&self, batch: Batch) -> Result<Batch, ExecutionError> {
        let input = Data::document(Carried(Mutex::new(Some(batch))));
        let output = self.machine.execute("batch", input, &self.steps, &self.retries).await;
        let output = output.map_err(|error| ExecutionError { error: error.error.clone(), cause: error.to_string() })?;
        let batch = output.downcast::<Carried>().and_then(|carried| carried.take());
        batch.ok_or_else(|| ExecutionError {
            error: "Corrupt".into(),
            cause: "the state machine ended without its batch".into(),
        })
    }
}

/// The batch as it travels from state to state: the steps work on it in place, so that nothing is copied.
struct Carried(Mutex<Option<Batch>>);

impl Carried {
    fn take(&self) -> Option<Batch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Document for Carried {
    fn field(&self, name: &str) -> Option<Data> {
        let batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if name == "settle" {
            return batch.as_ref().map(|batch| Data::from(Value::Bool(batch.settle)));
        }
        let Value::Object(mut members) = serde_json::to_value(batch.as_ref()?).ok()? else { return None };
        members.remove(name).map(Data::from)
    }

    fn to_json(&self) -> Value {
        let batch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        batch.as_ref().and_then(|batch| serde_json::to_value(batch).ok()).unwrap_or(Value::Null)
    }
}

/// A batch in the hands of a step; it goes back where it came from, whatever happens to the step.
struct InHand {
    carried: Arc<Carried>,
    batch: Batch,
}

impl InHand {
    fn take(carried: Arc<Carried>) -> Option<Self> {
        let batch = carried.take()?;
        Some(Self { carried, batch })
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        *self.carried.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch);
    }
}

#[async_trait]
impl Functions for Steps {
    async fn invoke(&self, name: &str, payload: Data) -> Result<Data, TaskError> {
        let corrupt = |cause: &str| TaskError { error: "Corrupt".into(), cause: cause.to_owned() };
        let carried =
            payload.downcast::<Carried>().ok_or_else(|| corrupt("a step was given something else than a batch"))?;
        let mut hand = InHand::take(carried).ok_or_else(|| corrupt("the batch is in the hands of another step"))?;
        self.step(name, &mut hand.batch)
            .await
            .map_err(|error| TaskError { error: error.name().to_owned(), cause: error.to_string() })?;
        drop(hand);
        Ok(payload)
    }
}

impl Steps {
    async fn step(&self, name: &str, batch: &mut Batch) -> Result<(), StepError> {
        match name {
            "Validate" => {
                validate(&self.catalog, batch);
                Ok(())
            }
            "Authorize" => authorize(&*self.verifier, &*self.policies, self.clock.now(), batch).await,
            "Persist" => self.persist.persist(batch).await,
            "Settle" => settle(&*self.statuses, &*self.tokens, batch).await,
            other => Err(kernel::Corrupt(format!("there is no step `{other}`")).into()),
        }
    }
}

/// Nobody waits by a task token yet: there is no machine here that hands one out. A token is answered by a line in the
/// log, as one that is unknown is.
pub struct NoTokens;

#[async_trait]
impl TaskTokens for NoTokens {
    async fn answer(&self, _: &str, status: &Status) -> Result<(), Unavailable> {
        tracing::warn!(command = %status.id, "a task token that nobody handed out was to be answered");
        Ok(())
    }

    async fn refuse(&self, _: &str, refusal: &kernel::Refusal) -> Result<(), Unavailable> {
        tracing::warn!("a task token that nobody handed out was to be refused: {refusal}");
        Ok(())
    }
}
