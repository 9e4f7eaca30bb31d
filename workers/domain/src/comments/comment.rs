//! The aggregate: created once, edited by its author, deleted for good.

use events::comment::{CommentCreated, CommentDeleted, CommentEdited, Event};
use kernel::{Attributes, CommandData, Context, Decider, Decision};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Comments on something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateComment {
    /// What it is about, such as `picture/42`.
    #[schemars(length(min = 1, max = 200))]
    pub subject: String,
    /// What it says.
    #[schemars(length(min = 1, max = 2000))]
    pub text: String,
}
impl CommandData for CreateComment {}

/// Changes the text.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditComment {
    /// What it shall say.
    #[schemars(length(min = 1, max = 2000))]
    pub text: String,
}
impl CommandData for EditComment {}

/// Deletes the comment; its history stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteComment {
    /// Why.
    #[schemars(length(min = 1, max = 2000))]
    pub reason: Option<String>,
}
impl CommandData for DeleteComment {}

kernel::commands! {
    /// What can be asked of a comment.
    pub enum Command { CreateComment, EditComment, DeleteComment }
}

/// Where a comment is in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum State {
    /// Nobody wrote it yet.
    #[default]
    Absent,
    /// It can be read.
    Shown {
        /// Who wrote it.
        author: String,
        /// What it says.
        text: String,
    },
    /// It is gone for good.
    Deleted,
}

/// Why a comment says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// There is, or was, a comment of this id.
    AlreadyCreated,
    /// There is no comment of this id.
    UnknownComment,
    /// It was deleted.
    CommentDeleted,
}

impl kernel::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyCreated => "already-created",
            Self::UnknownComment => "unknown-comment",
            Self::CommentDeleted => "comment-deleted",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::AlreadyCreated => "a comment of this id was already created",
            Self::UnknownComment => "there is no comment of this id",
            Self::CommentDeleted => "the comment was deleted",
        }
        .into()
    }
}

/// A comment.
pub struct Comment;

impl Decider for Comment {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Rejection = Rejection;

    const AGGREGATE: &'static str = "comment";
    const REVISION: u32 = 1;

    fn evolve(state: State, event: &Event) -> State {
        match (state, event) {
            (_, Event::CommentCreated(e)) => State::Shown { author: e.author.clone(), text: e.text.clone() },
            (State::Shown { author, .. }, Event::CommentEdited(e)) => State::Shown { author, text: e.text.clone() },
            (state, Event::CommentEdited(_)) => state,
            (_, Event::CommentDeleted(_)) => State::Deleted,
        }
    }

    fn decide(
        state: &State,
        command: &Command,
        context: &Context<'_>,
    ) -> Result<Decision<Event, Rejection>, Rejection> {
        match (state, command) {
            (State::Absent, Command::CreateComment(new)) => Ok(Decision::one(CommentCreated {
                subject: new.subject.clone(),
                author: context.actor.sub.clone(),
                text: new.text.clone(),
            })),
            (_, Command::CreateComment(_)) => Err(Rejection::AlreadyCreated),
            (State::Absent, _) => Err(Rejection::UnknownComment),
            (State::Shown { text, .. }, Command::EditComment(edit)) if *text == edit.text => Ok(Decision::already_so()),
            (State::Shown { .. }, Command::EditComment(edit)) => {
                Ok(Decision::one(CommentEdited { text: edit.text.clone() }))
            }
            (State::Deleted, Command::EditComment(_)) => Err(Rejection::CommentDeleted),
            (State::Shown { .. }, Command::DeleteComment(delete)) => {
                Ok(Decision::one(CommentDeleted { reason: delete.reason.clone() }))
            }
            (State::Deleted, Command::DeleteComment(_)) => Ok(Decision::already_so()),
        }
    }

