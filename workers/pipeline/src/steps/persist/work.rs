//! One stream's commands: which wait, which are in the commit that is being written, and what came of each.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use kernel::{
    Aggregate, Id, StreamKey,
    catalog::{AnyCommand, Corrupt},
};

use super::{
    Persist,
    draft::before,
    warm::{Loaded, Warm},
};
use crate::{
    ports::{
        commits::{Position, Seen, Stored},
        status::{About, Failure, Known},
    },
    steps::{
        StepError,
        batch::{Authorized, Batch, Settled, Stage},
    },
};

/// A command that waits to be decided.
pub(super) struct Asked {
    /// Its index in the batch.
    pub(super) index: usize,
    pub(super) received_at: Timestamp,
    pub(super) authorized: Box<Authorized>,
    pub(super) decoded: AnyCommand,
}

impl Asked {
    pub(super) fn about(&self) -> About<'_> {
        about(&self.authorized, self.received_at)
    }
}

/// A stream of the batch, and how far its commands have come.
pub(super) struct Work {
    pub(super) key: StreamKey,
    pub(super) aggregate: Arc<Aggregate>,
    pub(super) conflicts: u32,
    pub(super) loaded: Option<Loaded>,
    pub(super) waiting: VecDeque<Asked>,
    /// Decided, and in the commit that is being written.
    pub(super) pending: Vec<Asked>,
    /// The same commands again: answered once that commit is written.
    pub(super) repeated: Vec<Asked>,
    /// The commit that was read or written last: those who ask again mostly ask for what lies together.
    pub(super) last: Option<Arc<Stored>>,
    /// Commands that the store was asked for.
    pub(super) looked_up: HashMap<Id, Option<Seen>>,
    pub(super) settled: Vec<(usize, Settled)>,
}

impl Work {
    pub(super) fn new(key: StreamKey, aggregate: Arc<Aggregate>) -> Self {
        Self {
            key,
            aggregate,
            conflicts: 0,
            loaded: None,
            waiting: VecDeque::new(),
            pending: Vec::new(),
            repeated: Vec::new(),
            last: None,
            looked_up: HashMap::new(),
            settled: Vec::new(),
        }
    }

    /// Adds a command. That its data, which was validated, can't be decoded means that the build changed in between:
    /// it is then given up.
    pub(super) fn add(&mut self, index: usize, received_at: Timestamp, authorized: Box<Authorized>) {
        match self.aggregate.decode(&authorized.command.kind, &authorized.command.data) {
            Ok(decoded) => self.waiting.push_back(Asked { index, received_at, authorized, decoded }),
            Err(corrupt) => {
                let known = Known::failed(about(&authorized, received_at), corrupted(corrupt.0), received_at);
                self.settled.push((index, Settled::Told { tenant: authorized.tenant, known: Box::new(known) }));
            }
        }
    }

    pub(super) fn must_load(&self) -> bool {
        self.loaded.is_none() && !self.waiting.is_empty()
    }

    /// Takes the stream as it was loaded; one that can't be read fails all its commands.
    pub(super) fn loaded(&mut self, loaded: Result<Loaded, Corrupt>) {
        match loaded {
            Ok(loaded) => self.loaded = Some(loaded),
            Err(corrupt) => {
                while let Some(asked) = self.waiting.pop_front() {
                    self.fail(&asked, format!("the stream can't be read: {corrupt}"), asked.received_at);
                }
            }
        }
    }

    /// Forgets what was loaded and decided, to decide it again.
    pub(super) fn forget(&mut self) {
        self.loaded = None;
        self.looked_up.clear();
        for asked in self.pending.drain(..).chain(self.repeated.drain(..)).rev() {
            self.waiting.push_front(asked);
        }
    }

    /// The time that a commit which is begun now bears at the earliest.
    pub(super) fn now(&self, env: &Persist) -> Timestamp {
        let now = env.clock.now();
        self.loaded.as_ref().map_or(now, |loaded| now.max(loaded.position.time()))
    }

    /// Asks the store for commands that may be older than what is loaded.
    pub(super) async fn look_up(&mut self, env: &Persist) -> Result<(), StepError> {
        let Some(loaded) = &self.loaded else { return Ok(()) };
        let unsure: Vec<_> = self
            .waiting
            .iter()
            .map(|asked| &asked.authorized.command)
            .filter(|command| loaded.ids.get(&command.id).is_none() && !self.looked_up.contains_key(&command.id))
            .map(|command| (command.id.clone(), before(command.issued_at)))
            .filter(|(_, from)| !loaded.ids.cover(*from))
            .collect();
        if !unsure.is_empty() {
            let found = env.commits.find(&self.key, &unsure).await?;
            self.looked_up.extend(unsure.into_iter().map(|(id, _)| id).zip(found));
        }
        Ok(())
    }

    /// The commit was written: its commands are settled.
    pub(super) async fn committed(&mut self, env: &Persist, stored: Arc<Stored>) {
        for (command, asked) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            if let Some(known) = Known::of_commit(&stored.commit, command) {
                self.settle(&asked, known);
            }
        }
        for asked in self.repeated.drain(..).rev() {
            self.waiting.push_front(asked);
        }
        self.last = Some(stored.clone());
        let Some(loaded) = &mut self.loaded else { return };
        loaded.ids.note(&stored);
        loaded.since_snapshot += stored.bytes;
        loaded.position = Position::after(&stored);
        if loaded.is_worth_a_snapshot() {
            self.snapshot(env, &stored).await;
        }
    }

    pub(super) fn settle(&mut self, asked: &Asked, known: Known) {
        self.settled
            .push((asked.index, Settled::Told { tenant: asked.authorized.tenant.clone(), known: Box::new(known) }));
    }

    pub(super) fn fail(&mut self, asked: &Asked, message: String, now: Timestamp) {
        tracing::error!(command = %asked.authorized.command.id, stream = %self.key, "a command was given up: {message}");
        let known = Known::failed(asked.about(), corrupted(message), now);
        self.settle(asked, known);
    }

    /// Writes the verdicts into the batch, gives back what is not settled, and keeps the stream warm if nothing of it
    /// is in doubt.
    pub(super) fn finish(self, batch: &mut Batch, warm: &Warm) {
        for (index, settled) in self.settled {
            if let Some(item) = batch.commands.get_mut(index) {
                item.stage = Stage::Settled(Box::new(settled));
            }
        }
        let in_doubt = !self.pending.is_empty();
        for asked in self.pending.into_iter().chain(self.repeated).chain(self.waiting) {
            if let Some(item) = batch.commands.get_mut(asked.index) {
                item.stage = Stage::Authorized(asked.authorized);
            }
        }
        if let Some(loaded) = self.loaded
            && !in_doubt
        {
            warm.keep(self.key, loaded);
        }
    }
}

fn about(authorized: &Authorized, received_at: Timestamp) -> About<'_> {
    let command = &authorized.command;
    About {
        id: &command.id,
        stream: &command.stream,
        kind: &command.kind,
        digest: Some(&command.digest),
        actor: &authorized.actor.sub,
        received_at,
    }
}

fn corrupted(message: String) -> Failure {
    Failure { code: "corrupt".into(), message }
}
