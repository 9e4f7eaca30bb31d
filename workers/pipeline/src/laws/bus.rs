//! What every bus must do.

#![expect(clippy::unwrap_used, reason = "a bus that doesn't answer has failed")]
#![expect(clippy::missing_panics_doc, reason = "a law that doesn't hold panics")]

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use serde_json::value::RawValue;

use crate::ports::{
    Unavailable,
    feed::{Bus, BusEntry},
};

/// One test for each law; `$fresh` is an async function that makes a bus on which nothing was told, and what must
/// outlive it.
#[macro_export]
macro_rules! bus_laws {
    ($fresh:path) => {
        $crate::bus_laws! { [$crate::laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:path) => {
        $($each)+! { bus, $fresh:
            what_is_accepted_is_heard_as_it_was_published,
            each_entry_is_answered_by_itself_in_its_place,
            nothing_published_is_nothing_accepted,
        }
    };
}

/// How often it is asked whether all was heard, and how long after.
const LOOKS: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);
/// More than any bus takes in one entry.
const TOO_LARGE: usize = 2 << 20;

/// A bus, and what was heard on it.
#[async_trait]
pub trait HeardBus: Bus {
    /// All that a subscriber of everything has heard, in any order, an entry perhaps more than once.
    async fn heard(&self) -> Result<Vec<BusEntry>, Unavailable>;
}

fn entry(detail: String) -> BusEntry {
    let detail = RawValue::from_string(detail).unwrap();
    BusEntry { source: "factmill.count".into(), detail_type: "Counted".into(), detail }
}

fn numbered(number: usize) -> String {
    format!(r#"{{"number": {number}, "price": 1.50, "name": "né"}}"#)
}

/// The texts of what was heard, as soon as there are so many different ones.
async fn heard(bus: &dyn HeardBus, count: usize) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for _ in 0..LOOKS {
        let entries = bus.heard().await.unwrap();
        texts = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        if texts.len() >= count {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    texts
}

/// Not a byte of the detail is changed, and the source and type are what rules match.
pub async fn what_is_accepted_is_heard_as_it_was_published(bus: &dyn HeardBus) {
    let entries: Vec<_> = (0..3).map(|number| entry(numbered(number))).collect();
    let texts = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    assert!(bus.publish(entries).await.iter().all(Result::is_ok));
    assert_eq!(heard(bus, 3).await, texts);
}

/// However many there are: one that can't be taken fails alone, and the answers stand in the order of the entries.
pub async fn each_entry_is_answered_by_itself_in_its_place(bus: &dyn HeardBus) {
    let large = |number: usize| [3, 17].contains(&number);
    let detail =
        |number: usize| if large(number) { format!("\"{}\"", "x".repeat(TOO_LARGE)) } else { numbered(number) };
    let entries: Vec<_> = (0..25).map(|number| entry(detail(number))).collect();
    let kept = entries.iter().enumerate().filter(|(number, _)| !large(*number));
    let kept: BTreeSet<_> = kept.map(|(_, entry)| serde_json::to_string(entry).unwrap()).collect();
    let answers: Vec<_> = bus.publish(entries).await.iter().map(Result::is_ok).collect();
    assert_eq!(answers, (0..25).map(|number| !large(number)).collect::<Vec<_>>());
    assert_eq!(heard(bus, 23).await, kept);
}

/// An empty call is no mistake.
pub async fn nothing_published_is_nothing_accepted(bus: &dyn HeardBus) {
    assert!(bus.publish(Vec::new()).await.is_empty());
}
