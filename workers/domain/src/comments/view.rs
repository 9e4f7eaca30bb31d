//! The view `comments`: what can be read now.

use events::comment::Event;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each comment; a deleted one leaves the view.
pub struct Comments;

/// A comment as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    subject: String,
    author: String,
    text: String,
    edited: bool,
}

impl View for Comments {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "comments";
    const AGGREGATE: &'static str = "comment";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("subject"), Field::keyword("author"), Field::text("text"), Field::boolean("edited")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        match recorded.event {
            Event::CommentCreated(e) => Some(Document {
                subject: e.subject.clone(),
                author: e.author.clone(),
                text: e.text.clone(),
                edited: false,
            }),
            Event::CommentEdited(e) => doc.map(|doc| Document { text: e.text.clone(), edited: true, ..doc }),
            Event::CommentDeleted(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::comment::{CommentCreated, CommentDeleted, CommentEdited};
    use kernel::spec::{Projected, given_view};
    use serde_json::json;

    fn view(more: impl IntoIterator<Item = Event>) -> Projected {
        let created = CommentCreated { subject: "picture/42".into(), author: "alice".into(), text: "nice".into() };
        given_view::<Comments>("comment/1", std::iter::once(created.into()).chain(more))
    }

    #[test]
    fn a_comment_is_found_by_what_it_says_and_of_whom() {
        view([]).then(
            "1",
            json!({"subject": "picture/42", "author": "alice", "text": "nice", "edited": false, "stream": "comment/1"}),
        );
    }

    #[test]
    fn an_edited_comment_shows_its_new_text() {
        view([CommentEdited { text: "nicer".into() }.into()]).then("1", json!({"text": "nicer", "edited": true}));
    }

    #[test]
    fn a_deleted_comment_leaves_the_view() {
        view([CommentDeleted { reason: None }.into()]).then_none("1");
    }
}
