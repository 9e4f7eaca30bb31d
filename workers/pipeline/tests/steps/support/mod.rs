//! A whole pipeline in memory, with a domain to break.

pub(crate) mod doubles;
pub(crate) mod machine;
pub(crate) mod projection;
pub(crate) mod toy;
pub(crate) mod views;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{Catalog, Id, StreamKey, Tenant};
use pipeline::{
    laws::sample::second,
    ports::{
        commits::{CommitStore, Stored},
        queue::Failed,
        snapshots::SnapshotStore,
        status::{Known, Outcome, StatusStore},
    },
    steps::{
        StepError,
        authorize::authorize,
        batch::{Batch, Envelope, Item, Settled, Stage},
        persist::{Persist, Warm},
        settle::settle,
        validate::validate,
    },
};
use serde_json::{Value, json, value::to_raw_value};

use self::doubles::{Answers, PlainPolicies, PlainTokens, StillClock, Tapped};

use crate::host;

/// The time of most tests, and when their commands are issued and received.
pub(crate) fn noon() -> Timestamp {
    second(0)
}

pub(crate) fn minutes(number: i64) -> SignedDuration {
    SignedDuration::from_mins(number)
}

pub(crate) fn catalog() -> Catalog {
    Catalog::new().aggregate::<toy::Toy>().view::<views::Totals>().view::<views::Items>()
}

pub(crate) fn key(stream: &str) -> StreamKey {
    StreamKey::new(tenant(), stream.parse().unwrap())
}

pub(crate) fn tenant() -> Tenant {
    "acme".parse().unwrap()
}

pub(crate) fn id(text: &str) -> Id {
    text.parse().unwrap()
}

/// A command as a client sends it.
pub(crate) fn command(id: &str, stream: &str, kind: &str, data: Value) -> Value {
    let mut command = json!({ "id": id, "stream": stream, "type": kind, "issuedAt": noon() });
    command["data"] = data;
    command
}

pub(crate) fn add(id: &str, count: i64) -> Value {
    command(id, "toy/a", "Add", json!({ "count": count }))
}

/// With another member.
pub(crate) fn with(mut command: Value, name: &str, value: impl Into<Value>) -> Value {
    command[name] = value.into();
    command
}

/// Each command as a message of its own, sent by staff.
pub(crate) fn batch(commands: &[Value]) -> Batch {
    let mut batch = Batch::default();
    for command in commands {
        push(&mut batch, "acme/alice/staff", command);
    }
    batch
}

/// Adds a message of one command.
pub(crate) fn push(batch: &mut Batch, token: &str, command: &Value) {
    let stream = command["stream"].as_str().unwrap_or("toy/none");
    batch.messages.push(Envelope {
        group: format!("acme/{stream}"),
        authorization: token.into(),
        received_at: noon(),
        traceparent: None,
        task_token: None,
    });
    let stage = Stage::Received(to_raw_value(command).unwrap());
    batch.commands.push(Item { message: batch.messages.len() - 1, stage });
}

/// Each command's status, or its refusal where nobody can be told.
pub(crate) fn verdicts(batch: &Batch) -> Vec<String> {
    batch.commands.iter().map(|item| verdict(&item.stage)).collect()
}

fn verdict(stage: &Stage) -> String {
    match stage {
        Stage::Settled(settled) => match settled.as_ref() {
            Settled::Told { known, .. } => told(known),
            Settled::Untold(refusal) => format!("untold {}", refusal.code.as_str()),
        },
        Stage::Received(_) => "received".into(),
        Stage::Invalid(invalid) => format!("invalid {}", invalid.refusal.code.as_str()),
        Stage::Valid(_) => "valid".into(),
        Stage::Authorized(_) => "authorized".into(),
        Stage::InHand => "in hand".into(),
    }
}

/// A status in a few words: the outcome, then the version or the reason's code.
pub(crate) fn told(known: &Known) -> String {
    let status = &known.status;
    let more = match status.status {
        Outcome::Committed => status.version.unwrap().to_string(),
        Outcome::Rejected => status.rejection.as_ref().unwrap().code.clone(),
        Outcome::Refused => status.refusal.as_ref().unwrap().code.as_str().to_owned(),
        Outcome::Failed => status.failure.as_ref().unwrap().code.clone(),
        Outcome::Queued => String::new(),
    };
    format!("{} {more}", status.status.as_str())
}