    /// The author, while there is a comment: what isn't there is answered before the question whose it is.
    fn resource(state: &State, _: &Command) -> Attributes {
        match state {
            State::Shown { author, .. } => vec![("author", author.as_str().into())],
            State::Absent | State::Deleted => Attributes::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::spec::{Given, given};
    use serde_json::json;

    fn created() -> Event {
        CommentCreated { subject: "picture/42".into(), author: "alice".into(), text: "nice".into() }.into()
    }

    fn edited(text: &str) -> Event {
        CommentEdited { text: text.into() }.into()
    }

    fn deleted() -> Event {
        CommentDeleted { reason: None }.into()
    }

    fn comment(events: impl IntoIterator<Item = Event>) -> Given<Comment> {
        given("comment/1", events)
    }

    #[test]
    fn creating_names_the_actor_as_the_author() {
        comment([]).when("CreateComment", json!({"subject": "picture/42", "text": "nice"})).then([created()]);
    }

    #[test]
    fn an_id_is_created_once_even_after_it_was_deleted() {
        let again = json!({"subject": "picture/42", "text": "nice"});
        comment([created()]).when("CreateComment", again.clone()).then_rejected("already-created");
        comment([created(), deleted()]).when("CreateComment", again).then_rejected("already-created");
    }

    #[test]
    fn editing_changes_the_text() {
        comment([created()]).when("EditComment", json!({"text": "nicer"})).then([edited("nicer")]);
    }

    #[test]
    fn the_same_text_again_changes_nothing() {
        comment([created()]).when("EditComment", json!({"text": "nice"})).then_nothing();
        comment([created(), edited("nicer")]).when("EditComment", json!({"text": "nicer"})).then_nothing();
        comment([created(), edited("nicer")]).when("EditComment", json!({"text": "nice"})).then([edited("nice")]);
    }

    #[test]
    fn deleting_keeps_the_reason_if_there_is_one() {
        comment([created()]).when("DeleteComment", json!({})).then([deleted()]);
        comment([created()])
            .when("DeleteComment", json!({"reason": "spam"}))
            .then([CommentDeleted { reason: Some("spam".into()) }.into()]);
    }

    #[test]
    fn deleting_a_deleted_comment_changes_nothing() {
        comment([created(), deleted()]).when("DeleteComment", json!({"reason": "again"})).then_nothing();
    }

    #[test]
    fn what_was_never_created_is_unknown() {
        comment([]).when("EditComment", json!({"text": "a"})).then_rejected("unknown-comment");
        comment([]).when("DeleteComment", json!({})).then_rejected("unknown-comment");
    }

    #[test]
    fn a_deleted_comment_is_not_edited() {
        comment([created(), deleted()]).when("EditComment", json!({"text": "a"})).then_rejected("comment-deleted");
        comment([created(), deleted()]).when("EditComment", json!({"text": "nice"})).then_rejected("comment-deleted");
    }

    #[test]
    fn policies_know_the_author_while_there_is_a_comment() {
        let edit = Command::EditComment(EditComment { text: "a".into() });
        let author = |events: Vec<Event>| Comment::resource(comment(events).state(), &edit);
        assert_eq!(author(vec![]), []);
        assert_eq!(author(vec![created(), edited("b")]), [("author", "alice".into())]);
        assert_eq!(author(vec![created(), deleted()]), []);
    }

    #[test]
    fn lengths_count_characters_and_texts_are_not_empty() {
        let text = |length| json!({"text": "é".repeat(length)});
        comment([created()]).when("EditComment", text(2000)).then([edited(&"é".repeat(2000))]);
        comment([created()]).when("EditComment", text(2001)).then_invalid(&["/data/text too-long"]);
        comment([created()]).when("EditComment", text(0)).then_invalid(&["/data/text too-short"]);
        comment([]).when("CreateComment", json!({"text": "", "author": "bob"})).then_invalid(&[
            "/data/author unknown-field",
            "/data/subject required",
            "/data/text too-short",
        ]);
        comment([]).when("DeleteComment", json!({"reason": "x".repeat(2001)})).then_invalid(&["/data/reason too-long"]);
    }
}
