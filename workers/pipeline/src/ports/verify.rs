//! Checking what is stored: the hash chain, gaps, claims, and views against the fold.

use async_trait::async_trait;
use kernel::{StreamId, Tenant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unavailable;

/// Something stored that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The stream.
    pub stream: StreamId,
    /// What was checked: a stable code, such as `chain`, `gap`, `claim` or `document`.
    pub kind: String,
    /// What is wrong, with what was expected and what is there.
    pub message: String,
}

/// What one bounded page of checking found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerifyPage {
    /// How many commits, claims and documents were checked.
    pub checked: u64,
    /// What is not as it must be.
    pub differences: Vec<Difference>,
    /// Where the next page begins; null at the end.
    pub next: Option<String>,
}

/// Why nothing was checked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VerifyError {
    /// The cursor is none that a page ended with.
    #[error("the cursor is not one of a verification")]
    BadCursor,
    /// The stores can't be read now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Checks what is stored, one bounded page at a time.
#[async_trait]
pub trait Verifier: Send + Sync {
    /// Checks a page of one stream, or of all the tenant's streams.
    async fn page(
        &self,
        tenant: &Tenant,
        stream: Option<&StreamId>,
        cursor: Option<&str>,
    ) -> Result<VerifyPage, VerifyError>;
}
