//! The workflow: an Express execution for each batch, started and waited for in one call.

use async_trait::async_trait;
use aws_sdk_sfn::{Client, types::SyncExecutionStatus};
use pipeline::{
    ports::workflow::{ExecutionError, Workflow},
    steps::batch::Batch,
};

use crate::outage;

/// The longest input that an execution takes, in bytes.
const LONGEST_INPUT: usize = 256 * 1024;
/// The service's name for data that is too long.
const TOO_LONG: &str = "States.DataLimitExceeded";

/// Runs a state machine of Step Functions.
#[derive(Debug, Clone)]
pub struct StepFunctionsWorkflow {
    client: Client,
    machine: String,
}

impl StepFunctionsWorkflow {
    /// Runs the state machine of an ARN.
    pub fn new(client: Client, machine: impl Into<String>) -> Self {
        Self { client, machine: machine.into() }
    }
}

#[async_trait]
impl Workflow for StepFunctionsWorkflow {
    async fn execute(&self, batch: Batch) -> Result<Batch, ExecutionError> {
        let input = serde_json::to_string(&batch).map_err(|error| failed("Corrupt", error))?;
        drop(batch);
        if input.len() > LONGEST_INPUT {
            return Err(failed(TOO_LONG, format_args!("the input would have {} bytes", input.len())));
        }
        let start = self.client.start_sync_execution().state_machine_arn(&self.machine).input(input);
        let started = start.send().await;
        let ended = started.map_err(|error| failed("Unavailable", outage("run the state machine")(error)))?;
        match ended.status() {
            SyncExecutionStatus::Succeeded => {
                let output = ended.output().unwrap_or_default();
                serde_json::from_str(output).map_err(|error| failed("Corrupt", error))
            }
            SyncExecutionStatus::TimedOut => Err(failed("States.Timeout", "the execution ran out of time")),
            _ => {
                let error = ended.error().unwrap_or("States.Runtime");
                Err(failed(error, ended.cause().unwrap_or("the state machine gave no cause")))
            }
        }
    }
}

fn failed(error: &str, cause: impl std::fmt::Display) -> ExecutionError {
    ExecutionError { error: error.to_owned(), cause: cause.to_string() }
}
