//! A post of a member.

use kernel::EventData;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A member published something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostPublished {
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub text: String,
    /// What it is about, in keywords.
    #[serde(default)]
    pub tags: Vec<String>,
}
impl EventData for PostPublished {}

/// Its author changed the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostEdited {
    /// What it says now.
    pub text: String,
}
impl EventData for PostEdited {}

/// Its author or a moderator deleted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostDeleted {}
impl EventData for PostDeleted {}

kernel::events! {
    /// What happens to a post.
    pub enum Event { PostPublished, PostEdited, PostDeleted }
}
