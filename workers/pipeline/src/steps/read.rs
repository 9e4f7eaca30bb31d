//! What all reading has in common: who reads, whether they may, and why there is no answer.

use kernel::{Actor, Attributes, Corrupt, Refusal, Tenant, Violations};

use crate::ports::{
    Unavailable,
    identity::{PolicyEngine, Resource, Ruling},
};

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Whose data.
    pub tenant: &'a Tenant,
    /// Who asks.
    pub actor: &'a Actor,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// There is nothing of that name, or nothing that the reader may know of.
    #[error("there is no {0}")]
    Unknown(String),
    /// The reader may not.
    #[error("you may not {0}")]
    Forbidden(String),
    /// The question has fields that are not valid.
    #[error(transparent)]
    Invalid(#[from] Refusal),
    /// The version asked for is not shown yet.
    #[error("{0}")]
    NotYetProjected(String),
    /// What is stored can't be read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The stores can't answer now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl ReadError {
    /// One field that is not valid.
    pub fn field(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        let mut violations = Violations::default();
        violations.add(pointer, code, message);
        Self::Invalid(kernel::query::invalid(violations))
    }
}

/// `Ok` if the reader may do this.
pub fn allow(
    policies: &dyn PolicyEngine,
    actor: &Actor,
    action: &str,
    (kind, id): (&str, &str),
    attributes: Attributes,
) -> Result<(), ReadError> {
    match policies.access(actor, action, &Resource { kind, id, attributes }) {
        Ruling::Allow(_) => Ok(()),
        Ruling::Deny | Ruling::Depends => {
            Err(ReadError::Forbidden(format!("{action} the {} `{id}`", kind.to_lowercase())))
        }
    }
}
