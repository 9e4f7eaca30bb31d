//! The view `follows`: who follows whom.

use events::profile::Event;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each that a member follows, its id `<follower>:<followee>`.
pub struct Follows;

/// Who follows whom.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    follower: String,
    followee: String,
}

impl View for Follows {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "follows";
    const AGGREGATE: &'static str = "profile";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("follower"), Field::keyword("followee")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        match recorded.event {
            Event::Followed(events::profile::Followed { handle })
            | Event::Unfollowed(events::profile::Unfollowed { handle }) => {
                vec![format!("{}:{handle}", recorded.stream.id())]
            }
            Event::ProfileCreated(_) | Event::ProfileEdited(_) => Vec::new(),
        }
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        match recorded.event {
            Event::Followed(e) => {
                Some(Document { follower: recorded.stream.id().to_owned(), followee: e.handle.to_string() })
            }
            Event::Unfollowed(_) => None,
            Event::ProfileCreated(_) | Event::ProfileEdited(_) => doc,
        }
    }
}
