//! Questions that are timed, and those who send what they ask about.

use std::{thread, time::Instant};

use local::issuer::Claims;

use super::broken;
use super::engine::Engine;
use super::figures::{Figures, percentile};
use super::rounds::send;
use crate::client::{Ask, Client};
use crate::failure::Failure;
use crate::token;
use crate::verbs::import::{Outgoing, Plan};

/// How many send at once.
const SENDERS: u32 = 8;

/// How long answers took, in milliseconds.
#[derive(Default)]
pub(super) struct Timed(Vec<f64>);

impl Timed {
    /// Asks, and notes how long the answer took.
    pub(super) fn ask(&mut self, client: &Client, path: &str) -> Result<(), Failure> {
        let started = Instant::now();
        client.ask(Ask::get(path))?;
        self.0.push(started.elapsed().as_secs_f64() * 1_000.0);
        Ok(())
    }

    /// Adds the round's median and its slowest hundredth.
    pub(super) fn add_to(mut self, figures: &mut Figures, name: &str) {
        for (percent, label) in [(50, "p50"), (99, "p99")] {
            figures.add(&format!("{name} {label}"), "ms", percentile(&mut self.0, percent));
        }
    }
}

/// Lets each client send what is its own, some of them at once, and waits until all is committed.
pub(super) fn send_each<C>(clients: &[Client], plan: Plan, own: impl Fn(u32) -> C + Sync) -> Result<(), Failure>
where
    C: Iterator<Item = (String, Outgoing)>,
{
    let plan = Plan { connections: 1, ..plan };
    let turn = |sender: u32| {
        let mut mine = (0..).zip(clients).filter(|(n, _)| n % SENDERS == sender);
        mine.try_for_each(|(n, client)| send(client, plan, own(n)))
    };
    thread::scope(|scope| {
        let turn = &turn;
        let senders: Vec<_> = (0..SENDERS).map(|sender| scope.spawn(move || turn(sender))).collect();
        let ended = senders.into_iter().map(|one| one.join().unwrap_or_else(|_| Err(broken("a sender", "panicked"))));
        ended.collect()
    })
}

/// A client for each of these subjects, in the tenant of the development token: only of an engine of our own.
pub(super) fn clients(
    engine: &Engine,
    subjects: impl Iterator<Item = String>,
    role: &str,
) -> Result<Vec<Client>, Failure> {
    let own = || Failure::Usage("only an own engine is measured so: leave out --running".into());
    let folder = engine.data().ok_or_else(own)?;
    let client = |sub| {
        let claims = Claims { sub, roles: vec![role.to_owned()], ..token::developer() };
        Ok(Client::new(engine.client.url().clone(), &token::mint_from(&folder, &claims)?))
    };
    subjects.map(client).collect()
}
