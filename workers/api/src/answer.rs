//! A JSON answer.

use aide::OperationOutput;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// `200` with a body; its schema is told in the API's description.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T> OperationOutput for Json<T> {
    type Inner = T;
}
