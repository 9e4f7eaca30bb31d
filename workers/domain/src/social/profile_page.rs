//! The report `profile-page`: a profile, and how many follow it, are followed by it, and posts it has.

use std::collections::BTreeMap;

use kernel::{
    Id, Report,
    query::{Aggregation, Filter, Metric, Query},
    report::Part,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The profile is the hit; the counts are the aggregations `followers`, `following` and `posts`.
pub struct ProfilePage;

/// Whose page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// The member's handle.
    pub handle: Id,
}

impl Report for ProfilePage {
    type Params = Params;

    const NAME: &'static str = "profile-page";
    const VIEW: &'static str = "profiles";

    fn query(params: &Params) -> Query {
        Query { filter: Filter::equals("handle", params.handle.as_str()), limit: 1, ..Query::default() }
    }

    fn parts() -> Vec<Part<Params>> {
        vec![
            Part::aggregations("follows", |params| count("followers", "followee", params)),
            Part::aggregations("follows", |params| count("following", "follower", params)),
            Part::aggregations("posts", |params| count("posts", "author", params)),
        ]
    }
}

/// How many documents name the handle in a field.
fn count(name: &str, field: &str, params: &Params) -> Query {
    let count = Aggregation::Metric { metric: Metric::Count, field: field.into() };
    Query {
        filter: Filter::equals(field, params.handle.as_str()),
        aggregate: BTreeMap::from([(name.into(), count)]),
        ..Query::default()
    }
}
