//! Given/when/then: how rules are tested, on the very functions that run.
//!
//! ```
//! # use kernel::*;
//! # #[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
//! # #[serde(deny_unknown_fields)]
//! # pub struct Open {}
//! # impl CommandData for Open {}
//! # kernel::commands! { pub enum Command { Open } }
//! # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! # pub struct Opened {}
//! # impl EventData for Opened {}
//! # kernel::events! { pub enum Event { Opened } }
//! # pub enum Never {}
//! # impl Rejection for Never { fn code(&self) -> &'static str { match *self {} } fn message(&self) -> String { match *self {} } }
//! # struct Door;
//! # impl Decider for Door {
//! #     type Command = Command; type Event = Event; type State = bool; type Rejection = Never;
//! #     const AGGREGATE: &'static str = "door"; const REVISION: u32 = 1;
//! #     fn evolve(_: bool, _: &Event) -> bool { true }
//! #     fn decide(open: &bool, _: &Command, _: &Context<'_>) -> Result<Decision<Event, Never>, Never> {
//! #         Ok(if *open { Decision::already_so() } else { Decision::one(Opened {}) })
//! #     }
//! # }
//! use kernel::spec::given;
//!
//! given::<Door>("door/1", []).when("Open", serde_json::json!({})).then([Opened {}.into()]);
//! given::<Door>("door/1", [Opened {}.into()]).when("Open", serde_json::json!({})).then_nothing();
//! ```

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::needless_pass_by_value,
    reason = "a failed expectation is told by a panic, and tests read best with values in place"
)]

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    catalog::ViewSpec,
    command::CommandSet,
    commit::{CommandRecord, Commit, EventRecord},
    decider::{Actor, Claim, Context, Decider, Decision, Rejection},
    event::EventSet,
    id::{Id, StreamId},
    refusal::{Refusal, Violations},
    schema::Checker,
    view::View,
};

fn parse<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is not valid here"))
}

/// The time at which given/when/then decides, unless it is told another.
pub fn now() -> Timestamp {
    parse("2026-11-21T08:00:00Z")
}

/// A stream with these events.
pub fn given<D: Decider>(stream: &str, events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    let actor = Actor { sub: "alice".into(), roles: ["staff".to_owned()].into() };
    let mut given = Given { stream: parse(stream), state: D::State::default(), version: 0, actor, now: now() };
    for event in events {
        given.state = D::evolve(given.state, &event);
        given.version += 1;
    }
    given
}

/// A stream's state, and who asks.
pub struct Given<D: Decider> {
    stream: StreamId,
    state: D::State,
    version: u64,
    actor: Actor,
    now: Timestamp,
}

impl<D: Decider> Given<D> {
    /// Who asks; `alice`, staff, if not said.
    pub fn by(mut self, sub: &str, roles: &[&str]) -> Self {
        self.actor = Actor { sub: sub.to_owned(), roles: roles.iter().map(|role| (*role).to_owned()).collect() };
        self
    }

    /// What time it is.
    pub fn at(mut self, time: &str) -> Self {
        self.now = parse(time);
        self
    }

    /// The state itself.
    pub fn state(&self) -> &D::State {
        &self.state
    }

    /// Asks. The data goes through the schema and the further rules, as a client's would.
    #[track_caller]
    pub fn when(self, kind: &str, data: Value) -> Outcome<D> {
        let mut violations = Violations::default();
        let types = D::Command::types();
        let Some(command) = types.iter().find(|command| command.name == kind) else {
            panic!("there is no command `{kind}`");
        };
        let checker = Checker::new(&command.schema).unwrap_or_else(|error| panic!("the schema of `{kind}`: {error}"));
        checker.check(&data, "/data", &mut violations);
        D::check_stream(&self.stream, &mut violations);
        D::Command::check(kind, &data, &self.stream, &mut violations);
        if violations.is_empty() {
            return match D::Command::decode(kind, &data) {
                Ok(command) => Outcome::Decided(self.decide(&command)),
                Err(error) => panic!("`{kind}` passed its schema but can't be decoded: {error}"),
            };
        }
        Outcome::Refused(Refusal::invalid(violations))
    }

    fn decide(&self, command: &D::Command) -> Result<Decision<D::Event, D::Rejection>, D::Rejection> {
        let id: Id = parse("c-1");
        let context =
            Context { stream: &self.stream, version: self.version, command: &id, actor: &self.actor, now: self.now };
        D::decide(&self.state, command, &context)
    }
}

/// What came of it.
pub enum Outcome<D: Decider> {
    /// The data was not valid.
    Refused(Refusal),
    /// The decider answered.
    Decided(Result<Decision<D::Event, D::Rejection>, D::Rejection>),
}

