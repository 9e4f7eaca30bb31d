//! A runner for the Amazon States Language with `JSONata`, so that the embedded host executes the very files that Step Functions does.
//!
//! [`Machine::load`] reads a definition and refuses, all at once, whatever this runner doesn't implement or the file gets wrong; nothing is
//! left to be discovered while commands are in flight. [`Machine::execute`] walks the states and calls [`Functions`] for each task.
//!
//! What is implemented: `Task` (Lambda's `invoke`), `Pass`, `Choice`, `Succeed`, `Fail`; `Retry` with backoff, a highest delay and full jitter;
//! `Catch`; time limits. Start reading at `execute`; a new kind of state is a file in `state/` and a variant of its `Kind`.
//!
//! [`Data`] goes from state to state by sharing. An expression that is only a path (`$states.result.Payload`) looks its value up and shares
//! it; only other expressions make JSON of what they name.

mod data;
mod execute;
mod expression;
mod fields;
mod load;
mod observe;
mod recover;
mod scope;
mod state;
mod strict;
mod substitute;
mod template;
#[cfg(test)]
mod tests;

pub use data::{Data, Document};
pub use execute::{ExecutionError, Functions, TaskError};
pub use fields::{Fault, LoadError, Problem};
pub use load::Machine;
pub use observe::{Event, Observer, Trace};
