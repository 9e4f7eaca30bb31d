//! The social network: profiles, who follows whom, posts, and what is reported of them.

use serde_json::{Value, json};

use crate::support::{Actor, Table, Tenant, after, command, encode, ensure, ids};

fn profile(name: &str) -> Value {
    json!({ "displayName": name })
}

fn handle(handle: &str) -> Value {
    json!({ "handle": handle })
}

fn text(text: &str) -> Value {
    json!({ "text": text })
}

/// A member with a profile.
fn member(tenant: &Tenant, name: &str) -> Actor {
    let member = tenant.member(name);
    member.commits(&format!("profile/{name}"), "CreateProfile", profile(name));
    member
}

/// What a report tells, once its views show these statuses.
fn report(actor: &Actor, path: &str, shown: &Value) -> Value {
    actor.get(format!("/reports/{path}&{}", after(shown))).is(200)
}

#[test]
fn a_profile_lives() {
    let tenant = Tenant::new();
    let ada = tenant.member("ada");
    let data = json!({ "displayName": "Ada Lovelace", "bio": "poetical science" });
    ada.makes("profile/ada", "CreateProfile", data.clone(), &["ProfileCreated"]);
    let shown = ada.makes("profile/ada", "CreateProfile", data.clone(), &[]);
    ada.rejected("profile/ada", "CreateProfile", profile("Ada"), "already-created");
    let mut doc = ada.document("profiles", &shown, "ada").unwrap();
    doc.as_object_mut().unwrap().retain(|name, _| !name.ends_with("At"));
    let mut wanted = data;
    (wanted["handle"], wanted["stream"]) = (json!("ada"), json!("profile/ada"));
    assert_eq!(doc, wanted);

    ada.makes("profile/ada", "EditProfile", json!({}), &[]);
    ada.makes("profile/ada", "EditProfile", json!({ "bio": "poetical science" }), &[]);
    let edited = json!({ "displayName": "Ada King", "bio": "poetical science" });
    let shown = ada.makes("profile/ada", "EditProfile", edited, &["ProfileEdited"]);
    assert_eq!(ada.history("profile/ada")[1]["data"], profile("Ada King"));
    for (query, total) in [
        ("q=king", 1),
        ("q=poetical", 1),
        ("displayName=Ada%20King", 1),
        ("displayName=Ada%20Lovelace", 0),
        ("handle=ada", 1),
        ("handle=Ada", 0),
    ] {
        assert_eq!(ada.find("profiles", &shown, query)["total"], total, "{query}");
    }
    // as it was
    let then = ada.get("/streams/profile/ada/state?version=1").is(200);
    assert_eq!(then["state"]["details"]["displayName"], "Ada Lovelace", "{then}");
}

#[test]
fn a_follow_is_counted_once() {
    let tenant = Tenant::new();
    let ada = member(&tenant, "ada");
    ada.makes("profile/ada", "Follow", handle("grace"), &["Followed"]);
    let shown = ada.makes("profile/ada", "Follow", handle("grace"), &[]);
    let found = ada.find("follows", &shown, "follower=ada");
    assert_eq!((&found["total"], &found["hits"][0]["id"]), (&json!(1), &json!("ada:grace")));
    assert_eq!(found["hits"][0]["doc"]["followee"], "grace");
    ada.makes("profile/ada", "Unfollow", handle("bob"), &[]);
    let gone = ada.makes("profile/ada", "Unfollow", handle("grace"), &["Unfollowed"]);
    assert!(ada.document("follows", &gone, "ada:grace").is_none());
    ada.makes("profile/ada", "Unfollow", handle("grace"), &[]);
    let again = ada.makes("profile/ada", "Follow", handle("grace"), &["Followed"]);
    assert_eq!(ada.document("follows", &again, "ada:grace").unwrap()["follower"], "ada");
}

#[test]
fn profiles_say_no() {
    let tenant = Tenant::new();
    let (ada, bob) = (member(&tenant, "ada"), tenant.member("bob"));
    for (kind, data) in [("EditProfile", profile("B")), ("Follow", handle("bob")), ("Unfollow", handle("ada"))] {
        bob.rejected("profile/bob", kind, data.clone(), "unknown-profile");
        // what isn't there comes before the question whose it is
        ada.rejected("profile/bob", kind, data, "unknown-profile");
    }
    for kind in ["Follow", "Unfollow"] {
        ada.rejected("profile/ada", kind, handle("ada"), "not-self");
    }
    for (kind, data) in [
        ("CreateProfile", profile("ada")),
        ("EditProfile", profile("A")),
        ("Follow", handle("x")),
        ("Unfollow", handle("x")),
    ] {
        bob.refused("profile/ada", kind, data, "forbidden");
    }
    ada.refused("profile/bob", "CreateProfile", profile("B"), "forbidden");
}

