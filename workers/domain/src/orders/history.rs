//! The report `order-history`: a customer's orders, newest first.

use kernel::{
    Id, Report,
    query::{Filter, Query, Sort, USUAL_HITS},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A customer's orders.
pub struct OrderHistory;

/// Whose.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// The customer.
    pub customer: Id,
}

impl Report for OrderHistory {
    type Params = Params;

    const NAME: &'static str = "order-history";
    const VIEW: &'static str = "orders";

    fn query(params: &Params) -> Query {
        Query {
            filter: Filter::equals("customer", params.customer.as_str()),
            sort: vec![Sort { field: "placedAt".into(), descending: true }],
            limit: USUAL_HITS,
            ..Query::default()
        }
    }
}
