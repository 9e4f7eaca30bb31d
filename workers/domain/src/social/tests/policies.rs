//! Who publishes, who follows, and who reads it.

use crate::common::tests::engine::{Resource, only, resource};

// who asks is `alice`
const OWN: Resource = resource(r#"Profile::"profile/alice""#, &[("id", "alice")]).that_is(&[("created", true)]);
const OWN_TO_BE: Resource = resource(r#"Profile::"profile/alice""#, &[("id", "alice")]).that_is(&[("created", false)]);
const ANOTHERS: Resource = resource(r#"Profile::"profile/bob""#, &[("id", "bob")]).that_is(&[("created", true)]);
const NOBODYS: Resource = resource(r#"Profile::"profile/bob""#, &[("id", "bob")]).that_is(&[("created", false)]);

const NO_POST: Resource = resource(r#"Post::"post/1""#, &[]);
const OWN_POST: Resource = resource(r#"Post::"post/1""#, &[("author", "alice")]);
const ANOTHERS_POST: Resource = resource(r#"Post::"post/1""#, &[("author", "bob")]);

#[test]
fn members_create_edit_and_follow_as_themselves() {
    for profile in [&OWN, &OWN_TO_BE] {
        for command in ["CreateProfile", "EditProfile", "Follow", "Unfollow"] {
            only(&["member"], &format!("profile/{command}"), profile);
        }
    }
}

#[test]
fn nobody_acts_as_another() {
    for command in ["CreateProfile", "EditProfile", "Follow", "Unfollow"] {
        only(&[], &format!("profile/{command}"), &ANOTHERS);
    }
    only(&[], "profile/CreateProfile", &NOBODYS);
}

#[test]
fn a_profile_that_is_not_there_is_answered_by_the_decision() {
    for command in ["EditProfile", "Follow", "Unfollow"] {
        only(&["member"], &format!("profile/{command}"), &NOBODYS);
    }
}

#[test]
fn members_publish() {
    only(&["member"], "post/PublishPost", &NO_POST);
}

#[test]
fn an_author_edits_and_deletes_their_own_post() {
    only(&["member"], "post/EditPost", &OWN_POST);
    only(&["member", "moderator"], "post/DeletePost", &OWN_POST);
}

#[test]
fn another_authors_post_is_only_deleted_and_only_by_a_moderator() {
    only(&[], "post/EditPost", &ANOTHERS_POST);
    only(&["moderator"], "post/DeletePost", &ANOTHERS_POST);
}

#[test]
fn a_post_that_is_unknown_or_deleted_is_answered_by_the_decision() {
    only(&["member"], "post/EditPost", &NO_POST);
    only(&["member", "moderator"], "post/DeletePost", &NO_POST);
}

#[test]
fn the_views_are_read_by_members_moderators_staff_and_operators() {
    for view in [r#"View::"profiles""#, r#"View::"follows""#, r#"View::"posts""#] {
        only(&["member", "moderator", "staff", "operator"], "read", &resource(view, &[]));
    }
}

#[test]
fn the_reports_are_read_by_members_staff_and_operators() {
    for report in [r#"Report::"feed""#, r#"Report::"profile-page""#] {
        only(&["member", "staff", "operator"], "read", &resource(report, &[]));
    }
}

#[test]
fn a_profiles_history_is_read_by_whose_it_is_staff_and_operators() {
    let own = resource(r#"Stream::"profile/alice""#, &[("aggregate", "profile"), ("id", "alice")]);
    only(&["member", "staff", "operator"], "read", &own);
    let anothers = resource(r#"Stream::"profile/bob""#, &[("aggregate", "profile"), ("id", "bob")]);
    only(&["staff", "operator"], "read", &anothers);
}

#[test]
fn a_posts_history_is_read_by_moderators_staff_and_operators() {
    let stream = resource(r#"Stream::"post/alice""#, &[("aggregate", "post"), ("id", "alice")]);
    only(&["moderator", "staff", "operator"], "read", &stream);
}
