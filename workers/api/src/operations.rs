//! What operators and load balancers ask.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kernel::{StreamId, Violations, schema::Checker};
use pipeline::{
    ports::verify::{VerifyError, VerifyPage},
    steps::read::allow,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    App, Json, Problem,
    request::{Caller, Params, Sent, bad_param},
};

/// How the parts are.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HealthReport {
    /// `ok`, or `unavailable` if a part does not work.
    status: &'static str,
    /// `ok`, or what is wrong, for each part.
    parts: BTreeMap<&'static str, String>,
}

/// `GET /health`.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Response {
    let parts = app.health.parts().await;
    let well = parts.values().all(Option::is_none);
    let parts = parts.into_iter().map(|(name, trouble)| (name, trouble.unwrap_or_else(|| "ok".to_owned()))).collect();
    let (code, status) = if well { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    (code, Json(HealthReport { status, parts })).into_response()
}

/// What `POST /verify` checks: one stream, or all of the tenant's.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyRequest {
    /// The stream.
    #[serde(default)]
    stream: Option<StreamId>,
    /// Where the page before ended.
    #[serde(default)]
    cursor: Option<String>,
}

/// `POST /verify`.
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    caller: Caller,
    params: Params,
    sent: Sent,
) -> Result<Json<VerifyPage>, Problem> {
    params.none_left()?;
    allow(&*app.policies, &caller.claims.actor, "verify", ("System", "verify"), Vec::new())?;
    let request: VerifyRequest = if sent.bytes.is_empty() { VerifyRequest::default() } else { checked(&sent)? };
    let (stream, cursor) = (request.stream.as_ref(), request.cursor.as_deref());
    match app.verify.page(&caller.claims.tenant, stream, cursor).await {
        Ok(page) => Ok(Json(page)),
        Err(VerifyError::BadCursor) => Err(bad_param("cursor", "mismatch", "is no cursor of a verification")),
        Err(VerifyError::Unavailable(error)) => Err(error.into()),
    }
}

/// A body that fits its type's schema; every violation at once.
fn checked<T: JsonSchema + serde::de::DeserializeOwned>(sent: &Sent) -> Result<T, Problem> {
    let mut body = sent.json()?;
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    let checker = Checker::new(&kernel::schema::of::<T>()).map_err(|error| Problem::internal(&error))?;
    let mut violations = Violations::default();
    checker.check(&body, "", &mut violations);
    if !violations.is_empty() {
        return Err(kernel::query::invalid(violations).into());
    }
    // what a pattern lets pass and the type does not, such as `..`
    serde_json::from_value(body).map_err(|error| {
        let mut violations = Violations::default();
        violations.add("", "bad-format", error.to_string());
        kernel::query::invalid(violations).into()
    })
}
