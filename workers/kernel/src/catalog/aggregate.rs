//! An aggregate without its types.

use std::{any::Any, collections::BTreeMap};

use serde_json::{Value, value::RawValue};

use super::Corrupt;
use crate::{
    command::{CommandSet, CommandType},
    commit::{ClaimRecord, EventRecord, Verdict},
    decider::{Attributes, Claim, Context, Decider},
    event::{EventSet, EventType},
    id::StreamId,
    refusal::Violations,
    schema::Checker,
};

/// A decoded command of some aggregate.
pub type AnyCommand = Box<dyn Any + Send + Sync>;

/// A state of some aggregate.
pub struct State(Box<dyn Any + Send + Sync>);

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

/// An event as it is stored.
#[derive(Debug, Clone)]
pub struct EncodedEvent {
    /// The event's type.
    pub kind: &'static str,
    /// The number of its schema.
    pub schema: u32,
    /// The payload.
    pub data: Box<RawValue>,
}

/// A claim whose rejection is already as it would be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasedClaim {
    /// The stream takes the value, or the command is rejected.
    Unique {
        /// What the value is unique in.
        scope: &'static str,
        /// The value.
        value: String,
        /// The rejection when another holds it.
        otherwise: Verdict,
    },
    /// The stream gives the value back.
    Release {
        /// What the value was unique in.
        scope: &'static str,
        /// The value.
        value: String,
    },
}

impl ErasedClaim {
    /// The claim as a commit tells it.
    pub fn record(&self) -> ClaimRecord {
        let released = matches!(self, Self::Release { .. });
        let (Self::Unique { scope, value, .. } | Self::Release { scope, value }) = self;
        ClaimRecord { scope: (*scope).to_owned(), value: value.clone(), released }
    }
}

/// What was decided, ready to be stored.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// What happened.
    pub events: Vec<EncodedEvent>,
    /// What the stream takes or gives back; taking and releasing the same value has cancelled out.
    pub claims: Vec<ErasedClaim>,
}

