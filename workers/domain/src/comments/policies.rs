//! Who may comment, edit, delete, and read it.

use crate::common::tests::engine::{Resource, only, resource};

const NONE: Resource = resource(r#"Comment::"comment/1""#, &[]);
const OWN: Resource = resource(r#"Comment::"comment/1""#, &[("author", "alice")]);
const ANOTHERS: Resource = resource(r#"Comment::"comment/1""#, &[("author", "bob")]);

#[test]
fn members_comment() {
    only(&["member"], "comment/CreateComment", &NONE);
}

#[test]
fn an_author_edits_and_deletes_their_own() {
    only(&["member"], "comment/EditComment", &OWN);
    only(&["member", "moderator"], "comment/DeleteComment", &OWN);
}

#[test]
fn another_authors_comment_is_only_deleted_and_only_by_a_moderator() {
    only(&[], "comment/EditComment", &ANOTHERS);
    only(&["moderator"], "comment/DeleteComment", &ANOTHERS);
}

#[test]
fn what_is_unknown_or_deleted_is_answered_by_the_decision() {
    only(&["member"], "comment/EditComment", &NONE);
    only(&["member", "moderator"], "comment/DeleteComment", &NONE);
}

#[test]
fn comments_are_read_by_members_moderators_staff_and_operators() {
    only(&["member", "moderator", "staff", "operator"], "read", &resource(r#"View::"comments""#, &[]));
}

#[test]
fn the_history_of_a_comment_is_read_by_moderators_staff_and_operators() {
    let stream = resource(r#"Stream::"comment/1""#, &[("aggregate", "comment"), ("id", "1")]);
    only(&["moderator", "staff", "operator"], "read", &stream);
}
