//! The view `customers`: who they are, and how many points they have.

use events::customer::{Details, Event};
use kernel::{Field, Recorded, RowFilter, View};
use serde::{Deserialize, Serialize};

/// One document for each customer; a deleted one stays, and says so.
pub struct Customers;

/// Whether somebody is a customer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// They are.
    Active,
    /// They left.
    Deleted,
}

/// A customer as they are found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    #[serde(flatten)]
    details: Details,
    points: u64,
    status: Status,
}

impl View for Customers {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "customers";
    const AGGREGATE: &'static str = "customer";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![
            Field::text_and_exact("name"),
            Field::keyword("email"),
            Field::keyword("phone"),
            Field::integer("points"),
            Field::keyword("status"),
        ]
    }

    fn row_filters() -> Vec<RowFilter> {
        vec![RowFilter { role: "customer", field: "stream" }]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        if let Event::CustomerRegistered(e) = recorded.event {
            return Some(Document { details: e.details.clone(), points: 0, status: Status::Active });
        }
        let doc = doc?;
        Some(match recorded.event {
            Event::CustomerRegistered(_) => doc,
            Event::CustomerUpdated(e) => Document { details: e.over(doc.details), ..doc },
            Event::CustomerDeleted(_) => Document { status: Status::Deleted, ..doc },
            Event::CustomerRestored(e) => Document { details: e.details.clone(), status: Status::Active, ..doc },
            Event::RewardAdded(e) => Document { points: doc.points.saturating_add(e.points), ..doc },
            Event::RewardRedeemed(e) => Document { points: doc.points.saturating_sub(e.points), ..doc },
        })
    }
}
