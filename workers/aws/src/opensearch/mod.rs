//! OpenSearch: the search index of the views, and the statuses of commands.
//!
//! [`OpenSearchIndex`] and [`OpenSearchStatuses`] are the ports' adapters; start with `columns`, what is indexed and
//! how. Both are written over a [`Client`], to the URL that [`Domain`] finds.

mod aggregate;
mod bulk;
mod client;
mod columns;
mod domain;
mod index;
mod names;
mod page;
mod query;
mod refresh;
mod scan;
mod search;
mod statuses;
mod stored;

pub use client::Client;
pub use domain::Domain;
pub use index::{OpenSearchIndex, encode};
pub use names::Naming;
pub use statuses::OpenSearchStatuses;
