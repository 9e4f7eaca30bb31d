//! A script: what is to be sent, in order, by whom, and how each of it must end.
//!
//! While it is written it is rehearsed on the deciders themselves, so that a story goes on from what would really have
//! happened: who waits, who was promoted, what was sold out.

use std::collections::{BTreeSet, HashMap};

use fastrand::Rng;
use jiff::Timestamp;
use kernel::catalog::{ErasedClaim, State};
use kernel::decider::{Actor, Context};
use kernel::{Catalog, StreamId, commit::EventRecord};
use serde_json::{Value, json};

use super::System;
use crate::failure::Failure;

/// Somebody who acts in one role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Person {
    /// The token's subject.
    pub(super) sub: String,
    /// The token's role.
    pub(super) role: &'static str,
}

impl Person {
    /// Somebody by their subject and role.
    pub(super) fn new(sub: impl Into<String>, role: &'static str) -> Self {
        Self { sub: sub.into(), role }
    }
}

/// How a command must end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Whatever came of it, or nothing, since it is already so.
    Committed,
    /// By the rule of this code.
    Rejected(String),
    /// With this code, before any rule was asked.
    Refused(String),
    /// With this code; in no script.
    Failed(String),
    /// Not within the patience; in no script.
    Unsettled,
}

/// A command of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// Which system it belongs to.
    pub(super) system: System,
    /// Who sends it.
    pub(super) by: Person,
    /// The command's id.
    pub(super) id: String,
    /// Its stream.
    pub(super) stream: String,
    /// Its type.
    pub(super) kind: &'static str,
    /// Its data.
    pub(super) data: Value,
    /// How it must end.
    pub(super) ending: Ending,
    /// Whether all before it must be settled first, since it depends on what another stream claimed or gave back.
    pub(super) waits: bool,
}

impl Step {
    /// The command as it is sent.
    pub(super) fn command(&self, issued_at: Timestamp) -> Value {
        json!({
            "id": self.id, "stream": self.stream, "type": self.kind, "issuedAt": issued_at.to_string(),
            "data": self.data,
        })
    }
}

