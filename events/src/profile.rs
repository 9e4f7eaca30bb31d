//! A member's profile, and whom they follow.

use kernel::{EventData, Id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A member tells who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileCreated {
    /// The name that others see.
    pub display_name: String,
    /// What they say of themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
}
impl EventData for ProfileCreated {}

/// They tell it otherwise: what is absent did not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileEdited {
    /// The name that others see now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What they say of themselves now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
}
impl EventData for ProfileEdited {}

/// They follow another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Followed {
    /// Whom.
    pub handle: Id,
}
impl EventData for Followed {}

/// They no longer follow another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unfollowed {
    /// Whom.
    pub handle: Id,
}
impl EventData for Unfollowed {}

kernel::events! {
    /// What happens to a profile.
    pub enum Event { ProfileCreated, ProfileEdited, Followed, Unfollowed }
}
