//! The aggregate: published once, edited by its author, deleted for good.

use events::post::{Event, PostDeleted, PostEdited, PostPublished};
use kernel::{Attributes, CommandData, Context, Decider, Decision};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Publishes something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishPost {
    /// What it says.
    #[schemars(length(min = 1, max = 5000))]
    pub text: String,
    /// What it is about, in keywords.
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(min = 1, max = 200)))]
    pub tags: Vec<String>,
}
impl CommandData for PublishPost {}

/// Changes the text.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditPost {
    /// What it shall say.
    #[schemars(length(min = 1, max = 5000))]
    pub text: String,
}
impl CommandData for EditPost {}

/// Deletes the post; its history stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeletePost {}
impl CommandData for DeletePost {}

kernel::commands! {
    /// What can be asked of a post.
    pub enum Command { PublishPost, EditPost, DeletePost }
}

/// Where a post is in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum State {
    /// Nobody wrote it yet.
    #[default]
    Absent,
    /// It can be read.
    Published {
        /// Who wrote it.
        author: String,
        /// What it says.
        text: String,
    },
    /// It is gone for good.
    Deleted,
}

/// Why a post says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// There is, or was, a post of this id.
    AlreadyPublished,
    /// There is no post of this id.
    UnknownPost,
    /// It was deleted.
    PostDeleted,
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyPublished => "already-published",
            Self::UnknownPost => "unknown-post",
            Self::PostDeleted => "post-deleted",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::AlreadyPublished => "a post of this id was already published",
            Self::UnknownPost => "there is no post of this id",
            Self::PostDeleted => "the post was deleted",
        }
        .into()
    }
}

/// A post.
pub struct Post;

impl Decider for Post {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "post";
    const REVISION: u32 = 1;

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::PostPublished(e)) => State::Published { author: e.author.clone(), text: e.text.clone() },
            (State::Published { author, .. }, Event::PostEdited(e)) => {
                State::Published { author, text: e.text.clone() }
            }
            (state, Event::PostEdited(_)) => state,
            (_, Event::PostDeleted(_)) => State::Deleted,
        }
    }

    fn decide(
        state: &State,
        command: &Command,
        context: &Context<'_>,
    ) -> Result<Decision<Event, Rejection>, Rejection> {
        match (state, command) {
            (State::Absent, Command::PublishPost(new)) => Ok(Decision::one(PostPublished {
                author: context.actor.sub.clone(),
                text: new.text.clone(),
                tags: new.tags.clone(),
            })),
            (_, Command::PublishPost(_)) => Err(Rejection::AlreadyPublished),
            (State::Absent, _) => Err(Rejection::UnknownPost),
            (State::Published { text, .. }, Command::EditPost(edit)) if *text == edit.text => {
                Ok(Decision::already_so())
            }
            (State::Published { .. }, Command::EditPost(edit)) => {
                Ok(Decision::one(PostEdited { text: edit.text.clone() }))
            }
            (State::Deleted, Command::EditPost(_)) => Err(Rejection::PostDeleted),
            (State::Published { .. }, Command::DeletePost(_)) => Ok(Decision::one(PostDeleted {})),
            (State::Deleted, Command::DeletePost(_)) => Ok(Decision::already_so()),
        }
    }

    /// The author, while there is a post: what isn't there is answered before the question whose it is.
    fn resource(state: &State, _: &Command) -> Attributes {
        match state {
            State::Published { author, .. } => vec![("author", author.as_str().into())],
            State::Absent | State::Deleted => Attributes::new(),
        }
    }
}
