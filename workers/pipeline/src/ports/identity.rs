//! Who asks, and what they may do.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use kernel::{Actor, Attributes, Tenant};
use serde::{Deserialize, Serialize};

use super::Unavailable;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whose data.
    pub tenant: Tenant,
    /// Who asks.
    pub actor: Arc<Actor>,
    /// The one command that the token is bound to.
    pub bound: Option<Bound>,
    /// When the token expires.
    pub expires: Timestamp,
}

/// The command that a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The command's id.
    pub id: String,
    /// Digest of its content.
    pub digest: String,
}

/// Why a token is not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// It is not a token of ours.
    #[error("{0}")]
    Invalid(String),
    /// It was one of ours, and its time is over: its claims tell under whom to record the refusal.
    #[error("the token has expired")]
    Expired(Box<Claims>),
    /// The keys can't be reached: an outage, not a refusal.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Verifies tokens.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// The claims of a token, as of a time: signature, issuer, audience, expiry, and that all claims are there.
    async fn verify(&self, token: &str, at: Timestamp) -> Result<Arc<Claims>, TokenError>;
}

/// Where the issuer's public keys come from.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The keys as they are now. The verifier keeps them and asks again rarely: there is nothing to cache here.
    async fn keys(&self) -> Result<Arc<JwkSet>, Unavailable>;
}

/// What a policy decides about.
#[derive(Debug, Clone)]
pub struct Resource<'a> {
    /// The entity's type, such as `View` or `Stream`.
    pub kind: &'a str,
    /// The entity's id.
    pub id: &'a str,
    /// Its attributes.
    pub attributes: Attributes,
}

/// What the policies say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ruling {
    /// Yes, by these policies.
    Allow(Vec<String>),
    /// No: a policy forbids it, none allows it, or one could not be evaluated.
    Deny,
    /// It depends on the resource.
    Depends,
}

/// Decides what an actor may do. Pure: no I/O.
pub trait PolicyEngine: Send + Sync {
    /// Decides a command by the policies that need no resource.
    fn early(&self, actor: &Actor, aggregate: &str, command: &str) -> Ruling;

    /// Decides a command on a resource; never [`Ruling::Depends`]. The resource's type is the aggregate's, whatever
    /// its `kind` says.
    fn command(&self, actor: &Actor, aggregate: &str, command: &str, resource: &Resource<'_>) -> Ruling;

    /// Decides an action such as `read` or `verify` on a resource; never [`Ruling::Depends`].
    fn access(&self, actor: &Actor, action: &str, resource: &Resource<'_>) -> Ruling;
}

/// Every role of the reference systems, for a development token.
pub fn every_role() -> BTreeSet<String> {
    ["staff", "guest", "customer", "member", "moderator", "device", "workflow", "operator"].map(str::to_owned).into()
}
