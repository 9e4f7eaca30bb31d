//! One stream's commands: deciding them, and what came of each.

use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use jiff::Timestamp;
use kernel::{
    Aggregate, Attributes, ClaimRecord, Code, Context, EventRecord, Id, Refusal, StreamKey, Verdict,
    catalog::{AnyCommand, Corrupt, Decided, ErasedClaim, State, panic_message},
};
use serde_json::json;

use super::{
    Persist,
    draft::{Draft, ENVELOPE, LARGEST_COMMIT, before, record, size, too_large},
    load::evolve,
    warm::{Loaded, Warm},
};
use crate::{
    ports::{
        commits::{Append, ClaimKey, ClaimWrite, Seen, Stored},
        identity::{Resource, Ruling},
        snapshots::Snapshot,
        status::{About, Failure, Known},
    },
    steps::{
        StepError,
        authorize::forbidden,
        batch::{Authorized, Batch, Settled, Stage},
    },
};

/// Snapshots smaller than this are not worth their write.
const SMALLEST_SNAPSHOT: usize = 64 * 1024;

/// A command that waits to be decided.
pub(super) struct Asked {
    /// Its index in the batch.
    index: usize,
    pub(super) received_at: Timestamp,
    pub(super) authorized: Box<Authorized>,
    decoded: AnyCommand,
}

impl Asked {
    fn about(&self) -> About<'_> {
        about(&self.authorized, self.received_at)
    }
}

