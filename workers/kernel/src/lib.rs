//! The kernel: what a domain is made of, and nothing that does I/O.
//!
//! A domain brings **deciders** (commands in, events out), **views** (events folded into documents) and **reports**
//! (named queries over views), and lists them in a [`Catalog`]; the hosts know domains only through it.
//!
//! Start with [`Decider`] and [`View`], then read [`Commit`], the record that everything else follows from.
//!
//! | module | what it owns |
//! |---|---|
//! | [`id`] | tenants, streams and ids, and what they may look like |
//! | [`json`] | JSON as clients may send it, and a command's digest |
//! | [`refusal`] | why a command is not valid: codes, violations, pointers |
//! | [`command`] | the envelope, and the declaration of an aggregate's commands |
//! | [`event`] | the declaration of an aggregate's events, schemas and upcasting |
//! | [`decider`] | deciding, and claims |
//! | [`commit`] | the stream's records and their hash chain |
//! | [`view`], [`query`], [`report`] | the read side |
//! | [`catalog`] | all of it, type-erased |
//! | [`spec`] | given/when/then |

pub mod catalog;
pub mod command;
pub mod commit;
pub mod decider;
pub mod event;
pub mod id;
pub mod json;
pub mod query;
pub mod refusal;
pub mod report;
pub mod schema;
pub mod spec;
pub mod time;
pub mod view;

pub use catalog::{Aggregate, Catalog, Corrupt};
pub use command::{Command, CommandData, CommandSet};
pub use commit::{ClaimRecord, CommandRecord, Commit, EventRecord, Hash, Verdict};
pub use decider::{Actor, Attribute, Attributes, Claim, Context, Decider, Decision, Rejection};
pub use event::{EventData, EventSet};
pub use id::{Id, StreamId, StreamKey, Tenant};
pub use refusal::{Code, Refusal, Violation, Violations};
pub use report::Report;
pub use view::{Field, FieldKind, Recorded, RowFilter, View};

#[doc(hidden)]
pub use serde_json;
