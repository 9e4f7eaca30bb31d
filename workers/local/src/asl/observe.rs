//! What an execution did, told while it does it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A step of an execution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A state was entered. A retry does not enter it again.
    Entered {
        /// Its name.
        state: &'a str,
    },
    /// A state failed and is tried again.
    Retrying {
        /// Its name.
        state: &'a str,
        /// Why it failed.
        error: &'a str,
        /// Which retry this will be in this visit, from 1.
        retry: u32,
        /// How long it waits before.
        delay: Duration,
    },
    /// A state failed, and its failure leads to another.
    Caught {
        /// Its name.
        state: &'a str,
        /// Why it failed.
        error: &'a str,
    },
}

/// Sees the steps of executions: for traces and counters. It must not block.
pub trait Observer: Send + Sync {
    /// Called at each step, in order.
    fn observe(&self, event: Event<'_>);
}

/// Watches nothing.
impl Observer for () {
    fn observe(&self, _: Event<'_>) {}
}

/// Remembers the steps of one execution.
#[derive(Debug, Default)]
pub struct Trace(Mutex<Vec<Step>>);

#[derive(Debug)]
struct Step {
    state: String,
    retries: Vec<(String, Duration)>,
}

impl Trace {
    /// The states entered, in order.
    pub fn path(&self) -> Vec<String> {
        self.with(|steps| steps.iter().map(|step| step.state.clone()).collect())
    }

    /// Every retry, in order: the state, the error, the delay before it.
    pub fn retries(&self) -> Vec<(String, String, Duration)> {
        self.with(|steps| {
            let retries = steps.iter().flat_map(|step| step.retries.iter().map(|retry| (&step.state, retry)));
            retries.map(|(state, (error, delay))| (state.clone(), error.clone(), *delay)).collect()
        })
    }

    fn with<T>(&self, read: impl FnOnce(&mut Vec<Step>) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Trace {
    fn observe(&self, event: Event<'_>) {
        self.with(|steps| match event {
            Event::Entered { state } => steps.push(Step { state: state.to_owned(), retries: Vec::new() }),
            Event::Retrying { error, delay, .. } => {
                if let Some(step) = steps.last_mut() {
                    step.retries.push((error.to_owned(), delay));
                }
            }
            Event::Caught { .. } => {}
        });
    }
}