#[test]
fn a_post_lives() {
    let tenant = Tenant::new();
    let (ada, mo) = (tenant.member("ada"), tenant.actor("mo", &["moderator"]));
    let data = json!({ "text": "Note G", "tags": ["engines", "numbers"] });
    let shown = ada.makes("post/1", "PublishPost", data.clone(), &["PostPublished"]);
    ada.rejected("post/1", "PublishPost", data, "already-published");
    let doc = ada.document("posts", &shown, "1").unwrap();
    assert_eq!(
        (&doc["author"], &doc["text"], &doc["tags"]),
        (&json!("ada"), &json!("Note G"), &json!(["engines", "numbers"]))
    );
    assert_eq!(doc["publishedAt"], doc["createdAt"]);
    assert_eq!(ada.find("posts", &shown, "q=notes&tags=engines&author=ada")["total"], 1);
    assert_eq!(ada.find("posts", &shown, "facets=tags")["aggregations"]["tags"][1]["key"], "numbers");
    ada.makes("post/1", "EditPost", text("Note G"), &[]);
    let edited = ada.makes("post/1", "EditPost", text("Note G, mended"), &["PostEdited"]);
    let mended = ada.document("posts", &edited, "1").unwrap();
    assert_eq!((&mended["text"], &mended["publishedAt"]), (&json!("Note G, mended"), &doc["publishedAt"]));
    // it can be commented on, as a picture can
    let remark = json!({ "subject": "post/1", "text": "lovely" });
    let commented = tenant.member("bob").makes("comment/c-1", "CreateComment", remark, &["CommentCreated"]);
    assert_eq!(ada.find("comments", &commented, "subject=post%2F1")["total"], 1);

    let deleted = mo.makes("post/1", "DeletePost", json!({}), &["PostDeleted"]);
    assert!(ada.document("posts", &deleted, "1").is_none());
    ada.makes("post/1", "DeletePost", json!({}), &[]);
    ada.rejected("post/1", "EditPost", text("again"), "post-deleted");
    ada.rejected("post/1", "PublishPost", text("again"), "already-published");
    let kinds: Vec<_> = mo.history("post/1").iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["PostPublished", "PostEdited", "PostDeleted"]);
    let then = mo.get("/streams/post/1/state?version=1").is(200);
    assert!(then["state"].to_string().contains("Note G"), "{then}");
}

#[test]
fn an_author_edits_and_deletes_a_post_and_a_moderator_deletes() {
    let tenant = Tenant::new();
    let (ada, bob, mo) = (tenant.member("ada"), tenant.member("bob"), tenant.actor("mo", &["moderator"]));
    bob.rejected("post/none", "EditPost", text("a"), "unknown-post");
    mo.rejected("post/none", "DeletePost", json!({}), "unknown-post");
    ada.commits("post/1", "PublishPost", text("mine"));
    bob.refused("post/1", "EditPost", text("mine"), "forbidden");
    bob.refused("post/1", "DeletePost", json!({}), "forbidden");
    mo.post("/commands", &command("post/1", "EditPost", text("a"))).problem(403, "forbidden");
    ada.commits("post/1", "DeletePost", json!({}));
    bob.rejected("post/1", "EditPost", text("a"), "post-deleted");
    bob.makes("post/1", "DeletePost", json!({}), &[]);
}

#[test]
fn the_networks_data_is_checked() {
    let ada = Tenant::new().member("ada");
    let (long, tags) = ("x".repeat(5_001), vec!["t"; 11]);
    let mut table = Table::default();
    for (stream, kind, data, violations) in [
        ("profile/ada", "CreateProfile", json!({}), &["/data/displayName required"][..]),
        ("profile/ada", "CreateProfile", json!({ "displayName": "x".repeat(201) }), &["/data/displayName too-long"]),
        ("profile/ada", "CreateProfile", json!({ "displayName": "A", "bio": "" }), &["/data/bio too-short"]),
        ("profile/ada", "EditProfile", json!({ "bio": 7, "a": 1 }), &["/data/bio wrong-type", "/data/a unknown-field"]),
        ("profile/ada", "Follow", json!({ "handle": "no one" }), &["/data/handle bad-format"]),
        ("profile/ada", "Unfollow", json!({}), &["/data/handle required"]),
        (
            "post/1",
            "PublishPost",
            json!({ "text": long, "tags": tags }),
            &["/data/text too-long", "/data/tags too-long"],
        ),
        ("post/1", "EditPost", json!({ "text": "" }), &["/data/text too-short"]),
        ("post/1", "DeletePost", json!({ "reason": "a" }), &["/data/reason unknown-field"]),
    ] {
        let answer = ada.post("/commands/check", &command(stream, kind, data));
        table.row(format!("{kind} {violations:?}"), answer.check_invalid(violations));
    }
    table.end();
}

