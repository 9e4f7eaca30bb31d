//! Why a command is not a valid, authentic, permitted command.

use serde::{Deserialize, Serialize};

/// The most violations that are reported at once; the rest is counted in [`Refusal::more`].
pub const MOST_VIOLATIONS: usize = 32;

/// A stable code of a refusal. The wire contract says what each means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the wire contract explains the codes")]
pub enum Code {
    TooLarge,
    Malformed,
    UnknownType,
    Invalid,
    Stale,
    Unauthenticated,
    Forbidden,
    IdReused,
    Busy,
}

impl Code {
    /// The code as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::Malformed => "malformed",
            Self::UnknownType => "unknown-type",
            Self::Invalid => "invalid",
            Self::Stale => "stale",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::IdReused => "id-reused",
            Self::Busy => "busy",
        }
    }
}

/// One field that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Violation {
    /// JSON pointer to the field, from the command's root.
    pub pointer: String,
    /// A stable code: `required`, `unknown-field`, `wrong-type`, `bad-format`, `too-short`, `too-long`,
    /// `out-of-range`, `mismatch` or `duplicate`.
    pub code: String,
    /// What the field must be.
    pub message: String,
}

/// Violations as they are collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Notes one.
    pub fn add(&mut self, pointer: impl Into<String>, code: &str, message: impl Into<String>) {
        self.0.push(Violation { pointer: pointer.into(), code: code.to_owned(), message: message.into() });
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order in which they were found.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// `Ok` without violations, else the refusal that reports them.
    pub fn into_result(self) -> Result<(), Refusal> {
        if self.is_empty() { Ok(()) } else { Err(Refusal::invalid(self)) }
    }
}

/// Why a delivery of a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// A stable code.
    pub code: Code,
    /// What is wrong and what to do.
    pub message: String,
    /// The fields that are wrong, at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// How many more violations there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<usize>,
}

impl Refusal {
    /// A refusal without violations.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), violations: Vec::new(), more: None }
    }

    /// A refusal for the sake of fields.
    pub fn invalid(violations: Violations) -> Self {
        let mut violations = violations.0;
        let more = violations.len().checked_sub(MOST_VIOLATIONS).filter(|more| *more > 0);
        violations.truncate(MOST_VIOLATIONS);
        Self { code: Code::Invalid, message: "the command has fields that are not valid".into(), violations, more }
    }
}
