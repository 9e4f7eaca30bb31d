//! A state machine of plain calls, which fails as it is told.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use pipeline::{
    ports::{
        queue::{Delivery, Message},
        workflow::{ExecutionError, Workflow},
    },
    steps::{
        batch::{Batch, Stage},
        dispatch::{Backoff, Dispatch, Dispatched},
    },
};
use serde_json::Value;

use super::{Pipeline, doubles::PlainTokens, noon};

type Verdict = Box<dyn Fn(&[String], bool) -> Option<&'static str> + Send + Sync>;

/// Runs the steps, unless the verdict on a batch's command ids (and whether it is a probe) names an error.
pub(crate) struct Machine {
    pipeline: Arc<Pipeline>,
    verdict: Verdict,
    /// The ids of each execution's commands; a probe's is marked.
    pub(crate) executed: Mutex<Vec<String>>,
}

#[async_trait]
impl Workflow for Machine {
    async fn execute(&self, mut batch: Batch) -> Result<Batch, ExecutionError> {
        let ids: Vec<_> = batch.commands.iter().map(|item| name(&item.stage)).collect();
        let probe = if batch.probe { "probe " } else { "" };
        self.executed.lock().unwrap().push(format!("{probe}{}", ids.join(" ")));
        let failed = |error: &str, cause: &str| ExecutionError { error: error.into(), cause: cause.into() };
        match (self.verdict)(&ids, batch.probe) {
            Some("lose") => drop(batch.commands.pop()),
            Some("leave") => return Ok(batch),
            Some(error) => return Err(failed(error, "as told")),
            None => {}
        }
        let result = self.pipeline.run(&mut batch).await;
        result.map(|()| batch).map_err(|error| failed(error.name(), &error.to_string()))
    }
}

fn name(stage: &Stage) -> String {
    match stage {
        Stage::Received(body) => serde_json::from_str::<Value>(body.get())
            .ok()
            .and_then(|command| Some(command.get("id")?.as_str()?.to_owned()))
            .unwrap_or_else(|| "nameless".into()),
        Stage::Invalid(invalid) => invalid.refusal.code.as_str().to_owned(),
        other => panic!("not as it was received: {other:?}"),
    }
}

/// A dispatcher of a pipeline in memory.
pub(crate) struct Dispatching {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) machine: Arc<Machine>,
    dispatch: Dispatch,
}

impl Dispatching {
    pub(crate) fn new(verdict: impl Fn(&[String], bool) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        let pipeline = Arc::new(Pipeline::new());
        let machine = Machine { pipeline: pipeline.clone(), verdict: Box::new(verdict), executed: Mutex::default() };
        let machine = Arc::new(machine);
        let dispatch = Dispatch {
            catalog: pipeline.catalog.clone(),
            workflow: machine.clone(),
            verifier: Arc::new(PlainTokens),
            statuses: Arc::new(pipeline.store().clone()),
            tokens: pipeline.answers.clone(),
            inbox: Arc::new(pipeline.store().clone()),
            clock: pipeline.clock.clone(),
            backoff: Backoff::default(),
        };
        Self { pipeline, machine, dispatch }
    }

    pub(crate) async fn dispatch(&self, deliveries: &[Delivery]) -> Dispatched {
        self.dispatch.dispatch(deliveries, Instant::now() + Duration::from_hours(1)).await
    }

    pub(crate) async fn dispatch_until(&self, deliveries: &[Delivery], until: Instant) -> Dispatched {
        self.dispatch.dispatch(deliveries, until).await
    }

    pub(crate) fn executed(&self) -> Vec<String> {
        self.machine.executed.lock().unwrap().clone()
    }

    /// The ids of the commands in the inbox.
    pub(crate) async fn given_up(&self) -> Vec<String> {
        self.pipeline.failures().await.iter().map(|failed| failed.id.to_string()).collect()
    }
}

/// A message of commands, or of anything, as staff sends it to a stream's group.
pub(crate) fn delivery(receipt: u64, receives: u32, stream: &str, body: &(impl ToString + ?Sized)) -> Delivery {
    let message = Message {
        group: format!("acme/{stream}"),
        body: body.to_string(),
        authorization: "acme/alice/staff".into(),
        traceparent: None,
        task_token: None,
    };
    Delivery { message: Arc::new(message), receipt, receives, received_at: noon() }
}

/// The same, waited for.
pub(crate) fn awaited(delivery: &Delivery, token: &str) -> Delivery {
    let message = Message { task_token: Some(token.into()), ..(*delivery.message).clone() };
    Delivery { message: Arc::new(message), ..delivery.clone() }
}
