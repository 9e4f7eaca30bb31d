//! What is found of profiles, follows and posts.

use kernel::spec::{Projected, given_view, now};
use serde_json::json;

use super::*;
use crate::social::{Follows, Posts, Profiles};

fn profiles(more: impl IntoIterator<Item = profile::Event>) -> Projected {
    given_view::<Profiles>("profile/ada", std::iter::once(created()).chain(more))
}

fn follows(more: impl IntoIterator<Item = profile::Event>) -> Projected {
    given_view::<Follows>("profile/ada", std::iter::once(created()).chain(more))
}

fn posts(more: impl IntoIterator<Item = post::Event>) -> Projected {
    given_view::<Posts>("post/1", std::iter::once(published()).chain(more))
}

#[test]
fn a_profile_is_found_by_its_handle_its_name_and_its_bio() {
    profiles([]).then("ada", json!({"handle": "ada", "displayName": "Ada", "bio": "engines", "stream": "profile/ada"}));
}

#[test]
fn an_edited_profile_keeps_what_did_not_change() {
    profiles([edited(Some("Countess"), None)]).then("ada", json!({"displayName": "Countess", "bio": "engines"}));
    profiles([edited(None, Some("numbers")), followed("grace")])
        .then("ada", json!({"displayName": "Ada", "bio": "numbers"}));
}

#[test]
fn each_that_is_followed_has_a_document_until_they_are_unfollowed() {
    let view = follows([followed("grace"), followed("bob"), edited(None, Some("b")), unfollowed("bob")]);
    view.then("ada:grace", json!({"follower": "ada", "followee": "grace"})).then_none("ada:bob");
    assert_eq!(view.ids(), ["ada:grace"]);
    follows([followed("bob"), unfollowed("bob"), followed("bob")]).then("ada:bob", json!({"followee": "bob"}));
}

#[test]
fn handles_with_colons_are_told_apart_by_their_fields() {
    follows([followed("a:b")]).then("ada:a:b", json!({"follower": "ada", "followee": "a:b"}));
}

#[test]
fn a_post_is_found_by_its_author_its_text_and_its_tags() {
    posts([]).then(
        "1",
        json!({"author": "alice", "text": "hello", "tags": ["first"], "publishedAt": now().to_string(), "stream": "post/1"}),
    );
}

#[test]
fn an_edited_post_shows_its_new_text_and_when_it_was_published() {
    posts([rewritten("hello!")])
        .then("1", json!({"text": "hello!", "author": "alice", "tags": ["first"], "publishedAt": now().to_string()}));
}

#[test]
fn a_deleted_post_leaves_the_view() {
    posts([deleted()]).then_none("1");
}
