//! Posts: published once, edited by their author, deleted for good.

use kernel::{
    Decider,
    spec::{Given, given},
};
use serde_json::json;

use super::*;
use crate::social::{
    Post,
    post::{Command, EditPost},
};

fn post(events: impl IntoIterator<Item = post::Event>) -> Given<Post> {
    given("post/1", events)
}

#[test]
fn publishing_names_the_actor_as_the_author() {
    post([]).when("PublishPost", json!({"text": "hello", "tags": ["first"]})).then([published()]);
    let untagged = PostPublished { author: "bob".into(), text: "hello".into(), tags: vec![] };
    post([]).by("bob", &["member"]).when("PublishPost", json!({"text": "hello"})).then([untagged.into()]);
}

#[test]
fn an_id_is_published_once_even_after_it_was_deleted() {
    let again = json!({"text": "hello", "tags": ["first"]});
    post([published()]).when("PublishPost", again.clone()).then_rejected("already-published");
    post([published(), deleted()]).when("PublishPost", again).then_rejected("already-published");
}

#[test]
fn editing_changes_the_text() {
    post([published()]).when("EditPost", json!({"text": "hello!"})).then([rewritten("hello!")]);
}

#[test]
fn the_same_text_again_changes_nothing() {
    post([published()]).when("EditPost", json!({"text": "hello"})).then_nothing();
    post([published(), rewritten("b")]).when("EditPost", json!({"text": "b"})).then_nothing();
    post([published(), rewritten("b")]).when("EditPost", json!({"text": "hello"})).then([rewritten("hello")]);
}

#[test]
fn deleting_a_post_takes_it_away_once() {
    post([published()]).when("DeletePost", json!({})).then([deleted()]);
    post([published(), deleted()]).when("DeletePost", json!({})).then_nothing();
}

#[test]
fn what_was_never_published_is_unknown() {
    post([]).when("EditPost", json!({"text": "a"})).then_rejected("unknown-post");
    post([]).when("DeletePost", json!({})).then_rejected("unknown-post");
}

#[test]
fn a_deleted_post_is_not_edited() {
    post([published(), deleted()]).when("EditPost", json!({"text": "hello"})).then_rejected("post-deleted");
}

#[test]
fn policies_know_the_author_while_there_is_a_post() {
    let edit = Command::EditPost(EditPost { text: "a".into() });
    let author = |events: Vec<post::Event>| Post::resource(post(events).state(), &edit);
    assert_eq!(author(vec![]), []);
    assert_eq!(author(vec![published(), rewritten("b")]), [("author", "alice".into())]);
    assert_eq!(author(vec![published(), deleted()]), []);
}

#[test]
fn a_posts_data_is_checked() {
    let text = |length| json!({"text": "é".repeat(length)});
    post([published()]).when("EditPost", text(5000)).then([rewritten(&"é".repeat(5000))]);
    post([published()]).when("EditPost", text(5001)).then_invalid(&["/data/text too-long"]);
    post([])
        .when("PublishPost", json!({"text": "", "author": "bob"}))
        .then_invalid(&["/data/author unknown-field", "/data/text too-short"]);
    let tags = |count| json!({"text": "a", "tags": vec!["t"; count]});
    let ten = PostPublished { author: "alice".into(), text: "a".into(), tags: vec!["t".into(); 10] };
    post([]).when("PublishPost", tags(10)).then([ten.into()]);
    post([]).when("PublishPost", tags(11)).then_invalid(&["/data/tags too-long"]);
    post([]).when("PublishPost", json!({"text": "a", "tags": [""]})).then_invalid(&["/data/tags/0 too-short"]);
    post([published()]).when("DeletePost", json!({"reason": "spam"})).then_invalid(&["/data/reason unknown-field"]);
}
