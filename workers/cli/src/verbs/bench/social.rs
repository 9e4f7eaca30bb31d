//! A feed of a thousand among many posts, and beside it, in turns, the same search for one author.

use serde_json::json;

use super::Args;
use super::engine::Engine;
use super::figures::Figures;
use super::load::command;
use super::rounds::{await_total, send};
use super::timed::{Timed, clients, send_each};
use crate::failure::Failure;

/// How many publish: every other one is followed.
const AUTHORS: u32 = 2_000;
/// How many a feed shows at once.
const PAGE: u32 = 20;

/// Publishes so many posts, then asks for feeds.
pub(super) fn measure(engine: &Engine, args: &Args, posts: u32) -> Result<Figures, Failure> {
    let mut figures = args.figures();
    figures.note("posts", json!(posts));
    figures.note("followed", json!(AUTHORS / 2));
    let author = |n: u32| format!("author-{n}");
    let each = posts.div_ceil(AUTHORS);
    let authors = clients(engine, (0..AUTHORS).map(author), "member")?;
    send_each(&authors, args.plan(), |n| {
        (0..each).map(move |post| {
            let data = json!({"text": format!("Seen from {post} sides, number {n} is odd"), "tags": ["numbers"]});
            command(post.into(), format!("post/p-{n}-{post}"), "PublishPost", &data)
        })
    })?;
    let me = &engine.client;
    let profile = |kind, data| command(0, "profile/you".to_owned(), kind, &data);
    let create = profile("CreateProfile", json!({"displayName": "You"}));
    let follows = (0..AUTHORS).step_by(2).map(|n| profile("Follow", json!({"handle": author(n)})));
    send(me, args.plan(), std::iter::once(create).chain(follows))?;
    await_total(me, "/views/posts?limit=0", (each * AUTHORS).into())?;
    await_total(me, "/views/follows?limit=0&follower=you", (AUTHORS / 2).into())?;

    for _ in 0..args.rounds {
        let (mut feed, mut one) = (Timed::default(), Timed::default());
        for n in 0..args.singles {
            feed.ask(me, &format!("/reports/feed?handle=you&limit={PAGE}"))?;
            one.ask(me, &format!("/views/posts?author={}&sort=-publishedAt&limit={PAGE}", author(n % AUTHORS)))?;
        }
        feed.add_to(&mut figures, "feed");
        one.add_to(&mut figures, "the same search for one author");
    }
    Ok(figures)
}