#[test]
fn the_feed_is_what_those_who_are_followed_published_newest_first() {
    let tenant = Tenant::new();
    let ada = member(&tenant, "ada");
    let mut last = Value::Null;
    for (n, author) in ["bob", "cy", "dan", "bob", "ada", "cy", "bob"].into_iter().enumerate() {
        last = tenant.member(author).commits(&format!("post/p-{n}"), "PublishPost", text("news"));
    }
    let nobody = report(&ada, "feed?handle=ada", &last);
    assert_eq!((&nobody["total"], &nobody["hits"]), (&json!(0), &json!([])));
    ada.commits("profile/ada", "Follow", handle("bob"));
    let shown = ada.commits("profile/ada", "Follow", handle("cy"));

    // a report waits for each of its views that reads the stream
    assert_eq!(ids(&report(&ada, "feed?handle=ada", &shown)), ["p-6", "p-5", "p-3", "p-1", "p-0"]);
    let first = report(&ada, "feed?handle=ada&limit=2", &last);
    assert_eq!((ids(&first), &first["total"]), (vec!["p-6".to_owned(), "p-5".to_owned()], &json!(5)));
    let next = format!("&cursor={}", encode(first["next"].as_str().unwrap()));
    let second = ada.get(format!("/reports/feed?handle=ada&limit=2{next}")).is(200);
    assert_eq!(ids(&second), ["p-3", "p-1"]);
    // the cursor is that of this feed, whoever is followed meanwhile, and of no other
    let more = ada.commits("profile/ada", "Follow", handle("dan"));
    assert_eq!(ids(&report(&ada, &format!("feed?handle=ada{next}"), &more)), ["p-3", "p-2", "p-1", "p-0"]);
    ada.get(format!("/reports/feed?handle=bob{next}")).invalid(&["/cursor mismatch"]);
    ada.get(format!("/views/posts?sort=-publishedAt{next}")).invalid(&["/cursor mismatch"]);

    let gone = ada.commits("profile/ada", "Unfollow", handle("bob"));
    assert_eq!(ids(&report(&ada, "feed?handle=ada", &gone)), ["p-5", "p-2", "p-1"]);
    let deleted = tenant.member("cy").commits("post/p-5", "DeletePost", json!({}));
    assert_eq!(ids(&report(&ada, "feed?handle=ada", &deleted)), ["p-2", "p-1"]);
    // another's feed is another's, and another tenant's is not there
    assert_eq!(report(&ada, "feed?handle=cy", &deleted)["total"], 0);
    assert_eq!(Tenant::new().member("ada").get("/reports/feed?handle=ada").is(200)["total"], 0);
}

#[test]
fn a_feed_follows_a_thousand() {
    let tenant = Tenant::new();
    let ada = member(&tenant, "ada");
    let follows: Vec<_> = (0..1_000).map(|n| command("profile/ada", "Follow", handle(&format!("m-{n}")))).collect();
    ada.post("/commands", &json!(follows)).is(202);
    let posts: Vec<_> = (0..1_010)
        .step_by(101)
        .map(|n| tenant.member(&format!("m-{n}")).commits(&format!("post/p-{n}"), "PublishPost", text("a")))
        .collect();
    let last = ada.outcome(&follows[999]);
    assert_eq!(last["version"], 1_001, "{last}");
    report(&ada, "feed?handle=ada", &last);
    let told = report(&ada, "feed?handle=ada", &posts[9]);
    assert_eq!(told["total"], 10, "{told}");
}

