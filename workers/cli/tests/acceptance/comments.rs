//! Comments: who writes, who edits, who deletes; and what remains of them.

use serde_json::json;

use crate::support::{Table, Tenant, after, command, comment};

#[test]
fn a_comment_lives() {
    let tenant = Tenant::new();
    let (alice, operator) = (tenant.member("alice"), tenant.operator());
    alice.makes("comment/1", "CreateComment", comment("nice"), &["CommentCreated"]);
    alice.rejected("comment/1", "CreateComment", comment("nice"), "already-created");
    let shown = alice.makes("comment/1", "EditComment", json!({ "text": "nice" }), &[]);
    let mut doc = alice.document("comments", &shown, "1").unwrap();
    doc.as_object_mut().unwrap().retain(|name, _| !name.ends_with("At"));
    assert_eq!(
        doc,
        json!({ "subject": "picture/42", "author": "alice", "text": "nice", "edited": false, "stream": "comment/1" })
    );
    let edited = alice.makes("comment/1", "EditComment", json!({ "text": "nicer" }), &["CommentEdited"]);
    let doc = alice.document("comments", &edited, "1").unwrap();
    assert_eq!((&doc["text"], &doc["edited"]), (&json!("nicer"), &json!(true)));
    assert_eq!(alice.find("comments", &edited, "edited=true&subject=picture%2F42&author=alice")["total"], 1);
    assert_eq!(alice.find("comments", &edited, "edited=false")["total"], 0);
    assert_eq!(
        alice.find("comments", &edited, "facets=edited")["aggregations"]["edited"],
        json!([{ "key": true, "count": 1 }])
    );

    let deleted = alice.makes("comment/1", "DeleteComment", json!({ "reason": "done" }), &["CommentDeleted"]);
    assert!(alice.document("comments", &deleted, "1").is_none());
    assert_eq!(alice.find("comments", &deleted, "")["total"], 0);
    assert_eq!(alice.find("comments", &deleted, "q=nicer&facets=author")["aggregations"]["author"], json!([]));
    let gone = alice.makes("comment/1", "DeleteComment", json!({}), &[]);
    assert_eq!(gone["version"], 3);
    alice.rejected("comment/1", "EditComment", json!({ "text": "a" }), "comment-deleted");
    alice.rejected("comment/1", "CreateComment", comment("a"), "already-created");
    // its history stays
    let history = operator.history("comment/1");
    let kinds: Vec<_> = history.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["CommentCreated", "CommentEdited", "CommentDeleted"]);
    assert_eq!(history[0]["data"], json!({ "subject": "picture/42", "author": "alice", "text": "nice" }));
    assert_eq!((&history[1]["data"], &history[2]["data"]), (&json!({ "text": "nicer" }), &json!({ "reason": "done" })));
    let then = operator.get("/streams/comment/1/state?version=2").is(200);
    assert!(then["state"].to_string().contains("nicer"), "{then}");
}

#[test]
fn what_is_not_there_is_unknown_to_everybody() {
    let tenant = Tenant::new();
    for actor in [tenant.member("alice"), tenant.actor("mo", &["moderator"])] {
        actor.rejected("comment/none", "DeleteComment", json!({}), "unknown-comment");
    }
    tenant.member("alice").rejected("comment/none", "EditComment", json!({ "text": "a" }), "unknown-comment");
}

#[test]
fn an_author_edits_and_deletes_and_a_moderator_deletes() {
    let tenant = Tenant::new();
    let (alice, bob, mo) = (tenant.member("alice"), tenant.member("bob"), tenant.actor("mo", &["moderator"]));
    alice.commits("comment/1", "CreateComment", comment("mine"));
    bob.refused("comment/1", "EditComment", json!({ "text": "mine" }), "forbidden");
    bob.refused("comment/1", "EditComment", json!({ "text": "his" }), "forbidden");
    bob.refused("comment/1", "DeleteComment", json!({}), "forbidden");
    mo.post("/commands", &command("comment/1", "EditComment", json!({ "text": "a" }))).problem(403, "forbidden");
    mo.post("/commands", &command("comment/2", "CreateComment", comment("a"))).problem(403, "forbidden");
    let deleted = mo.makes("comment/1", "DeleteComment", json!({ "reason": "spam" }), &["CommentDeleted"]);
    assert!(alice.document("comments", &deleted, "1").is_none());
    // deleted comes before whose it was
    bob.rejected("comment/1", "EditComment", json!({ "text": "a" }), "comment-deleted");
    bob.makes("comment/1", "DeleteComment", json!({}), &[]);
    // who is both may do both
    let both = tenant.actor("mo", &["member", "moderator"]);
    alice.commits("comment/3", "CreateComment", comment("a"));
    both.refused("comment/3", "EditComment", json!({ "text": "b" }), "forbidden");
    both.commits("comment/3", "DeleteComment", json!({}));
}

#[test]
fn only_members_write() {
    let tenant = Tenant::new();
    let mut table = Table::default();
    for role in ["guest", "staff", "customer", "device", "workflow", "operator", "moderator"] {
        let answer = tenant.actor("x", &[role]).post("/commands", &command("comment/1", "CreateComment", comment("a")));
        table.row(role, answer.check_problem(403, "forbidden"));
    }
    table.end();
}

#[test]
fn comments_data_is_checked() {
    let alice = Tenant::new().member("alice");
    let long = "x".repeat(2_001);
    let mut table = Table::default();
    for (kind, data, violations) in [
        ("CreateComment", json!({ "subject": "", "text": "a" }), &["/data/subject too-short"][..]),
        ("CreateComment", json!({ "subject": "p", "text": "" }), &["/data/text too-short"]),
        ("CreateComment", json!({ "subject": "p", "text": long }), &["/data/text too-long"]),
        ("CreateComment", json!({ "subject": "p", "text": "a", "author": "bob" }), &["/data/author unknown-field"]),
        ("EditComment", json!({}), &["/data/text required"]),
        ("EditComment", json!({ "text": "" }), &["/data/text too-short"]),
        ("EditComment", json!({ "text": 7 }), &["/data/text wrong-type"]),
        ("DeleteComment", json!({ "reason": 7 }), &["/data/reason wrong-type"]),
        ("DeleteComment", json!({ "why": "a" }), &["/data/why unknown-field"]),
    ] {
        let answer = alice.post("/commands/check", &command("comment/1", kind, data));
        table.row(format!("{kind} {violations:?}"), answer.check_invalid(violations));
    }
    table.end();
    alice.commits("comment/1", "CreateComment", comment("one\ntwo\ttabs and \"quotes\" \u{1F3D6}"));
    let shown = alice.commits("comment/2", "CreateComment", comment(&"é".repeat(2_000)));
    assert_eq!(alice.document("comments", &shown, "2").unwrap()["text"].as_str().unwrap().chars().count(), 2_000);
}

#[test]
fn scripts_in_comments_are_escaped_where_they_are_highlighted() {
    let alice = Tenant::new().member("alice");
    let shown = alice.commits("comment/1", "CreateComment", comment("<script>alert('x')</script> & <em>more</em>"));
    let found = alice.get(format!("/views/comments?q=script&highlight=true&{}", after(&shown))).is(200);
    let told = found["hits"][0]["highlight"]["text"].as_str().unwrap();
    assert!(told.starts_with("&lt;<em>script</em>&gt;alert("), "{told}");
    assert!(told.contains("&amp; &lt;em&gt;more&lt;/em&gt;"), "{told}");
    // the document itself is as it was written
    assert_eq!(found["hits"][0]["doc"]["text"], "<script>alert('x')</script> & <em>more</em>");
}
