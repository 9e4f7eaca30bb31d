//! Asks again until there is an answer, for as long as the patience lasts.

use std::time::Instant;

use super::{Exchange, Stop, lock};
use crate::client::{Answer, Ask, Trouble};

impl Exchange<'_> {
    /// Asks as one of the clients until there is an answer; nothing if it was given up.
    pub(super) fn insist(&self, by: usize, ask: Ask<'_>) -> Option<Answer> {
        let client = self.clients.get(by)?;
        let mut lost_since = None;
        let mut attempt = 0;
        loop {
            let trouble = match client.ask_once(ask) {
                Ok(answer) => {
                    self.found(&mut lost_since);
                    return Some(answer);
                }
                Err(trouble) => trouble,
            };
            let pause = trouble.pause(attempt);
            match trouble {
                Trouble::Problem(problem) if !problem.passes() => {
                    self.stop(Stop::Problem(problem));
                    return None;
                }
                Trouble::Problem(problem) if !problem.is_outage() => self.found(&mut lost_since),
                Trouble::Problem(problem) => self.lost(&mut lost_since, &problem.to_string())?,
                Trouble::Lost(reason) => self.lost(&mut lost_since, &reason)?,
            }
            attempt += 1;
            let state = lock(&self.state);
            let state = self.over.wait_timeout_while(state, pause, |state| state.stop.is_none());
            if state.map_or_else(|error| error.into_inner().0, |woken| woken.0).stop.is_some() {
                return None;
            }
        }
    }

    /// No answer came: nothing if that has lasted too long.
    fn lost(&self, since: &mut Option<Instant>, reason: &str) -> Option<()> {
        if since.is_none() {
            *since = Some(Instant::now());
            lock(&self.state).lost += 1;
        }
        if since.is_some_and(|since| since.elapsed() >= self.plan.patience) {
            self.stop(Stop::Lost(reason.to_owned()));
            return None;
        }
        Some(())
    }

    /// An answer came.
    fn found(&self, since: &mut Option<Instant>) {
        if since.take().is_some() {
            let mut state = lock(&self.state);
            state.lost -= 1;
            state.progress = Instant::now();
        }
    }
}
