//! Comments on pictures and posts: the history of each is the list of its actions.

mod comment;
#[cfg(test)]
mod policies;
mod view;

use kernel::catalog::PolicySource;

pub use comment::{Command, Comment, CreateComment, DeleteComment, EditComment, Rejection, State};
pub use view::{Comments, Document};

/// Who may comment, and who may read it.
pub const POLICIES: PolicySource = PolicySource {
    name: "comments",
    policies: include_str!("policies.cedar"),
    schema: include_str!("policies.cedarschema"),
};
