//! A small network: members tell who they are, follow each other, post, and comment.

use serde_json::json;

use super::people::{full_name, handle};
use super::script::{Person, Script};
use crate::failure::Failure;

/// Members for each unit of scale.
const MEMBERS: usize = 12;
/// Posts for each of them.
const POSTS: usize = 4;
const BIOS: [&str; 5] = ["walks a lot", "bakes bread", "repairs bicycles", "reads at night", "grows tomatoes"];
/// Texts and a tag.
const POSTED: [(&str, &str); 8] = [
    ("The harbour at sunrise, not a soul around", "morning"),
    ("Third loaf this week, and finally a crust that sings", "bread"),
    ("Does anybody else hear the owls behind the old mill?", "owls"),
    ("A bicycle bell from 1931, polished and ringing", "bicycles"),
    ("Rain since Tuesday; the tomatoes don't mind", "garden"),
    ("Found a bookshop that stays open until midnight", "books"),
    ("The ferry was late, so we played cards on the quay", "harbour"),
    ("Sunset over the dunes, better than the forecast said", "evening"),
];
const COMMENTS: [&str; 6] =
    ["Lovely!", "Where was that?", "I was there yesterday", "Tell us more", "Same here", "That made my day"];

struct Post {
    id: String,
    author: usize,
}

/// Writes the network's story.
pub(super) fn write(script: &mut Script<'_>, scale: u32) -> Result<(), Failure> {
    let members: Vec<Person> =
        (0..MEMBERS * scale as usize).map(|n| Person::new(script.own(handle(n)), "member")).collect();
    let moderator = Person::new(script.own("moderator"), "moderator");
    let profile = |member: &Person| format!("profile/{}", member.sub);
    for (n, member) in members.iter().enumerate() {
        let data = json!({"displayName": full_name(n), "bio": script.one(&BIOS)});
        script.send(member, &profile(member), "CreateProfile", data)?;
    }
    let mut posts: Vec<Post> = Vec::new();
    let mut comments = 0;
    for n in 0..members.len() * POSTS {
        let by = script.dice.usize(0..members.len());
        let member = &members[by];
        for _ in 0..script.dice.u32(0..3) {
            // now and then oneself, which nobody does
            let whom = &members[script.dice.usize(0..members.len())];
            let kind = if script.chance(12) { "Unfollow" } else { "Follow" };
            script.send(member, &profile(member), kind, json!({"handle": whom.sub}))?;
        }
        let (text, tag) = POSTED[script.dice.usize(0..POSTED.len())];
        let id = script.own(format_args!("p-{}", n + 1));
        script.send(member, &format!("post/{id}"), "PublishPost", json!({"text": text, "tags": [tag]}))?;
        posts.push(Post { id, author: by });
        for _ in 0..script.dice.u32(0..3) {
            let commenter = &members[script.dice.usize(0..members.len())];
            let post = &posts[script.dice.usize(0..posts.len())];
            comments += 1;
            let stream = format!("comment/{}", script.own(format_args!("c-{comments}")));
            let data = json!({"subject": format!("post/{}", post.id), "text": script.one(&COMMENTS)});
            script.send(commenter, &stream, "CreateComment", data)?;
            if script.chance(10) {
                let data = json!({"reason": "be kind"});
                script.send(&moderator, &stream, "DeleteComment", data)?;
                script.send(commenter, &stream, "EditComment", json!({"text": "I take it back"}))?;
            }
        }
        second_thoughts(script, &members, &posts)?;
    }
    Ok(())
}

/// Now and then a post is edited or deleted by its author; or somebody meddles with the author's profile, in vain.
fn second_thoughts(script: &mut Script<'_>, members: &[Person], posts: &[Post]) -> Result<(), Failure> {
    if !script.chance(30) {
        return Ok(());
    }
    let post = &posts[script.dice.usize(0..posts.len())];
    let (author, stream) = (&members[post.author], format!("post/{}", post.id));
    if script.chance(15) {
        let other = &members[(post.author + 1) % members.len()];
        let data = json!({"bio": "this is mine now"});
        script.forbidden(other, &format!("profile/{}", author.sub), "EditProfile", data);
    }
    if script.chance(35) {
        script.send(author, &stream, "DeletePost", json!({}))?;
    }
    let edit = format!("{} (edited)", POSTED[script.dice.usize(0..POSTED.len())].0);
    script.send(author, &stream, "EditPost", json!({"text": edit})).map(drop)
}
