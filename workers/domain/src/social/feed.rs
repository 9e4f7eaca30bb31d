//! The report `feed`: what those whom a member follows have published, newest first.

use kernel::{
    Id, Report,
    query::{Filter, Query, Sort, USUAL_HITS},
    report::Part,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// The posts of up to 1,000 whom a member follows: if they follow more, of the first by handle.
pub struct Feed;

/// Whose feed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// The member's handle.
    pub handle: Id,
}

impl Report for Feed {
    type Params = Params;

    const NAME: &'static str = "feed";
    const VIEW: &'static str = "posts";

    fn query(_: &Params) -> Query {
        let newest_first = Sort { field: "publishedAt".into(), descending: true };
        Query { sort: vec![newest_first], limit: USUAL_HITS, ..Query::default() }
    }

    fn parts() -> Vec<Part<Params>> {
        vec![Part::values("follows", "followee", "author", |params| Query {
            filter: Filter::equals("follower", params.handle.as_str()),
            ..Query::default()
        })]
    }
}
