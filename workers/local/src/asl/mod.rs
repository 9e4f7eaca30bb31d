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
//!
//! Step Functions is stricter in one thing: it fails a state whose data exceeds 256 KiB, here nothing counts them.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use local::asl::{Data, Functions, Machine, TaskError};
//! use serde_json::json;
//!
//! struct Doubling;
//!
//! #[async_trait::async_trait]
//! impl Functions for Doubling {
//!     async fn invoke(&self, _name: &str, payload: Data) -> Result<Data, TaskError> {
//!         Ok(Data::from(json!(payload.to_json().as_i64().map(|number| number * 2))))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let definition = r#"{
//!     "QueryLanguage": "JSONata", "StartAt": "Double",
//!     "States": { "Double": {
//!         "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
//!         "Arguments": { "FunctionName": "${Double}", "Payload": "{% $states.input.number %}" },
//!         "Output": "{% $states.result.Payload %}", "End": true
//!     } }
//! }"#;
//! let functions = BTreeMap::from([("Double".to_owned(), "double".to_owned())]);
//! let machine = Machine::load("doubling", definition, &functions)?;
//! let output = machine.execute("one", Data::from(json!({ "number": 21 })), &Doubling, &()).await?;
//! assert_eq!(*output.to_json(), json!(42));
//! # Ok(())
//! # }
//! ```

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
