//! The view `posts`: what can be read now.

use events::post::Event;
use jiff::Timestamp;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each post; a deleted one leaves the view.
pub struct Posts;

/// A post as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    author: String,
    text: String,
    tags: Vec<String>,
    published_at: Timestamp,
}

impl View for Posts {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "posts";
    const AGGREGATE: &'static str = "post";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("author"), Field::text("text"), Field::keyword("tags"), Field::date_time("publishedAt")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        match recorded.event {
            Event::PostPublished(e) => Some(Document {
                author: e.author.clone(),
                text: e.text.clone(),
                tags: e.tags.clone(),
                published_at: recorded.time,
            }),
            Event::PostEdited(e) => doc.map(|doc| Document { text: e.text.clone(), ..doc }),
            Event::PostDeleted(_) => None,
        }
    }
}
