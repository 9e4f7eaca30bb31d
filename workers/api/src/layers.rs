//! What surrounds every request: a span, a time limit, and a net for panics.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::time::timeout;
use tracing::{Instrument, field::Empty};

use crate::{App, Problem, drain, request::traceparent};

/// Answers within the time limit, whatever happens.
pub(crate) async fn surround(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let trace = traceparent(request.headers());
    let trace = trace.as_deref().and_then(|text| text.split('-').nth(1));
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        trace,
        tenant = Empty,
        command = Empty,
        stream = Empty,
    );
    let answer = async {
        let (request, rest) = drain::watch(request);
        let work = async {
            let response = AssertUnwindSafe(next.run(request)).catch_unwind().await;
            rest.drain().await;
            response
        };
        let response = match timeout(app.limits.request, work).await {
            Ok(Ok(response)) => response,
            Ok(Err(panic)) => Problem::internal(&kernel::catalog::panic_message(panic.as_ref())).into_response(),
            Err(_) => Problem::unavailable(&"the request took too long").into_response(),
        };
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    };
    answer.instrument(span).await
}
