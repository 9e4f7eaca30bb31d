//! Deciding: what one stream's commands come to, in order, and the commit that is made of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use kernel::{
    Attributes, Code, Context, EventRecord, Refusal, Verdict,
    catalog::{Corrupt, Decided, State, panic_message},
};
use serde_json::json;

use super::{
    Persist,
    draft::{Draft, ENVELOPE, LARGEST_COMMIT, record, size, too_large},
    load::evolve,
    warm::Loaded,
    work::{Asked, Work},
};
use crate::{
    ports::{
        commits::{Append, Seen},
        identity::{Resource, Ruling},
        status::Known,
    },
    steps::{StepError, authorize::forbidden, batch::Authorized},
};

impl Work {
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

/// Runs domain code; a panic in it is told as corruption.
fn caught<T>(work: impl FnOnce() -> Result<T, Corrupt>) -> Result<T, Corrupt> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Corrupt(panic_message(panic.as_ref()))))
}