/// A stream of the batch, and how far its commands have come.
pub(super) struct Work {
    pub(super) key: StreamKey,
    pub(super) aggregate: Arc<Aggregate>,
    pub(super) conflicts: u32,
    loaded: Option<Loaded>,
    waiting: VecDeque<Asked>,
    /// Decided, and in the commit that is being written.
    pending: Vec<Asked>,
    /// The same commands again: answered once that commit is written.
    repeated: Vec<Asked>,
    /// The commit that was read or written last: those who ask again mostly ask for what lies together.
    last: Option<Arc<Stored>>,
    /// Commands that the store was asked for.
    looked_up: HashMap<Id, Option<Seen>>,
    settled: Vec<(usize, Settled)>,
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
    fn now(&self, env: &Persist) -> Timestamp {
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

    /// Decides commands until a commit is full or all are decided; `None` if nothing is left to be written.
    pub(super) async fn next_commit(&mut self, env: &Persist) -> Result<Option<Append>, StepError> {
        let mut draft = Draft::new(self.now(env));
        while let Some(asked) = self.waiting.pop_front() {
            let Some(mut loaded) = self.loaded.take() else {
                self.waiting.push_front(asked);
                break;
            };
            let id = &asked.authorized.command.id;
            if self.pending.iter().any(|pending| pending.authorized.command.id == *id) {
                // the same command stands earlier in this commit: its outcome is known once that is written
                self.loaded = Some(loaded);
                self.repeated.push(asked);
                continue;
            }
            let seen = loaded.ids.get(id).or_else(|| self.looked_up.get(id).copied().flatten());
            if let Some(seen) = seen {
                self.loaded = Some(loaded);
                if let Err(error) = self.repeat(env, &asked, seen, draft.time).await {
                    self.waiting.push_front(asked);
                    return Err(error);
                }
                continue;
            }
            let decided = self.judge(env, &loaded, &draft, &asked);
            let step = match decided {
                Judged::Refused(refusal) => {
                    self.settle(&asked, Known::refused(asked.about(), refusal, draft.time));
                    Step::Done
                }
                Judged::Corrupt(corrupt) => {
                    self.fail(&asked, corrupt.0, draft.time);
                    Step::Done
                }
                Judged::Decided { policies, decided } => {
                    match self.draft(env, &mut loaded, &mut draft, &asked, policies, decided).await {
                        Ok(step) => step,
                        Err(error) => {
                            self.loaded = Some(loaded);
                            self.waiting.push_front(asked);
                            return Err(error);
                        }
                    }
                }
            };
            self.loaded = Some(loaded);
            match step {
                Step::Done => {}
                Step::Lost(corrupt) => {
                    // the state is gone with the panic: what was drafted is decided again on a fresh one
                    self.fail(&asked, corrupt.0, draft.time);
                    self.forget();
                    super::load::load(env, std::slice::from_mut(self)).await?;
                    self.look_up(env).await?;
                    draft = Draft::new(self.now(env));
                }
                Step::Taken => self.pending.push(asked),
                Step::TakenAlone => {
                    self.pending.push(asked);
                    break;
                }
                Step::Full => {
                    self.waiting.push_front(asked);
                    break;
                }
            }
        }
        if draft.commands.is_empty() {
            return Ok(None);
        }
        let Some(loaded) = &self.loaded else { return Ok(None) };
        let append = Append::new(
            loaded.position.clone(),
            draft.time,
            loaded.snapshot,
            draft.commands,
            draft.events,
            draft.claims,
        )?;
        Ok(Some(append))
    }

    /// The first outcome again, or, for another content, that the id was used.
    async fn repeat(&mut self, env: &Persist, asked: &Asked, seen: Seen, now: Timestamp) -> Result<(), StepError> {
        if self.last.as_ref().is_none_or(|last| last.commit.seq != seen.seq) {
            self.last = env.commits.at(&self.key, seen.seq).await?;
        }
        let known = self.last.as_ref().and_then(|stored| Known::of_commit(&stored.commit, seen.command));
        let known = known.ok_or_else(|| {
            Corrupt(format!("commit {} of `{}` does not hold the command that it was said to", seen.seq, self.key))
        })?;
        if known.digest.as_deref() == Some(asked.authorized.command.digest.as_str()) {
            self.settle(asked, known);
        } else {
            let refusal = Refusal::new(Code::IdReused, "this id was used for a command of other content; use a new id");
            self.settle(asked, Known::refused(asked.about(), refusal, now));
        }
        Ok(())
    }

    fn judge(&self, env: &Persist, loaded: &Loaded, draft: &Draft, asked: &Asked) -> Judged {
        let Authorized { command, actor, ruling, .. } = asked.authorized.as_ref();
        let policies = match ruling {
            Ruling::Allow(policies) => policies.clone(),
            Ruling::Deny => return Judged::Refused(forbidden(&command.kind)),
            Ruling::Depends => match self.permit(env, &loaded.state, asked) {
                Ok(Ruling::Allow(policies)) => policies,
                Ok(_) => return Judged::Refused(forbidden(&command.kind)),
                Err(corrupt) => return Judged::Corrupt(corrupt),
            },
        };
        let version = loaded.position.version() + draft.events.len() as u64;
        if let Some(expected) = command.expected_version
            && expected != version
        {
            let verdict = Verdict {
                code: "version-mismatch".into(),
                message: format!("the stream is at version {version}, not {expected}"),
                detail: Some(json!({ "expected": expected, "actual": version })),
            };
            return Judged::Decided { policies, decided: Err(verdict) };
        }
        let context = Context {
            stream: &self.key.stream,
            version,
            command: &command.id,
            actor,
            now: draft.time_for(command.issued_at),
        };
        let decided = caught(|| self.aggregate.decide(&loaded.state, &asked.decoded, &context));
        match decided {
            Ok(decided) => Judged::Decided { policies, decided },
            Err(corrupt) => Judged::Corrupt(corrupt),
        }
    }

    fn permit(&self, env: &Persist, state: &State, asked: &Asked) -> Result<Ruling, Corrupt> {
        let attributes: Attributes = caught(|| self.aggregate.resource(&self.key.stream, state, &asked.decoded))?;
        let resource = Resource { kind: self.aggregate.name(), id: self.key.stream.as_str(), attributes };
        let Authorized { command, actor, .. } = asked.authorized.as_ref();
        Ok(env.policies.command(actor, self.aggregate.name(), &command.kind, &resource))
    }

    /// Puts a decided command into the commit that is being made.
    async fn draft(
        &mut self,
        env: &Persist,
        loaded: &mut Loaded,
        draft: &mut Draft,
        asked: &Asked,
        policies: Vec<String>,
        decided: Result<Decided, Verdict>,
    ) -> Result<Step, StepError> {
        let Decided { events, claims } = match decided {
            Ok(decided) => decided,
            Err(verdict) => return draft.reject(loaded, asked, policies, verdict),
        };
        let version = draft.version(loaded) + events.len() as u64;
        let record = record(asked, policies, version, None);
        let bytes: usize = events.iter().map(|event| event.data.get().len() + event.kind.len() + 64).sum();
        let mut bytes = bytes + size(&record)?;
        for claim in &claims {
            bytes += size(&claim.record())?;
        }
        if bytes + ENVELOPE > LARGEST_COMMIT {
            return draft.reject(loaded, asked, record.policies, too_large(bytes));
        }
        let alone = !claims.is_empty();
        if !draft.commands.is_empty() && (alone || draft.bytes + bytes > LARGEST_COMMIT) {
            return Ok(Step::Full);
        }
        if alone {
            match self.claim(env, claims).await? {
                Ok(writes) => draft.claims = writes,
                Err(verdict) => return draft.reject(loaded, asked, record.policies, verdict),
            }
        }
        let command = draft.commands.len();
        let events: Vec<_> = events
            .into_iter()
            .map(|event| EventRecord { kind: event.kind.to_owned(), schema: event.schema, command, data: event.data })
            .collect();
        let mut state = std::mem::replace(&mut loaded.state, self.aggregate.start());
        for event in &events {
            state = match evolve(&self.aggregate, state, event) {
                Ok(state) => state,
                Err(corrupt) => return Ok(Step::Lost(corrupt)),
            };
        }
        loaded.state = state;
        draft.events.extend(events);
        draft.record(record, bytes);
        Ok(if alone { Step::TakenAlone } else { Step::Taken })
    }

    /// What to write for these claims, or the rejection when another stream holds one.
    async fn claim(
        &self,
        env: &Persist,
        claims: Vec<ErasedClaim>,
    ) -> Result<Result<Vec<ClaimWrite>, Verdict>, StepError> {
        let key = |claim: &ErasedClaim| {
            let ClaimRecord { scope, value, .. } = claim.record();
            ClaimKey { tenant: self.key.tenant.clone(), scope, value }
        };
        let keys: Vec<_> = claims.iter().map(key).collect();
        let holders = env.commits.holders(&keys).await?;
        let mut writes = Vec::new();
        for ((claim, key), holder) in claims.into_iter().zip(keys).zip(holders) {
            let ours = holder.as_ref().is_some_and(|holder| holder.stream == self.key.stream);
            let void = match &holder {
                Some(holder) => env.commits.is_void(&self.key.tenant, holder).await?,
                None => false,
            };
            match (claim, holder) {
                (ErasedClaim::Unique { .. }, Some(_)) if ours && !void => {}
                (ErasedClaim::Unique { otherwise, .. }, Some(_)) if !void => return Ok(Err(otherwise)),
                (ErasedClaim::Unique { .. }, over) => writes.push(ClaimWrite::Take { key, over }),
                (ErasedClaim::Release { .. }, Some(held)) if ours => writes.push(ClaimWrite::Release { key, held }),
                (ErasedClaim::Release { .. }, _) => {
                    env.warm.count_dropped_release();
                    tracing::warn!(stream = %self.key, scope = key.scope, "a claim that the stream does not hold was not released");
                }
            }
        }
        Ok(Ok(writes))
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
        loaded.position = crate::ports::commits::Position::after(&stored);
        if loaded.since_snapshot >= loaded.snapshot_bytes.max(SMALLEST_SNAPSHOT) {
            self.snapshot(env, &stored).await;
        }
    }

    /// Keeps a snapshot. One that can't be kept costs time at the next cold load, never a command.
    async fn snapshot(&mut self, env: &Persist, stored: &Stored) {
        let Some(loaded) = &mut self.loaded else { return };
        let state = match self.aggregate.dump(&loaded.state) {
            Ok(state) => state,
            Err(corrupt) => {
                env.warm.count_lost_snapshot();
                tracing::warn!(stream = %self.key, "a state can't be kept: {corrupt}");
                loaded.since_snapshot = 0;
                return;
            }
        };
        loaded.since_snapshot = 0;
        loaded.snapshot_bytes = state.len();
        let snapshot = Snapshot {
            revision: self.aggregate.revision(),
            seq: stored.commit.seq,
            hash: stored.hash,
            version: stored.commit.last,
            time: stored.commit.time,
            state,
        };
        match keep(env, &self.key, &snapshot).await {
            Ok(()) => loaded.snapshot = Some(snapshot.seq),
            Err(outage) => {
                env.warm.count_lost_snapshot();
                tracing::warn!(stream = %self.key, "a snapshot was not kept: {outage}");
            }
        }
    }

    fn settle(&mut self, asked: &Asked, known: Known) {
        self.settled
            .push((asked.index, Settled::Told { tenant: asked.authorized.tenant.clone(), known: Box::new(known) }));
    }

    fn fail(&mut self, asked: &Asked, message: String, now: Timestamp) {
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

/// What became of a command that was to be put into a commit.
pub(super) enum Step {
    /// Settled without a commit.
    Done,
    /// In the commit, which may take more.
    Taken,
    /// In the commit, which takes no more.
    TakenAlone,
    /// It needs a commit of its own or the next one.
    Full,
    /// Folding its events failed, and the state with it.
    Lost(Corrupt),
}

enum Judged {
    Refused(Refusal),
    Corrupt(Corrupt),
    Decided { policies: Vec<String>, decided: Result<Decided, Verdict> },
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

/// Runs domain code; a panic in it is told as corruption.
fn caught<T>(work: impl FnOnce() -> Result<T, Corrupt>) -> Result<T, Corrupt> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Corrupt(panic_message(panic.as_ref()))))
}

async fn keep(env: &Persist, key: &StreamKey, snapshot: &Snapshot) -> Result<(), crate::ports::Unavailable> {
    if env.snapshots.put(key, snapshot, None).await? {
        return Ok(());
    }
    // what is kept has the same or a higher number: ours may replace it only if it is not on the chain
    if let Some(kept) = env.snapshots.get(key, snapshot.revision).await? {
        let commit = env.commits.at(key, kept.seq).await?;
        if commit.is_none_or(|commit| commit.hash != kept.hash) {
            env.snapshots.put(key, snapshot, Some(kept.hash)).await?;
        }
    }
    Ok(())
}
