//! Profiles: created, edited, and whom they follow.

use kernel::{
    Attribute, Decider,
    spec::{Given, given},
};
use serde_json::json;

use super::*;
use crate::social::{
    Profile,
    profile::{Command, Follow},
};

fn ada(events: impl IntoIterator<Item = profile::Event>) -> Given<Profile> {
    given("profile/ada", events)
}

#[test]
fn a_profile_is_created() {
    ada([]).when("CreateProfile", json!({"displayName": "Ada", "bio": "engines"})).then([created()]);
    let without_bio = ProfileCreated { display_name: "Ada".into(), bio: None };
    ada([]).when("CreateProfile", json!({"displayName": "Ada"})).then([without_bio.into()]);
}

#[test]
fn creating_it_again_with_the_current_data_changes_nothing() {
    ada([created()]).when("CreateProfile", json!({"displayName": "Ada", "bio": "engines"})).then_nothing();
    let renamed = || ada([created(), edited(Some("Countess"), None)]);
    renamed().when("CreateProfile", json!({"displayName": "Countess", "bio": "engines"})).then_nothing();
    renamed().when("CreateProfile", json!({"displayName": "Ada", "bio": "engines"})).then_rejected("already-created");
}

#[test]
fn creating_it_again_with_other_data_is_rejected() {
    for data in [json!({"displayName": "Ada"}), json!({"displayName": "Grace", "bio": "engines"})] {
        ada([created()]).when("CreateProfile", data).then_rejected("already-created");
    }
}

#[test]
fn editing_tells_only_what_changed() {
    let edit = |data| ada([created()]).when("EditProfile", data);
    edit(json!({"displayName": "Countess"})).then([edited(Some("Countess"), None)]);
    edit(json!({"bio": "numbers"})).then([edited(None, Some("numbers"))]);
    edit(json!({"displayName": "Countess", "bio": "engines"})).then([edited(Some("Countess"), None)]);
    edit(json!({"displayName": "Ada", "bio": "numbers"})).then([edited(None, Some("numbers"))]);
}

#[test]
fn editing_nothing_changes_nothing() {
    for data in [json!({}), json!({"displayName": "Ada"}), json!({"displayName": "Ada", "bio": "engines"})] {
        ada([created()]).when("EditProfile", data).then_nothing();
    }
    ada([created(), edited(None, Some("b"))]).when("EditProfile", json!({"bio": "b"})).then_nothing();
}

#[test]
fn following_is_counted_once() {
    ada([created()]).when("Follow", json!({"handle": "grace"})).then([followed("grace")]);
    ada([created(), followed("grace")]).when("Follow", json!({"handle": "grace"})).then_nothing();
    ada([created(), followed("grace")]).when("Follow", json!({"handle": "Grace"})).then([followed("Grace")]);
    ada([created(), followed("grace"), unfollowed("grace")])
        .when("Follow", json!({"handle": "grace"}))
        .then([followed("grace")]);
}

#[test]
fn unfollowing_ends_it_once() {
    ada([created(), followed("grace")]).when("Unfollow", json!({"handle": "grace"})).then([unfollowed("grace")]);
    ada([created()]).when("Unfollow", json!({"handle": "grace"})).then_nothing();
    ada([created(), followed("grace"), unfollowed("grace")])
        .when("Unfollow", json!({"handle": "grace"}))
        .then_nothing();
}

#[test]
fn nobody_follows_or_unfollows_themselves() {
    ada([created()]).when("Follow", json!({"handle": "ada"})).then_rejected("not-self");
    ada([created()]).when("Unfollow", json!({"handle": "ada"})).then_rejected("not-self");
}

#[test]
fn what_was_never_created_is_unknown_before_anything_else() {
    ada([]).when("EditProfile", json!({"bio": "a"})).then_rejected("unknown-profile");
    ada([]).when("Follow", json!({"handle": "ada"})).then_rejected("unknown-profile");
    ada([]).when("Unfollow", json!({"handle": "ada"})).then_rejected("unknown-profile");
}

#[test]
fn policies_know_whether_there_is_a_profile() {
    let follow = Command::Follow(Follow { handle: "grace".parse().unwrap() });
    assert_eq!(Profile::resource(ada([]).state(), &follow), [("created", Attribute::Boolean(false))]);
    assert_eq!(Profile::resource(ada([created()]).state(), &follow), [("created", Attribute::Boolean(true))]);
}

#[test]
fn a_profiles_data_is_checked() {
    let long = |length| "é".repeat(length);
    ada([]).when("CreateProfile", json!({})).then_invalid(&["/data/displayName required"]);
    ada([]).when("CreateProfile", json!({"displayName": "", "bio": "", "handle": "ada"})).then_invalid(&[
        "/data/bio too-short",
        "/data/displayName too-short",
        "/data/handle unknown-field",
    ]);
    ada([])
        .when("CreateProfile", json!({"displayName": long(201), "bio": long(2001)}))
        .then_invalid(&["/data/bio too-long", "/data/displayName too-long"]);
    ada([created()])
        .when("EditProfile", json!({"displayName": long(200), "bio": long(2000)}))
        .then([edited(Some(&long(200)), Some(&long(2000)))]);
    ada([created()]).when("Follow", json!({"handle": "a b"})).then_invalid(&["/data/handle bad-format"]);
    ada([created()]).when("Unfollow", json!({})).then_invalid(&["/data/handle required"]);
}