/// The status in the batch, where it is told.
pub(crate) fn known(batch: &Batch, index: usize) -> &Known {
    match &batch.commands[index].stage {
        Stage::Settled(settled) => settled.known().unwrap(),
        other => panic!("not settled: {other:?}"),
    }
}

/// All steps over one store. A clone of its parts is another worker on the same store.
pub(crate) struct Pipeline {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) tap: Arc<Tapped>,
    pub(crate) clock: Arc<StillClock>,
    pub(crate) answers: Arc<Answers>,
    pub(crate) persist: Persist,
}

impl Pipeline {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(Tapped::default()))
    }

    /// A cold worker on a store.
    pub(crate) fn over(tap: Arc<Tapped>) -> Self {
        let snapshots = Arc::new(tap.store.clone());
        Self::with_snapshots(tap, snapshots)
    }

    pub(crate) fn with_snapshots(tap: Arc<Tapped>, snapshots: Arc<dyn SnapshotStore>) -> Self {
        let catalog = Arc::new(catalog());
        let clock = Arc::new(StillClock::at(noon()));
        let persist = Persist {
            catalog: catalog.clone(),
            commits: tap.clone(),
            snapshots,
            policies: Arc::new(PlainPolicies),
            clock: clock.clone(),
            warm: Warm::new(64 << 20),
        };
        Self { catalog, tap, clock, answers: Arc::default(), persist }
    }

    /// Another process on the same store: it knows nothing yet.
    pub(crate) fn restarted(&self) -> Self {
        Self::over(self.tap.clone())
    }

    pub(crate) fn store(&self) -> &host::Store {
        &self.tap.store
    }

    /// Every commit, in the order in which they were appended.
    pub(crate) async fn log(&self) -> Vec<Arc<Stored>> {
        host::log(self.store(), &self.tap.rest).await
    }

    /// Forgets a stream's commits but not their claims, as a restore of an older copy would.
    pub(crate) async fn lose(&self, stream: &str) {
        host::lose(self.store(), &self.tap.rest, &key(stream)).await;
    }

    /// The commands that were given up, oldest first.
    pub(crate) async fn failures(&self) -> Vec<Failed> {
        host::failures(self.store(), &self.tap.rest).await
    }

    /// All steps, once.
    pub(crate) async fn run(&self, batch: &mut Batch) -> Result<(), StepError> {
        validate(&self.catalog, batch);
        authorize(&PlainTokens, &PlainPolicies, noon(), batch).await?;
        self.persist.persist(batch).await?;
        if batch.settle { settle(self.store(), &*self.answers, batch).await } else { Ok(()) }
    }

    /// Runs commands, each a message of staff's, and tells what came of each.
    pub(crate) async fn ask(&self, commands: &[Value]) -> Vec<String> {
        let mut batch = batch(commands);
        self.run(&mut batch).await.unwrap();
        verdicts(&batch)
    }

    pub(crate) async fn ask_one(&self, command: Value) -> String {
        self.ask(&[command]).await.remove(0)
    }

    /// A stream's commits.
    pub(crate) async fn commits(&self, stream: &str) -> Vec<Arc<Stored>> {
        CommitStore::read(self.store(), &key(stream), 1, usize::MAX).await.unwrap().commits
    }

    /// What a stream's value has become.
    pub(crate) async fn value(&self, stream: &str) -> i64 {
        let mut state = toy::State::default();
        for stored in self.commits(stream).await {
            for (_, event) in stored.commit.versions() {
                let event = <toy::Event as kernel::EventSet>::decode(&event.kind, event.schema, &event.data).unwrap();
                state = <toy::Toy as kernel::Decider>::evolve(state, &event);
            }
        }
        state.value
    }

    /// What is known of a command, in a few words.
    pub(crate) async fn status(&self, text: &str) -> Option<String> {
        let found = StatusStore::read(self.store(), &tenant(), &[id(text)]).await.unwrap().remove(0);
        found.as_ref().map(told)
    }
}
