//! Reports: named, parameterised queries over views.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::query::Query;

/// A query with a name and typed parameters. The result has the shape of a search's.
pub trait Report: 'static {
    /// The parameters: camelCase texts in a query string. Derive `Deserialize` and `JsonSchema`.
    type Params: DeserializeOwned + JsonSchema;
    /// The report's name, as in `GET /reports/{name}`.
    const NAME: &'static str;
    /// The view that is asked.
    const VIEW: &'static str;

    /// The query that answers it. Parameters have passed their schema.
    fn query(params: &Self::Params) -> Query;
}
