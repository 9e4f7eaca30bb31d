//! The view `loyalty-visits`: how often each card was stamped in each shop.

use events::loyalty_card::Event;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each card and shop.
pub struct Visits;

/// A card's visits to one shop.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document {
    card: String,
    shop: String,
    stamps: u32,
}

impl View for Visits {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "loyalty-visits";
    const AGGREGATE: &'static str = "loyalty-card";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("card"), Field::keyword("shop"), Field::integer("stamps")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        match recorded.event {
            Event::CardStamped(e) => vec![format!("{}:{}", recorded.stream.id(), e.shop)],
            Event::CardOpened(_) | Event::CardRedeemed(_) => Vec::new(),
        }
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        let Event::CardStamped(e) = recorded.event else { return doc };
        let new = || Document { card: recorded.stream.id().to_owned(), shop: e.shop.clone(), stamps: 0 };
        let doc = doc.unwrap_or_else(new);
        Some(Document { stamps: doc.stamps + 1, ..doc })
    }
}
