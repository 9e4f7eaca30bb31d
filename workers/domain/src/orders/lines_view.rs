//! The view `order-lines`: what was ordered of each article; what sales are counted by.

use events::order::Event;
use jiff::Timestamp;
use kernel::{Field, Recorded, RowFilter, View};
use serde::{Deserialize, Serialize};

use super::order::Status;

/// One document for each line of each order, `<order>:<n>`, counted from 1.
pub struct OrderLines;

/// A line as it is found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    order: String,
    customer: String,
    sku: String,
    name: String,
    quantity: i64,
    revenue_amount: i64,
    revenue_currency: String,
    status: Status,
    placed_at: Timestamp,
}

impl View for OrderLines {
    type Event = Event;
    /// How many lines the order has.
    type Memo = usize;
    type Doc = Document;

    const NAME: &'static str = "order-lines";
    const AGGREGATE: &'static str = "order";
    const REVISION: u32 = 1;

    fn fields() -> Vec<Field> {
        vec![
            Field::keyword("order"),
            Field::keyword("customer"),
            Field::keyword("sku"),
            Field::text_and_exact("name"),
            Field::integer("quantity"),
            Field::integer("revenueAmount"),
            Field::keyword("revenueCurrency"),
            Field::keyword("status"),
            Field::date_time("placedAt"),
        ]
    }

    fn row_filters() -> Vec<RowFilter> {
        vec![RowFilter { role: "customer", field: "customer" }]
    }

    fn remember(lines: &mut usize, recorded: &Recorded<'_, Event>) {
        if let Event::OrderPlaced(e) = recorded.event {
            *lines = e.lines.len();
        }
    }

    fn touches(lines: &usize, recorded: &Recorded<'_, Event>) -> Vec<String> {
        (1..=*lines).map(|number| format!("{}:{number}", recorded.stream.id())).collect()
    }

    fn evolve(_: &usize, id: &str, doc: Option<Document>, recorded: &Recorded<'_, Event>) -> Option<Document> {
        let status = Status::after(recorded.event);
        let Event::OrderPlaced(e) = recorded.event else { return doc.map(|doc| Document { status, ..doc }) };
        let number: usize = id.rsplit_once(':')?.1.parse().ok()?;
        let line = e.lines.get(number.checked_sub(1)?)?;
        Some(Document {
            order: recorded.stream.id().to_owned(),
            customer: e.customer.to_string(),
            sku: line.sku.to_string(),
            name: line.name.clone(),
            quantity: line.quantity,
            revenue_amount: line.amount(),
            revenue_currency: line.unit_price.currency.clone(),
            status,
            placed_at: recorded.time,
        })
    }
}
