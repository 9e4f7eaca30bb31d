//! The API's description: OpenAPI 3.1 from the code, and a page to read and try it.
use crate::App;
use aide::{openapi::OpenApi, transform::TransformOperation as Op};
use axum::Router;
use kernel::Catalog;
use std::sync::Arc;
pub(crate) fn document(_: &Catalog, api: &OpenApi) -> serde_json::Value {
    serde_json::to_value(api).unwrap_or_default()
}
pub(crate) fn router(_: serde_json::Value) -> Router<Arc<App>> {
    Router::new()
}
pub(crate) fn post_commands(op: Op<'_>) -> Op<'_> {
    op
}
pub(crate) use post_commands as check_command;
pub(crate) use post_commands as command_statuses;
pub(crate) use post_commands as command_status;
pub(crate) use post_commands as list_views;
pub(crate) use post_commands as find_in_view;
pub(crate) use post_commands as search_view;
pub(crate) use post_commands as get_document;
pub(crate) use post_commands as list_reports;
pub(crate) use post_commands as get_report;
pub(crate) use post_commands as get_events;
pub(crate) use post_commands as get_state;
pub(crate) use post_commands as verify;
pub(crate) use post_commands as health;
