//! Views of the toy: one document for each stream, and many.

use std::collections::BTreeSet;

use kernel::{Field, Recorded, View};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::toy::Event;

type Doc = Map<String, Value>;

fn panics_at(event: &Event, place: &str) {
    if let Event::Cursed(cursed) = event
        && cursed.wherever == place
    {
        // as a panic, without its lines in the log
        std::panic::resume_unwind(Box::new(format!("cursed in {place}")));
    }
}

/// One document for each stream, which every event raises: no cursor.
pub(crate) struct Totals;

impl View for Totals {
    type Event = Event;
    type Memo = ();
    type Doc = Doc;

    const NAME: &'static str = "totals";
    const AGGREGATE: &'static str = "toy";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![Field::integer("total"), Field::integer("amount"), Field::integer("events")]
    }

    fn remember((): &mut (), recorded: &Recorded<'_, Event>) {
        panics_at(recorded.event, "remember");
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        panics_at(recorded.event, "touches");
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, doc: Option<Doc>, recorded: &Recorded<'_, Event>) -> Option<Doc> {
        panics_at(recorded.event, "evolve");
        let mut doc = doc.unwrap_or_default();
        let number = |doc: &Doc, name: &str| doc.get(name).and_then(Value::as_i64).unwrap_or(0);
        doc.insert("events".into(), json!(number(&doc, "events") + 1));
        match recorded.event {
            Event::Added(added) => {
                doc.insert("total".into(), json!(number(&doc, "total") + added.count));
            }
            Event::Listed(listed) => {
                doc.insert("amount".into(), listed.amount.clone());
            }
            Event::Delisted(_) => return None,
            _ => {}
        }
        Some(doc)
    }
}

/// What the view of items knows of a stream.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memo {
    items: BTreeSet<String>,
    total: i64,
}

/// A document for each listed item; what is added is added to each that is listed then.
pub(crate) struct Items;

impl View for Items {
    type Event = Event;
    type Memo = Memo;
    type Doc = Doc;

    const NAME: &'static str = "items";
    const AGGREGATE: &'static str = "toy";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![Field::keyword("item"), Field::integer("amount"), Field::integer("total"), Field::keyword("log")]
    }

    fn remember(memo: &mut Memo, recorded: &Recorded<'_, Event>) {
        panics_at(recorded.event, "remember");
        match recorded.event {
            Event::Listed(listed) => drop(memo.items.insert(listed.item.clone())),
            Event::Added(added) => memo.total += added.count,
            _ => {}
        }
    }

    fn touches(memo: &Memo, recorded: &Recorded<'_, Event>) -> Vec<String> {
        panics_at(recorded.event, "touches");
        match recorded.event {
            Event::Listed(listed) => vec![listed.item.clone()],
            Event::Delisted(delisted) => vec![delisted.item.clone()],
            Event::Cursed(cursed) => vec![cursed.item.clone()],
            Event::Added(_) => memo.items.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn evolve(memo: &Memo, id: &str, doc: Option<Doc>, recorded: &Recorded<'_, Event>) -> Option<Doc> {
        panics_at(recorded.event, "evolve");
        let mut doc = match (doc, recorded.event) {
            (_, Event::Delisted(_)) => return None,
            (doc, Event::Listed(listed)) => {
                let mut doc = doc.unwrap_or_default();
                doc.insert("amount".into(), listed.amount.clone());
                doc
            }
            (doc, _) => doc?,
        };
        doc.insert("item".into(), json!(id));
        doc.insert("total".into(), json!(memo.total));
        // one entry for each event: an event that is folded twice is seen
        let log = doc.entry("log").or_insert_with(|| json!([]));
        log.as_array_mut()?.push(json!(format!("v{}", recorded.version)));
        Some(doc)
    }
}
