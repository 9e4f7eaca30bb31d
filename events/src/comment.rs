//! A comment on a picture, a post or anything else that has a name.

use kernel::EventData;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody commented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommentCreated {
    /// What it is about, such as `picture/42`.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub text: String,
}
impl EventData for CommentCreated {}

/// Its author changed the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommentEdited {
    /// What it says now.
    pub text: String,
}
impl EventData for CommentEdited {}

/// Its author or a moderator deleted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommentDeleted {
    /// Why, if it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
impl EventData for CommentDeleted {}

kernel::events! {
    /// What happens to a comment.
    pub enum Event { CommentCreated, CommentEdited, CommentDeleted }
}
