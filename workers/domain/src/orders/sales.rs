//! The reports `items-sales` and `monthly-sales-by-item`: how many of each article were sold, and for how much.
//!
//! They count the lines of orders that were neither declined nor cancelled, by when they were placed, in UTC.
//! Revenue is in minor units; a shop that sells in several currencies asks the view by `revenueCurrency`.

use std::collections::BTreeMap;

use kernel::{
    Id, Report,
    query::{Aggregation, Filter, Interval, MOST_TERMS, Metric, Query},
    time::Moment,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Units and revenue by article.
pub struct ItemsSales;

/// When.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Period {
    /// Placed at this time or on this day, or later.
    pub from: Moment,
    /// Placed before this time or day.
    pub to: Moment,
}

impl Report for ItemsSales {
    type Params = Period;

    const NAME: &'static str = "items-sales";
    const VIEW: &'static str = "order-lines";

    fn query(params: &Period) -> Query {
        Query {
            filter: Filter::And(sold(params.from, params.to)),
            aggregate: BTreeMap::from([("bySku".into(), by_sku())]),
            ..Query::default()
        }
    }
}

/// Units and revenue by month and article.
pub struct MonthlySalesByItem;

/// Of which article, and when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemAndPeriod {
    /// The article; every one if it is left out.
    pub sku: Option<Id>,
    /// Placed at this time or on this day, or later.
    pub from: Moment,
    /// Placed before this time or day.
    pub to: Moment,
}

impl Report for MonthlySalesByItem {
    type Params = ItemAndPeriod;

    const NAME: &'static str = "monthly-sales-by-item";
    const VIEW: &'static str = "order-lines";

    fn query(params: &ItemAndPeriod) -> Query {
        let mut filters = sold(params.from, params.to);
        filters.extend(params.sku.as_ref().map(|sku| Filter::equals("sku", sku.as_str())));
        let by_month = Aggregation::DateHistogram {
            field: "placedAt".into(),
            interval: Interval::Month,
            aggregate: BTreeMap::from([("bySku".into(), by_sku())]),
        };
        Query {
            filter: Filter::And(filters),
            aggregate: BTreeMap::from([("byMonth".into(), by_month)]),
            ..Query::default()
        }
    }
}

fn sold(Moment(from): Moment, Moment(to): Moment) -> Vec<Filter> {
    let not = |status: &str| Filter::Not(Box::new(Filter::equals("status", status)));
    let period = Filter::between("placedAt", Some(from.into()), Some(to.into()));
    vec![not("declined"), not("cancelled"), period]
}

fn by_sku() -> Aggregation {
    let sum = |field: &str| Aggregation::Metric { metric: Metric::Sum, field: field.into() };
    let told = [("units".into(), sum("quantity")), ("revenue".into(), sum("revenueAmount"))];
    Aggregation::Terms { field: "sku".into(), size: MOST_TERMS, aggregate: BTreeMap::from(told) }
}