type Decide = fn(&State, &AnyCommand, &Context<'_>) -> Result<Result<Decided, Verdict>, Corrupt>;

/// An aggregate: its name, its types, and its functions on erased states.
pub struct Aggregate {
    name: &'static str,
    revision: u32,
    commands: Vec<CommandType>,
    events: Vec<EventType>,
    checkers: BTreeMap<&'static str, Result<Checker, String>>,
    rules: fn(&StreamId, &str, &Value, &mut Violations),
    decode: fn(&str, &Value) -> Result<AnyCommand, Corrupt>,
    start: fn() -> State,
    evolve: fn(State, &str, u32, &RawValue) -> Result<State, Corrupt>,
    decide: Decide,
    resource: fn(&State, &AnyCommand) -> Result<Attributes, Corrupt>,
    dump: fn(&State) -> Result<Vec<u8>, Corrupt>,
    restore: fn(&[u8]) -> Result<State, Corrupt>,
}

impl Aggregate {
    /// Erases a decider.
    pub fn of<D: Decider>() -> Self {
        let commands = D::Command::types();
        let checkers = commands.iter().map(|command| (command.name, Checker::new(&command.schema))).collect();
        Self {
            name: D::AGGREGATE,
            revision: D::REVISION,
            commands,
            events: D::Event::types(),
            checkers,
            rules: |stream, kind, data, violations| {
                D::check_stream(stream, violations);
                D::Command::check(kind, data, stream, violations);
            },
            decode: |kind, data| {
                D::Command::decode(kind, data).map(|command| Box::new(command) as AnyCommand).map_err(corrupt)
            },
            start: || State(Box::new(D::State::default())),
            evolve: |state, kind, schema, data| {
                let event = D::Event::decode(kind, schema, data)?;
                let state = state.0.downcast::<D::State>().map_err(|_| foreign())?;
                Ok(State(Box::new(D::evolve(*state, &event))))
            },
            decide: |state, command, context| {
                let (state, command) = typed::<D>(state, command)?;
                match D::decide(state, command, context) {
                    Ok(decision) => Ok(Ok(Decided {
                        events: decision.events.iter().map(encode).collect::<Result<_, _>>()?,
                        claims: settle_claims(decision.claims),
                    })),
                    Err(rejection) => Ok(Err(Verdict::from(&rejection))),
                }
            },
            resource: |state, command| {
                let (state, command) = typed::<D>(state, command)?;
                Ok(D::resource(state, command))
            },
            dump: |state| {
                let state = state.0.downcast_ref::<D::State>().ok_or_else(foreign)?;
                serde_json::to_vec(state).map_err(corrupt)
            },
            restore: |bytes| {
                let state: D::State = serde_json::from_slice(bytes).map_err(corrupt)?;
                Ok(State(Box::new(state)))
            },
        }
    }

    /// The part of a stream's name before the slash.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The decider's revision, which snapshots are kept under.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The command types.
    pub fn commands(&self) -> &[CommandType] {
        &self.commands
    }

    /// The event types.
    pub fn events(&self) -> &[EventType] {
        &self.events
    }

    /// Whether it takes commands of this type.
    pub fn has_command(&self, kind: &str) -> bool {
        self.checkers.contains_key(kind)
    }

    /// Whether events of this type are published one by one.
    pub fn publishes(&self, kind: &str) -> bool {
        self.events.iter().any(|event| event.name == kind && event.public)
    }

    /// Adds what is wrong with a command's data: the schema's violations and the further rules', all at once.
    pub fn check(&self, stream: &StreamId, kind: &str, data: &Value, violations: &mut Violations) {
        match self.checkers.get(kind) {
            Some(Ok(checker)) => {
                let before = violations.as_slice().len();
                checker.check(data, "/data", violations);
                (self.rules)(stream, kind, data, violations);
                if violations.as_slice().len() == before
                    && let Err(error) = (self.decode)(kind, data)
                {
                    // the schema let something pass that the type does not take: say so instead of failing later
                    violations.add("/data", "wrong-type", error.to_string());
                }
            }
            Some(Err(error)) => violations.add("/data", "wrong-type", format!("the schema can't be used: {error}")),
            None => violations.add("/type", "bad-format", "is not a type of this aggregate"),
        }
    }

    /// Decodes data that was checked.
    pub fn decode(&self, kind: &str, data: &Value) -> Result<AnyCommand, Corrupt> {
        (self.decode)(kind, data)
    }

    /// The state of a stream without events.
    pub fn start(&self) -> State {
        (self.start)()
    }

    /// Folds a recorded event.
    pub fn evolve(&self, state: State, event: &EventRecord) -> Result<State, Corrupt> {
        (self.evolve)(state, &event.kind, event.schema, &event.data)
    }

    /// Decides a command on a state.
    pub fn decide(
        &self,
        state: &State,
        command: &AnyCommand,
        context: &Context<'_>,
    ) -> Result<Result<Decided, Verdict>, Corrupt> {
        (self.decide)(state, command, context)
    }

    /// What policies may know: the stream's `id`, and what the decider tells of the state.
    pub fn resource(&self, stream: &StreamId, state: &State, command: &AnyCommand) -> Result<Attributes, Corrupt> {
        let mut attributes = (self.resource)(state, command)?;
        attributes.push(("id", stream.id().into()));
        Ok(attributes)
    }

    /// A state as JSON: for snapshots and for people.
    pub fn dump(&self, state: &State) -> Result<Vec<u8>, Corrupt> {
        (self.dump)(state)
    }

    /// A state from a snapshot of the same revision.
    pub fn restore(&self, bytes: &[u8]) -> Result<State, Corrupt> {
        (self.restore)(bytes)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn corrupt(error: serde_json::Error) -> Corrupt {
    Corrupt(error.to_string())
}

fn foreign() -> Corrupt {
    Corrupt("a state or command of another aggregate was given".into())
}

fn typed<'a, D: Decider>(state: &'a State, command: &'a AnyCommand) -> Result<(&'a D::State, &'a D::Command), Corrupt> {
    let state = state.0.downcast_ref::<D::State>().ok_or_else(foreign)?;
    let command = command.downcast_ref::<D::Command>().ok_or_else(foreign)?;
    Ok((state, command))
}

fn encode<E: EventSet>(event: &E) -> Result<EncodedEvent, Corrupt> {
    Ok(EncodedEvent { kind: event.kind(), schema: event.schema(), data: event.encode().map_err(corrupt)? })
}

/// Erases claims; taking and releasing the same value in one decision cancels out.
fn settle_claims<R: crate::decider::Rejection>(claims: Vec<Claim<R>>) -> Vec<ErasedClaim> {
    let erased: Vec<_> = claims
        .into_iter()
        .map(|claim| match claim {
            Claim::Unique { scope, value, otherwise } => {
                ErasedClaim::Unique { scope, value, otherwise: Verdict::from(&otherwise) }
            }
            Claim::Release { scope, value } => ErasedClaim::Release { scope, value },
        })
        .collect();
    let side = |claim: &ErasedClaim| match claim {
        ErasedClaim::Unique { scope, value, .. } => (*scope, value.clone(), true),
        ErasedClaim::Release { scope, value } => (*scope, value.clone(), false),
    };
    let sides: std::collections::BTreeSet<_> = erased.iter().map(side).collect();
    let mut kept = Vec::new();
    for claim in erased {
        let (scope, value, unique) = side(&claim);
        let again = kept.iter().any(|kept| side(kept) == (scope, value.clone(), unique));
        if !again && !sides.contains(&(scope, value, !unique)) {
            kept.push(claim);
        }
    }
    kept
}