/// What came of a step at the rehearsal.
pub(super) struct Came {
    /// How it ended.
    pub(super) ending: Ending,
    /// What happened, in order: types and payloads.
    pub(super) events: Vec<(&'static str, Value)>,
}

impl Came {
    /// Whether a rule said no.
    pub(super) fn is_rejected(&self) -> bool {
        self.ending != Ending::Committed
    }
}

/// A stream at the rehearsal.
struct Played {
    state: State,
    version: u64,
}

/// A script while it is written.
pub(super) struct Script<'a> {
    /// The chances that it takes: the same for the same seed.
    pub(super) dice: Rng,
    /// What ids of this story bear, so that they meet no other story's.
    pub(super) tag: String,
    system: System,
    catalog: &'a Catalog,
    streams: HashMap<StreamId, Played>,
    claims: HashMap<(&'static str, String), StreamId>,
    /// Values that some stream gave back.
    released: BTreeSet<(&'static str, String)>,
    steps: Vec<Step>,
}

impl<'a> Script<'a> {
    /// An empty script.
    pub(super) fn new(catalog: &'a Catalog, system: System, tag: &str, seed: u32) -> Self {
        Self {
            // each system has chances of its own: it plays the same whichever others play
            dice: Rng::with_seed((u64::from(seed) << 8) | system as u64),
            tag: tag.to_owned(),
            system,
            catalog,
            streams: HashMap::new(),
            claims: HashMap::new(),
            released: BTreeSet::new(),
            steps: Vec::new(),
        }
    }

    /// The finished script.
    pub(super) fn finish(self) -> Vec<Step> {
        self.steps
    }

    /// A name that is this story's own.
    pub(super) fn own(&self, name: impl std::fmt::Display) -> String {
        format!("{name}.{}", self.tag)
    }

    /// Whether something happens that does so this often in a hundred times.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.dice.u32(0..100) < percent
    }

    /// One of some.
    pub(super) fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.dice.usize(0..of.len())]
    }

    /// Adds a command that its stream will answer.
    pub(super) fn send(&mut self, by: &Person, stream: &str, kind: &'static str, data: Value) -> Result<Came, Failure> {
        let mut step = self.step(by, stream, kind, data);
        let came = self.rehearse(&mut step).map_err(|error| {
            Failure::Failed(format!("the story is wrong at `{kind}` on `{stream}`: {error}: {}", step.data))
        })?;
        step.ending = came.ending.clone();
        self.steps.push(step);
        Ok(came)
    }

    /// Adds a command that the policies will not permit, now or when the story is over: a refusal judges one delivery,
    /// and the next one anew.
    pub(super) fn forbidden(&mut self, by: &Person, stream: &str, kind: &'static str, data: Value) {
        let mut step = self.step(by, stream, kind, data);
        step.ending = Ending::Refused("forbidden".into());
        self.steps.push(step);
    }

    fn step(&self, by: &Person, stream: &str, kind: &'static str, data: Value) -> Step {
        Step {
            system: self.system,
            by: by.clone(),
            id: format!("{}-{}-{:05}", self.tag, self.system.name(), self.steps.len() + 1),
            stream: stream.to_owned(),
            kind,
            data,
            ending: Ending::Committed,
            waits: false,
        }
    }

    fn rehearse(&mut self, step: &mut Step) -> Result<Came, String> {
        let now = Timestamp::UNIX_EPOCH;
        let command = self.catalog.read(step.command(now)).map_err(|refusal| format!("{refusal:?}"))?;
        let stream = command.stream.clone();
        let aggregate = self.catalog.find(stream.aggregate()).ok_or("there is no such aggregate")?;
        let start = || Played { state: aggregate.start(), version: 0 };
        let played = self.streams.entry(stream.clone()).or_insert_with(start);
        let asked = aggregate.decode(&command.kind, &command.data).map_err(|error| error.to_string())?;
        let actor = Actor { sub: step.by.sub.clone(), roles: [step.by.role.to_owned()].into() };
        let context = Context { stream: &stream, version: played.version, command: &command.id, actor: &actor, now };
        let decided = aggregate.decide(&played.state, &asked, &context).map_err(|error| error.to_string())?;
        let rejected = |code: String| Ok(Came { ending: Ending::Rejected(code), events: Vec::new() });
        let decided = match decided {
            Ok(decided) => decided,
            Err(verdict) => return rejected(verdict.code),
        };
        for claim in &decided.claims {
            let ErasedClaim::Unique { scope, value, otherwise } = claim else {
                // who asked for it before must not find it free
                step.waits = true;
                continue;
            };
            let value = (*scope, value.clone());
            let is_anothers = self.claims.get(&value).is_some_and(|holder| *holder != stream);
            step.waits |= is_anothers || self.released.contains(&value);
            if is_anothers {
                return rejected(otherwise.code.clone());
            }
        }
        for claim in decided.claims {
            match claim {
                ErasedClaim::Unique { scope, value, .. } => {
                    self.claims.insert((scope, value), stream.clone());
                }
                ErasedClaim::Release { scope, value } => {
                    self.claims.remove(&(scope, value.clone()));
                    self.released.insert((scope, value));
                }
            }
        }
        let mut events = Vec::new();
        for event in decided.events {
            let data = serde_json::from_str(event.data.get()).map_err(|error| error.to_string())?;
            events.push((event.kind, data));
            let record =
                EventRecord { kind: event.kind.to_owned(), schema: event.schema, command: 0, data: event.data };
            let state = std::mem::replace(&mut played.state, aggregate.start());
            played.state = aggregate.evolve(state, &record).map_err(|error| error.to_string())?;
            played.version += 1;
        }
        Ok(Came { ending: Ending::Committed, events })
    }
}

/// Lets several scripts be played side by side, each in its own order, so that all of them last from beginning to end.
pub(super) fn interleave(scripts: Vec<Vec<Step>>) -> Vec<Step> {
    let mut steps: Vec<(u64, Step)> = Vec::with_capacity(scripts.iter().map(Vec::len).sum());
    for script in scripts {
        let length = script.len() as u64;
        let place = |index: u64| (index * 2 + 1) * (1 << 32) / (length * 2);
        steps.extend((0..).map(place).zip(script));
    }
    // stable: of one place, the systems keep their order
    steps.sort_by_key(|(place, _)| *place);
    steps.into_iter().map(|(_, step)| step).collect()
}