impl<D: Decider> Outcome<D>
where
    D::Event: std::fmt::Debug + PartialEq,
{
    #[track_caller]
    fn decision(self) -> Decision<D::Event, D::Rejection> {
        match self {
            Self::Decided(Ok(decision)) => decision,
            Self::Decided(Err(rejection)) => panic!("rejected with `{}`: {}", rejection.code(), rejection.message()),
            Self::Refused(refusal) => panic!("not valid: {refusal:?}"),
        }
    }

    /// The events that were decided.
    #[track_caller]
    pub fn events(self) -> Vec<D::Event> {
        self.decision().events
    }

    /// Exactly these events were decided.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = D::Event>) {
        assert_eq!(self.decision().events, events.into_iter().collect::<Vec<_>>());
    }

    /// It was already so.
    #[track_caller]
    pub fn then_nothing(self) {
        self.then([]);
    }

    /// These claims were made: `+scope:value` takes, `-scope:value` releases.
    #[track_caller]
    pub fn then_claims(self, claims: &[&str]) {
        let made: Vec<_> = self
            .decision()
            .claims
            .iter()
            .map(|claim| match claim {
                Claim::Unique { scope, value, .. } => format!("+{scope}:{value}"),
                Claim::Release { scope, value } => format!("-{scope}:{value}"),
            })
            .collect();
        assert_eq!(made, claims);
    }

    /// A business rule said no, with this code.
    #[track_caller]
    pub fn then_rejected(self, code: &str) {
        match self {
            Self::Decided(Err(rejection)) => assert_eq!(rejection.code(), code),
            Self::Decided(Ok(decision)) => panic!("not rejected: {:?}", decision.events),
            Self::Refused(refusal) => panic!("not valid: {refusal:?}"),
        }
    }

    /// The data has these violations, as `pointer code`.
    #[track_caller]
    pub fn then_invalid(self, violations: &[&str]) {
        match self {
            Self::Refused(refusal) => {
                let mut told: Vec<_> = refusal.violations.iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
                told.sort();
                assert_eq!(told, violations);
            }
            Self::Decided(_) => panic!("the data was valid"),
        }
    }
}

/// A commit of these events, by one actor: for tests of views and of stores.
pub fn commit<E: EventSet>(stream: &str, seq: u64, first: u64, actor: &Actor, events: &[E]) -> Commit {
    let command = CommandRecord {
        id: parse(&format!("c-{seq}")),
        kind: "Test".into(),
        digest: String::new(),
        actor: actor.clone(),
        policies: Vec::new(),
        issued_at: now(),
        received_at: now(),
        version: first + events.len() as u64 - 1,
        rejection: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    };
    let record = |event: &E| EventRecord {
        kind: event.kind().to_owned(),
        schema: event.schema(),
        command: 0,
        data: event.encode().unwrap_or_else(|error| panic!("an event can't be encoded: {error}")),
    };
    Commit {
        tenant: parse("demo"),
        stream: parse(stream),
        seq,
        first,
        last: first + events.len() as u64 - 1,
        time: now(),
        previous: None,
        snapshot: None,
        commands: vec![command],
        events: events.iter().map(record).collect(),
        claims: Vec::new(),
    }
}

/// A view of a stream with these events, each in a commit of its own, by `alice`.
#[track_caller]
pub fn given_view<V: View>(stream: &str, events: impl IntoIterator<Item = V::Event>) -> Projected {
    let actor = Actor { sub: "alice".into(), roles: ["staff".to_owned()].into() };
    given_view_by::<V>(stream, events.into_iter().map(|event| (actor.clone(), event)))
}

/// As [`given_view`], each event by an actor of its own.
#[track_caller]
pub fn given_view_by<V: View>(stream: &str, events: impl IntoIterator<Item = (Actor, V::Event)>) -> Projected {
    let view = ViewSpec::of::<V>();
    let (mut memo, mut documents) = (None, HashMap::new());
    for (index, (actor, event)) in events.into_iter().enumerate() {
        let version = index as u64 + 1;
        let commit = commit(stream, version, version, &actor, &[event]);
        let folded = view.fold(memo.as_ref(), &[&commit], &mut documents);
        assert_eq!(folded.parked, None);
        memo = Some(folded.memo);
    }
    for (id, document) in &documents {
        assert_eq!(document.parked, None, "document `{id}`");
        for name in document.body.iter().flat_map(Map::keys) {
            assert!(view.field(name).is_some(), "`{name}` is not a declared field of `{}`", view.name());
        }
    }
    let shown = documents.into_iter().filter_map(|(id, document)| Some((id, document.body?)));
    Projected { documents: shown.collect() }
}

/// The documents of one stream.
pub struct Projected {
    documents: BTreeMap<String, Map<String, Value>>,
}

impl Projected {
    /// The documents' ids, in order.
    pub fn ids(&self) -> Vec<&str> {
        self.documents.keys().map(String::as_str).collect()
    }

    /// The document has these members (others are not looked at; null means absent).
    #[track_caller]
    pub fn then(&self, id: &str, members: Value) -> &Self {
        let Some(document) = self.documents.get(id) else {
            panic!("there is no document `{id}` in {:?}", self.ids());
        };
        for (name, value) in members.as_object().into_iter().flatten() {
            assert_eq!(document.get(name).unwrap_or(&Value::Null), value, "`{name}` of `{id}`");
        }
        self
    }

    /// There is no such document.
    #[track_caller]
    pub fn then_none(&self, id: &str) -> &Self {
        assert!(!self.documents.contains_key(id), "there is a document `{id}`");
        self
    }
}
