//! The AWS host: adapters of the pipeline's ports over DynamoDB, SQS, EventBridge, Step Functions and OpenSearch.
//!
//! Start at [`config`] (what the environment names) and [`clients`] (one client of each service in a process). Each other
//! module is one service's side of one or more ports; nothing here knows a domain.

pub mod absent;
pub mod announce;
pub mod clients;
pub mod config;
pub mod dynamodb;
pub mod eventbridge;
pub mod health;
pub mod keys;
pub mod lambda;
pub mod opensearch;
pub mod project;
pub mod reannounce;
pub mod relay;
pub mod sqs;
pub mod stepfunctions;
pub mod wiring;

#[cfg(test)]
mod fake;

use aws_smithy_types::error::display::DisplayErrorContext;
use pipeline::ports::Unavailable;

/// Says of a service's error what was tried, and all that the service said.
fn outage<E: std::error::Error>(what: &'static str) -> impl Fn(E) -> Unavailable {
    move |error| Unavailable::new(what, DisplayErrorContext(error))
}
