//! Errors as RFC 9457 problems.

use std::time::Duration;

use aide::OperationOutput;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kernel::{Code, Refusal, Violation};
use pipeline::{ports::Unavailable, steps::read::ReadError};
use schemars::JsonSchema;
use serde::Serialize;

/// When to ask again for what is not there yet.
const SOON: Duration = Duration::from_secs(1);

/// A problem's document.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Body {
    /// `about:blank`: the code says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong and what to do.
    detail: String,
    /// A stable code.
    code: &'static str,
    /// The fields that are wrong, at most 32.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    /// How many more violations there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
    /// What to look for in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// An answer that is an error.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    retry_after: Option<Duration>,
    body: Box<Body>,
}

impl Problem {
    /// A problem of a code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let body = Body {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            violations: Vec::new(),
            more: None,
            id: None,
        };
        Self { status, retry_after: None, body: Box::new(body) }
    }

    /// Nothing of that name.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// A command that is unknown, not visible yet, or not the caller's to see.
    pub fn unknown_command(id: &str) -> Self {
        let detail = format!("there is no command `{id}`, or it is not visible yet");
        Self::new(StatusCode::NOT_FOUND, "unknown-command", detail).retry_after(SOON)
    }

    /// The caller is not known.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// The queue is full.
    pub fn busy(after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "the queue is full: send it again later").retry_after(after)
    }

    /// The infrastructure can't do it now; the reason goes to the log.
    pub fn unavailable(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "unavailable");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "this can't be done now: try again later")
            .retry_after(SOON)
    }

    /// Something is broken; the reason goes to the log, under an id that the answer tells.
    pub fn internal(reason: &dyn std::fmt::Display) -> Self {
        let id = incident();
        tracing::error!(id, %reason, "internal error");
        let detail = format!("something is broken here: the log tells more under `{id}`");
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
        problem.body.id = Some(id);
        problem
    }

    /// The same, with the time after which to ask again.
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The code.
    pub fn code(&self) -> &'static str {
        self.body.code
    }
}

/// An id that is easy to find in a log: the time, and a count within the process.
fn incident() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{:x}-{count:x}", jiff::Timestamp::now().as_millisecond(), std::process::id())
}

/// The HTTP status that a refusal answers directly.
pub(crate) fn status_of(code: Code) -> StatusCode {
    match code {
        Code::Malformed | Code::Invalid | Code::UnknownType | Code::Stale => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::IdReused => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Busy => StatusCode::TOO_MANY_REQUESTS,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = Self::new(status_of(refusal.code), refusal.code.as_str(), refusal.message);
        problem.body.violations = refusal.violations;
        problem.body.more = refusal.more;
        if refusal.code == Code::Busy { problem.retry_after(SOON) } else { problem }
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(&error)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unknown(_) => Self::not_found(error.to_string()),
            ReadError::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", error.to_string()),
            ReadError::Invalid(refusal) => refusal.into(),
            ReadError::NotYetProjected(detail) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-yet-projected", detail).retry_after(SOON)
            }
            ReadError::Corrupt(corrupt) => Self::internal(&corrupt),
            ReadError::Unavailable(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

impl OperationOutput for Problem {
    type Inner = Self;
}
