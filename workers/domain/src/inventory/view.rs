//! The view `stock`: what is there, what of it is reserved, and what is left.

use events::stock::Event;
use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};

/// One document for each article.
pub struct Stocks;

/// An article as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    sku: String,
    on_hand: i64,
    reserved: i64,
    available: i64,
}

impl View for Stocks {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "stock";
    const AGGREGATE: &'static str = "stock";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("sku"), Field::integer("onHand"), Field::integer("reserved"), Field::integer("available")]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), sku: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        let (on_hand, reserved) = doc.map_or((0, 0), |doc| (doc.on_hand, doc.reserved));
        let on_hand = on_hand.saturating_add(recorded.event.on_hand());
        let reserved = reserved.saturating_add(recorded.event.reserved());
        Some(Document { sku: sku.to_owned(), on_hand, reserved, available: on_hand.saturating_sub(reserved) })
    }
}
