//! Deciding: what an aggregate is asked, what it remembers, and what it answers.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    command::CommandSet,
    event::EventSet,
    id::{Id, StreamId},
    refusal::Violations,
};

/// Who asks: from a verified token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// The token's subject.
    pub sub: String,
    /// The token's roles.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<String>,
}

/// All that a decision may know beside the state and the command: deciders have no clock and make no ids.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The stream that is asked.
    pub stream: &'a StreamId,
    /// The stream's version before this command.
    pub version: u64,
    /// The command's id.
    pub command: &'a Id,
    /// Who asks.
    pub actor: &'a Actor,
    /// The time that the commit will bear at the earliest.
    pub now: Timestamp,
}

/// A business rule that says no: an answer, recorded and final.
pub trait Rejection: Send + Sync + 'static {
    /// Stable, machine-readable, in kebab-case.
    fn code(&self) -> &'static str;
    /// What is in the way, for a person.
    fn message(&self) -> String;
    /// More, for a program.
    fn detail(&self) -> Option<Value> {
        None
    }
}

/// What a claim asks for, in the same atomic write as the decision's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim<R> {
    /// This stream alone of the tenant holds `value` in `scope`; the command is rejected with `otherwise` when
    /// another stream holds it. What the stream holds already is simply held.
    Unique {
        /// What the value is unique in, such as `customer-email`.
        scope: &'static str,
        /// The value, in the form in which it is compared.
        value: String,
        /// The rejection when another holds it.
        otherwise: R,
    },
    /// This stream gives `value` back.
    Release {
        /// What the value was unique in.
        scope: &'static str,
        /// The value.
        value: String,
    },
}

/// What was decided: events (none: it is already so) and claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<E, R> {
    /// What happened.
    pub events: Vec<E>,
    /// What the stream takes for itself or gives back with it.
    pub claims: Vec<Claim<R>>,
}

impl<E, R> Decision<E, R> {
    /// It is already so: no events.
    pub fn already_so() -> Self {
        Self { events: Vec::new(), claims: Vec::new() }
    }

    /// One event.
    pub fn one(event: impl Into<E>) -> Self {
        Self { events: vec![event.into()], claims: Vec::new() }
    }

    /// Adds a claim.
    pub fn claiming(mut self, claim: Claim<R>) -> Self {
        self.claims.push(claim);
        self
    }
}

impl<E, R> From<Vec<E>> for Decision<E, R> {
    fn from(events: Vec<E>) -> Self {
        Self { events, claims: Vec::new() }
    }
}

/// An attribute of the resource that a policy decides about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A truth.
    Boolean(bool),
    /// A set of texts.
    Texts(Vec<String>),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The attributes of a resource, by the names that the policies' schema declares.
pub type Attributes = Vec<(&'static str, Attribute)>;

/// An aggregate: pure, and total in its events.
///
/// `decide` says what a command does to a state; `evolve` folds what happened. Both must be deterministic: clocks,
/// ids and the actor come in the [`Context`]. Doing again what is already so decides no events.
pub trait Decider: 'static {
    /// What it is asked.
    type Command: CommandSet;
    /// What happens to it.
    type Event: EventSet;
    /// What decisions need to know, no more. Snapshots store it.
    type State: Default + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Its business rules' answers.
    type Rejection: Rejection;

    /// The part of a stream's name before the slash.
    const AGGREGATE: &'static str;
    /// Raised when `State` or `evolve` changes: older snapshots are then not used.
    const REVISION: u32;

    /// What the stream's name must look like beyond any stream's: adds violations at `/stream`.
    fn check_stream(stream: &StreamId, violations: &mut Violations) {
        let _ = (stream, violations);
    }

    /// Folds one event. Total: there is no event that a state can't take.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// Decides one command.
    fn decide(
        state: &Self::State,
        command: &Self::Command,
        context: &Context<'_>,
    ) -> Result<Decision<Self::Event, Self::Rejection>, Self::Rejection>;

    /// What policies may know of the state that the command is decided on. They may also know the stream's `id`: a
    /// schema that wants it declares `id?: String`.
    fn resource(state: &Self::State, command: &Self::Command) -> Attributes {
        let _ = (state, command);
        Attributes::new()
    }
}
