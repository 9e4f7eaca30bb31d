//! The adapters of the AWS host.

pub mod opensearch;
