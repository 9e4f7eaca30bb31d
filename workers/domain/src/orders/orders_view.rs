//! The view `orders`: what was ordered, and where that stands.

use events::order::Event;
use jiff::Timestamp;
use kernel::{Field, Recorded, RowFilter, View};
use serde::{Deserialize, Serialize};

use super::order::Status;

/// One document for each order.
pub struct Orders;

/// An order as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    customer: String,
    status: Status,
    lines: usize,
    skus: Vec<String>,
    names: Vec<String>,
    total_amount: i64,
    total_currency: String,
    carrier: Option<String>,
    tracking: Option<String>,
    placed_at: Timestamp,
}

impl View for Orders {
    type Event = Event;
    type Memo = ();
    type Doc = Document;

    const NAME: &'static str = "orders";
    const AGGREGATE: &'static str = "order";
    const REVISION: u32 = 1;
    const CURSOR: bool = false;

    fn fields() -> Vec<Field> {
        vec![
            Field::keyword("customer"),
            Field::keyword("status"),
            Field::integer("lines"),
            Field::keyword("skus"),
            Field::text("names"),
            Field::integer("totalAmount"),
            Field::keyword("totalCurrency"),
            Field::keyword("carrier"),
            Field::keyword("tracking"),
            Field::date_time("placedAt"),
        ]
    }

    fn row_filters() -> Vec<RowFilter> {
        vec![RowFilter { role: "customer", field: "customer" }]
    }

    fn touches((): &(), recorded: &Recorded<'_, Event>) -> Vec<String> {
        vec![recorded.stream.id().to_owned()]
    }

    fn evolve((): &(), _: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        let status = Status::after(recorded.event);
        match recorded.event {
            Event::OrderPlaced(e) => Some(Document {
                customer: e.customer.to_string(),
                status,
                lines: e.lines.len(),
                skus: e.lines.iter().map(|line| line.sku.to_string()).collect(),
                names: e.lines.iter().map(|line| line.name.clone()).collect(),
                total_amount: e.total.amount,
                total_currency: e.total.currency.clone(),
                carrier: None,
                tracking: None,
                placed_at: recorded.time,
            }),
            Event::OrderShipped(e) => {
                let (carrier, tracking) = (Some(e.carrier.clone()), Some(e.tracking.clone()));
                doc.map(|doc| Document { status, carrier, tracking, ..doc })
            }
            _ => doc.map(|doc| Document { status, ..doc }),
        }
    }
}
