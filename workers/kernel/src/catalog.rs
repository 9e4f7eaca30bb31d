//! The catalog: every aggregate, view and report, without their types. All that the hosts know of the domains.

mod aggregate;
mod recall;
mod report;
mod view;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

pub use aggregate::{Aggregate, AnyCommand, Decided, EncodedEvent, ErasedClaim, State};
pub use report::{ReportQuery, ReportSpec, VALUES};
pub use view::{Document, Folded, Parked, Touched, ViewSpec};

use crate::{
    command::{Command, Envelope},
    decider::Decider,
    refusal::{Code, Refusal},
    report::Report,
    view::View,
};

/// Stored data that this build can't read, or a domain that broke its promises: nothing to retry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Corrupt(pub String);

/// Policies of a domain, in Cedar's language, with the part of the schema that they need.
#[derive(Debug, Clone, Copy)]
pub struct PolicySource {
    /// Where they come from, to be named in errors.
    pub name: &'static str,
    /// The policies; each has an `@id`.
    pub policies: &'static str,
    /// The schema of the entities and actions they name.
    pub schema: &'static str,
}

/// All domains of a build.
#[derive(Default)]
pub struct Catalog {
    aggregates: BTreeMap<&'static str, Arc<Aggregate>>,
    views: BTreeMap<&'static str, Arc<ViewSpec>>,
    reports: BTreeMap<&'static str, Arc<ReportSpec>>,
    policies: Vec<PolicySource>,
    recall: recall::Recall,
}

impl Catalog {
    /// An empty catalog.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an aggregate.
    pub fn aggregate<D: Decider>(mut self) -> Self {
        self.aggregates.insert(D::AGGREGATE, Arc::new(Aggregate::of::<D>()));
        self
    }

    /// Adds a view.
    pub fn view<V: View>(mut self) -> Self {
        self.views.insert(V::NAME, Arc::new(ViewSpec::of::<V>()));
        self
    }

    /// Adds a report.
    pub fn report<R: Report>(mut self) -> Self {
        self.reports.insert(R::NAME, Arc::new(ReportSpec::of::<R>()));
        self
    }

    /// Adds policies.
    pub fn policies(mut self, source: PolicySource) -> Self {
        self.policies.push(source);
        self
    }

    /// The aggregate of this name.
    pub fn find(&self, aggregate: &str) -> Option<&Arc<Aggregate>> {
        self.aggregates.get(aggregate)
    }

    /// All aggregates, by name.
    pub fn aggregates(&self) -> impl Iterator<Item = &Arc<Aggregate>> {
        self.aggregates.values()
    }

    /// The view of this name.
    pub fn find_view(&self, name: &str) -> Option<&Arc<ViewSpec>> {
        self.views.get(name)
    }

    /// All views, by name.
    pub fn views(&self) -> impl Iterator<Item = &Arc<ViewSpec>> {
        self.views.values()
    }

    /// The report of this name.
    pub fn find_report(&self, name: &str) -> Option<&Arc<ReportSpec>> {
        self.reports.get(name)
    }

    /// All reports, by name.
    pub fn reports(&self) -> impl Iterator<Item = &Arc<ReportSpec>> {
        self.reports.values()
    }

    /// All policies.
    pub fn policy_sources(&self) -> &[PolicySource] {
        &self.policies
    }

    /// Keeps a command that was read from this text for who reads the same text next, if that is soon.
    pub fn keep(&self, text: &[u8], command: &Command) {
        self.recall.keep(text, command);
    }

    /// The command that was read from this text, if it was kept lately. It is told once.
    pub fn recall(&self, text: &[u8]) -> Option<Command> {
        self.recall.take(text)
    }

    /// Reads a command as a client sent it: envelope, type and data, every violation at once.
    pub fn read(&self, value: Value) -> Result<Command, Refusal> {
        self.admit(Envelope::read(value)?)
    }

    /// As [`Catalog::read`], for an envelope that was read already, so that a refusal can be told under its id.
    pub fn admit(&self, mut envelope: Envelope) -> Result<Command, Refusal> {
        let stream = envelope.stream.clone();
        if let (Some(stream), Some(kind)) = (stream, envelope.kind().map(str::to_owned)) {
            let unknown = |what| Refusal::new(Code::UnknownType, what);
            let aggregate = self
                .find(stream.aggregate())
                .ok_or_else(|| unknown(format!("there is no aggregate `{}`", stream.aggregate())))?;
            if !aggregate.has_command(&kind) {
                return Err(unknown(format!("`{}` takes no command `{kind}`", aggregate.name())));
            }
            if let (Some(data), violations) = envelope.data() {
                aggregate.check(&stream, &kind, data, violations);
            }
        }
        envelope.finish()
    }
}

/// What a panic said.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the domain panicked: {}", text.unwrap_or_else(|| "without a message".into()))
}