#[test]
fn a_profiles_page_tells_the_profile_and_its_counts() {
    let tenant = Tenant::new();
    let (ada, bob) = (member(&tenant, "ada"), member(&tenant, "bob"));
    for (actor, stream, whom) in
        [(&ada, "profile/ada", "bob"), (&ada, "profile/ada", "cy"), (&bob, "profile/bob", "ada")]
    {
        actor.commits(stream, "Follow", handle(whom));
    }
    let mut shown = bob.commits("profile/bob", "Follow", handle("cy"));
    for n in 0..3 {
        shown = ada.commits(&format!("post/a-{n}"), "PublishPost", text("a"));
    }
    let followed = bob.makes("profile/bob", "Follow", handle("cy"), &[]);
    report(&ada, "profile-page?handle=ada", &followed);
    let told = report(&ada, "profile-page?handle=ada", &shown);
    assert_eq!((ids(&told), &told["total"]), (vec!["ada".to_owned()], &json!(1)));
    assert_eq!(told["hits"][0]["doc"]["displayName"], "ada");
    assert_eq!(told["aggregations"], json!({ "followers": 1, "following": 2, "posts": 3 }));
    let none = report(&ada, "profile-page?handle=cy", &shown);
    assert_eq!((&none["hits"], &none["next"]), (&json!([]), &json!(null)));
    assert_eq!(none["aggregations"], json!({ "followers": 2, "following": 0, "posts": 0 }));
}

#[test]
fn who_reads_the_network() {
    let tenant = Tenant::new();
    member(&tenant, "ada").commits("post/1", "PublishPost", text("a"));
    let mut table = Table::default();
    // of views, reports, ada's profile's stream, a post's stream
    for (sub, role, may) in [
        ("ada", "member", [true, true, true, false]),
        ("bob", "member", [true, true, false, false]),
        ("mo", "moderator", [true, false, false, true]),
        ("sam", "staff", [true, true, true, true]),
        ("olga", "operator", [true, true, true, true]),
        ("ada", "guest", [false; 4]),
        ("ada", "customer", [false; 4]),
        ("ada", "device", [false; 4]),
        ("ada", "workflow", [false; 4]),
    ] {
        let actor = tenant.actor(sub, &[role]);
        for (path, may) in [
            ("/views/profiles", may[0]),
            ("/views/follows", may[0]),
            ("/views/posts", may[0]),
            ("/reports/feed?handle=ada", may[1]),
            ("/reports/profile-page?handle=ada", may[1]),
            ("/streams/profile/ada", may[2]),
            ("/streams/profile/ada/state", may[2]),
            ("/streams/post/1", may[3]),
        ] {
            let answer = actor.get(path);
            let result = if may {
                ensure(answer.status == 200, &answer)
            } else {
                answer.check_problem(403, "forbidden").map(drop)
            };
            table.row(format!("{sub} as {role} {path}"), result);
        }
        let answers = ["CreateProfile", "Follow"].map(|kind| {
            let data = if kind == "Follow" { handle("x") } else { profile("a") };
            actor.post("/commands/check", &command("profile/ada", kind, data))
        });
        for answer in answers {
            let result = if role == "member" {
                ensure(answer.status == 200, &answer)
            } else {
                answer.check_problem(403, "forbidden").map(drop)
            };
            table.row(format!("{sub} as {role} sends"), result);
        }
    }
    table.end();
}

#[test]
fn reports_of_several_views_are_described_and_checked() {
    let ada = member(&Tenant::new(), "ada");
    let mut table = Table::default();
    for (query, violations) in [
        ("feed?x=1", &["/handle required", "/x unknown-field"][..]),
        ("feed?handle=a%20b", &["/handle bad-format"]),
        ("feed?handle=ada&limit=201", &["/limit out-of-range"]),
        ("feed?handle=ada&after=comment/1@1", &["/after mismatch"]),
        ("profile-page?handle=ada&cursor=x", &["/cursor mismatch"]),
        ("profile-page?handle=ada&after=room-type/h:A@1", &["/after mismatch"]),
    ] {
        table.row(query, ada.get(format!("/reports/{query}")).check_invalid(violations));
    }
    for query in ["feed?handle=ada&after=profile/ada@9&wait=0", "profile-page?handle=ada&after=post/1@9&wait=0"] {
        table.row(query, ada.get(format!("/reports/{query}")).check_problem(503, "not-yet-projected"));
    }
    table.end();
    let described = ada.get("/openapi.json").is(200)["paths"]["/reports/feed"]["get"].clone();
    let about = described["description"].as_str().unwrap();
    assert!(about.contains("`posts`") && about.contains("`follows`"), "{described}");
    assert_eq!(described["parameters"][0]["name"], "handle");
}
