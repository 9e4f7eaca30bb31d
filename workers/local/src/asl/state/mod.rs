//! The kinds of states, one file each.

mod choice;
mod fail;
mod pass;
mod succeed;
mod task;

use choice::Choice;
use fail::Fail;
use pass::Pass;
use succeed::Succeed;
use task::Task;

use super::data::Data;
use super::execute::{Functions, TaskError};
use super::fields::{Fields, Next, Problem};
use super::recover::Recovery;
use super::scope::{Part, Visit};

/// The parts of `$states` that are always there.
const ALWAYS: [Part; 2] = [Part::Input, Part::Context];

/// A state of a machine.
pub(super) struct State {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) recovery: Recovery,
}

/// What a state does.
pub(super) enum Kind {
    Task(Task),
    Pass(Pass),
    Choice(Choice),
    Succeed(Succeed),
    Fail(Fail),
}

/// A state's output and where it leads.
pub(super) type Outcome = Result<(Data, Next), TaskError>;

impl State {
    /// Reads one state of the file; what is wrong with it is reported, and there is none.
    pub(super) fn read(name: &str, fields: Fields<'_>) -> Option<Self> {
        fields.optional_text("Comment");
        let mut recovery = Recovery::default();
        let kind = match fields.required_text("Type")? {
            "Task" => {
                recovery = Recovery::read(&fields);
                Task::read(&fields).map(Kind::Task)
            }
            "Pass" => Pass::read(&fields).map(Kind::Pass),
            "Choice" => Choice::read(&fields).map(Kind::Choice),
            "Succeed" => Succeed::read(&fields).map(Kind::Succeed),
            "Fail" => Fail::read(&fields).map(Kind::Fail),
            other => {
                fields.fault_at("Type", Problem::UnknownType { name: other.to_owned() });
                return None;
            }
        };
        fields.finish();
        Some(Self { name: name.to_owned(), kind: kind?, recovery })
    }

    /// Does what the state does, once; `retries` counts how often it was tried before in this visit.
    pub(super) async fn run(&self, visit: &Visit<'_>, retries: u32, functions: &dyn Functions) -> Outcome {
        match &self.kind {
            Kind::Task(task) => task.run(visit, retries, functions).await,
            Kind::Pass(pass) => pass.run(visit),
            Kind::Choice(choice) => choice.run(visit),
            Kind::Succeed(succeed) => succeed.run(visit),
            Kind::Fail(fail) => fail.run(visit),
        }
    }
}
