//! The view `loyalty-cards`: how far each card has come.

use events::loyalty_card::Event;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each card.
pub struct Cards;

/// A card as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    holder: String,
    stamps: u32,
    redeemed: u32,
}

impl View for Cards {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "loyalty-cards";
    const AGGREGATE: &'static str = "loyalty-card";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![Field::text_and_exact("holder"), Field::integer("stamps"), Field::integer("redeemed")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        match recorded.event {
            Event::CardOpened(e) => Some(Document { holder: e.holder.clone(), stamps: 0, redeemed: 0 }),
            Event::CardStamped(_) => doc.map(|doc| Document { stamps: doc.stamps + 1, ..doc }),
            Event::CardRedeemed(e) => doc.map(|doc| Document {
                stamps: doc.stamps.saturating_sub(e.stamps),
                redeemed: doc.redeemed + 1,
                ..doc
            }),
        }
    }
}
