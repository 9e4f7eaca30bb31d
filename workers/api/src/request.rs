//! What handlers take from a request: the caller, names in the path, parameters, the body.

use std::{sync::Arc, time::Duration};

use aide::OperationInput;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use http_body_util::BodyExt;
use jiff::Timestamp;
use kernel::{
    Code, Refusal, Violations,
    time::{BadTime, Time},
};
use pipeline::{
    ports::identity::{Claims, TokenError},
    steps::read::Reader,
};
use serde::de::DeserializeOwned;

use crate::{App, Problem};

/// The most bytes of a body, batches included.
pub(crate) const LARGEST_BODY: usize = 4 << 20;
/// How much of a body that is too large is read on, so that the sender gets to read the answer.
pub(crate) const DRAINED: usize = 64 << 20;
/// The longest that a request waits.
pub(crate) const LONGEST_WAIT: u64 = 25;
/// How long a question with `after` waits if it doesn't say.
const USUAL_WAIT: u64 = 5;

/// Who calls, by a verified token.
pub(crate) struct Caller {
    pub(crate) claims: Arc<Claims>,
    pub(crate) token: String,
}

impl Caller {
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { tenant: &self.claims.tenant, actor: &self.claims.actor }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)
            .ok_or_else(|| Problem::unauthenticated("a token must be given: `Authorization: Bearer <token>`"))?;
        match app.tokens.verify(token, app.clock.now()).await {
            Ok(claims) => {
                tracing::Span::current().record("tenant", claims.tenant.as_str());
                Ok(Self { claims, token: token.to_owned() })
            }
            Err(TokenError::Unavailable(error)) => Err(error.into()),
            Err(error) => Err(Problem::unauthenticated(error.to_string())),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Names in the path, decoded.
pub(crate) struct Names<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Names<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let names = Path::<T>::from_request_parts(parts, app).await;
        names.map(|Path(names)| Self(names)).map_err(|_| Problem::not_found("there is nothing at this path"))
    }
}

/// The parameters of the query string, decoded, in order.
pub(crate) struct Params(Vec<(String, String)>);

impl FromRequestParts<Arc<App>> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        match Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(error) => Err(Refusal::new(Code::Malformed, error.to_string()).into()),
        }
    }
}

impl Params {
    /// Takes a parameter that may be given once.
    pub(crate) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(at) = self.0.iter().position(|(given, _)| given == name) else { return Ok(None) };
        let (_, value) = self.0.remove(at);
        if self.0.iter().any(|(given, _)| given == name) {
            return Err(bad_param(name, "duplicate", "may be given once"));
        }
        Ok(Some(value))
    }

    /// Takes a parameter of a type.
    pub(crate) fn parse<T: std::str::FromStr>(&mut self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let value = self.take(name)?;
        value.map(|value| value.parse().map_err(|_| bad_param(name, "bad-format", what))).transpose()
    }

    /// Takes a time.
    pub(crate) fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let value = self.take(name)?;
        let parsed = value.map(|value| value.parse().map(|Time(time)| time)).transpose();
        parsed.map_err(|error: BadTime| bad_param(name, "bad-format", error.message()))
    }

    /// Takes `wait`, in seconds.
    pub(crate) fn wait(&mut self) -> Result<Option<Duration>, Problem> {
        let seconds: Option<u64> = self.parse("wait", "must be a whole number of seconds")?;
        match seconds {
            Some(seconds) if seconds > LONGEST_WAIT => {
                Err(bad_param("wait", "out-of-range", &format!("must be at most {LONGEST_WAIT}")))
            }
            seconds => Ok(seconds.map(Duration::from_secs)),
        }
    }

    /// Takes `after` and `wait`.
    pub(crate) fn fresh(&mut self) -> Result<pipeline::steps::query::Fresh, Problem> {
        let after = self.parse("after", "must be `<stream>@<version>`")?;
        let wait = self.wait()?.unwrap_or(Duration::from_secs(USUAL_WAIT));
        Ok(pipeline::steps::query::Fresh { after, wait })
    }

    /// What was not taken.
    pub(crate) fn rest(self) -> Vec<(String, String)> {
        self.0
    }

    /// No more parameters are known.
    pub(crate) fn none_left(self) -> Result<(), Problem> {
        let mut violations = Violations::default();
        for (name, _) in self.0 {
            violations.add(kernel::schema::child("", &name), "unknown-field", "is not a parameter of this request");
        }
        if violations.is_empty() { Ok(()) } else { Err(kernel::query::invalid(violations).into()) }
    }
}

/// One parameter that is not valid.
pub(crate) fn bad_param(name: &str, code: &str, message: &str) -> Problem {
    let mut violations = Violations::default();
    violations.add(kernel::schema::child("", name), code, message);
    kernel::query::invalid(violations).into()
}

/// What a body is, by its `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Lines,
}

/// A body, within bounds.
pub(crate) struct Sent {
    pub(crate) media: Media,
    pub(crate) bytes: Bytes,
}

impl Sent {
    /// The body as JSON, null members kept.
    pub(crate) fn json(&self) -> Result<serde_json::Value, Problem> {
        if self.media != Media::Json {
            return Err(unsupported());
        }
        let parsed = kernel::json::parse_with_nulls(&self.bytes);
        parsed.map_err(|error| Refusal::new(Code::Malformed, format!("not valid json: {error}")).into())
    }
}

impl FromRequest<Arc<App>> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Problem> {
        let media = media_of(request.headers()).ok_or_else(unsupported)?;
        Ok(Self { media, bytes: read_body(request.into_body()).await? })
    }
}

/// A body without a type is taken as JSON.
fn media_of(headers: &HeaderMap) -> Option<Media> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Some(Media::Json) };
    let essence = value.to_str().ok()?.split(';').next()?.trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Some(Media::Json)
    } else if essence.eq_ignore_ascii_case("application/x-ndjson") {
        Some(Media::Lines)
    } else {
        None
    }
}

pub(crate) fn unsupported() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "the body must be application/json, or application/x-ndjson for a batch of commands",
    )
}

pub(crate) fn too_large(message: String) -> Problem {
    Refusal::new(Code::TooLarge, message).into()
}

async fn read_body(mut body: Body) -> Result<Bytes, Problem> {
    let (mut first, mut rest, mut length): (Option<Bytes>, Vec<u8>, usize) = (None, Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| Problem::from(Refusal::new(Code::Malformed, format!("the body broke off: {error}"))))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > DRAINED {
            break;
        }
        if length > LARGEST_BODY {
            rest = Vec::new();
        } else if let Some(first) = &first {
            if rest.is_empty() {
                rest.extend_from_slice(first);
            }
            rest.extend_from_slice(&data);
        } else {
            // most bodies come in one piece, which is not copied
            first = Some(data);
        }
    }
    if length > LARGEST_BODY {
        return Err(too_large(format!("a body may have at most {LARGEST_BODY} bytes")));
    }
    Ok(if rest.is_empty() { first.unwrap_or_default() } else { rest.into() })
}

/// The seconds of `Prefer: wait=N`, capped; what can't be read is ignored, as RFC 7240 says.
pub(crate) fn prefer_wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = preferences.flat_map(|value| value.split(',')).filter_map(|one| one.split(';').next());
    let seconds = preferences.find_map(|one| {
        let (name, value) = one.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"').parse::<u64>().ok())?
    })?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

/// The request's W3C trace context.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    kernel::command::is_traceparent(text).then(|| text.to_owned())
}

impl OperationInput for Caller {}
impl<T> OperationInput for Names<T> {}
impl OperationInput for Params {}
impl OperationInput for Sent {}
