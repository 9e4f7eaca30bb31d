//! The view `profiles`: members, found by name and by what they say of themselves.

use events::profile::Event;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each profile, its id the handle.
pub struct Profiles;

/// A profile as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    handle: String,
    display_name: String,
    bio: Option<String>,
}

impl View for Profiles {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "profiles";
    const AGGREGATE: &'static str = "profile";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("handle"), Field::text_and_exact("displayName"), Field::text("bio")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        match recorded.event {
            Event::ProfileCreated(_) | Event::ProfileEdited(_) => vec![recorded.stream.id().to_owned()],
            // thousands may be followed, which changes nothing here
            Event::Followed(_) | Event::Unfollowed(_) => Vec::new(),
        }
    }

    fn evolve((): &(), id: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        match recorded.event {
            Event::ProfileCreated(e) => {
                Some(Document { handle: id.to_owned(), display_name: e.display_name.clone(), bio: e.bio.clone() })
            }
            Event::ProfileEdited(e) => doc.map(|doc| Document {
                display_name: e.display_name.clone().unwrap_or(doc.display_name),
                bio: e.bio.clone().or(doc.bio),
                ..doc
            }),
            Event::Followed(_) | Event::Unfollowed(_) => doc,
        }
    }
}
