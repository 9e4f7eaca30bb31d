//! The report `occupancy`: how many nights were taken in each month, of each room type.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kernel::{
    Report,
    query::{Aggregation, Filter, Interval, Metric, Query},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Nights by month and room type.
pub struct Occupancy;

/// Of which hotel, and when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// The hotel.
    #[schemars(length(min = 1))]
    pub hotel: String,
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub to: Date,
}

/// The most room types that are told of a month.
const MOST_ROOM_TYPES: usize = 1_000;

impl Report for Occupancy {
    type Params = Params;

    const NAME: &'static str = "occupancy";
    const VIEW: &'static str = "availability";

    fn query(params: &Params) -> Query {
        let nights = Aggregation::Metric { metric: Metric::Sum, field: "booked".into() };
        let by_room_type = Aggregation::Terms {
            field: "roomType".into(),
            size: MOST_ROOM_TYPES,
            aggregate: BTreeMap::from([("nights".into(), nights)]),
        };
        let by_month = Aggregation::DateHistogram {
            field: "night".into(),
            interval: Interval::Month,
            aggregate: BTreeMap::from([("byRoomType".into(), by_room_type)]),
        };
        let period = Filter::between("night", Some(params.from.into()), Some(params.to.into()));
        Query {
            filter: Filter::And(vec![Filter::equals("hotel", params.hotel.as_str()), period]),
            aggregate: BTreeMap::from([("byMonth".into(), by_month)]),
            ..Query::default()
        }
    }
}
