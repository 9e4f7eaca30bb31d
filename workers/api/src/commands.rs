//! Commands in, one by one; and what came of them.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kernel::{Code, Command, Id, Refusal, StreamId, Violations};
use pipeline::{
    ports::{
        queue::{Message, SendError},
        status::{Known, Outcome, Status},
    },
    steps::{
        door::{Door, Judged, Refused},
        read::allow,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    App, Json, Problem, batch,
    request::{Caller, Media, Names, Params, Sent, prefer_wait, traceparent, unsupported},
    waiting,
};

/// The most statuses that are asked for at once.
const MOST_STATUSES: usize = 1_000;

/// `POST /commands`: one command, or a batch.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    params: Params,
    sent: Sent,
) -> Result<Response, Problem> {
    params.none_left()?;
    let texts = match sent.media {
        Media::Lines => batch::lines(&sent.bytes)?,
        Media::Json if sent.bytes.trim_ascii_start().starts_with(b"[") => batch::elements(&sent.bytes)?,
        Media::Json => return one(&app, &caller, &headers, &sent.bytes).await,
    };
    batch::post(&app, &caller, traceparent(&headers), &texts).await
}

async fn one(app: &App, caller: &Caller, headers: &HeaderMap, text: &[u8]) -> Result<Response, Problem> {
    let wait = prefer_wait(headers);
    let claims = &caller.claims;
    let at = app.clock.now();
    let judged = app.door().judge(claims, &[text], at).await.pop();
    let command = match judged {
        Some(Judged::Enter(command)) => command,
        Some(Judged::Settled(command, first)) => return Ok(first_outcome(&command, *first, wait)),
        Some(Judged::Refused(refused)) => {
            record(app, caller, [&*refused], at).await;
            return Err(refused.refusal.into());
        }
        None => return Err(Problem::internal(&"the door said nothing")),
    };
    note(&command);
    let message = Message {
        group: format!("{}/{}", claims.tenant, command.stream),
        body: batch::utf8(text)?.to_owned(),
        authorization: caller.token.clone(),
        traceparent: traceparent(headers),
        task_token: None,
    };
    let received = match app.queue.send(vec![message]).await.pop() {
        Some(Ok(received)) => received,
        Some(Err(SendError::Busy(after))) => return Err(Problem::busy(after)),
        Some(Err(SendError::Unavailable(error))) => return Err(error.into()),
        None => return Err(Problem::internal(&"the queue said nothing")),
    };
    if let Some(wait) = wait {
        let actor = claims.actor.sub.as_str();
        let verdict = waiting::verdict(&*app.statuses, &claims.tenant, (&command, actor), received, wait).await?;
        if let Some(known) = verdict {
            return Ok(applied(Json(known.status).into_response(), Some(wait)));
        }
    }
    Ok(applied(accepted(queued(*command, received)), wait))
}

/// The answer to a command that was settled before.
fn first_outcome(command: &Command, first: Known, wait: Option<Duration>) -> Response {
    note(command);
    if wait.is_some() { applied(Json(first.status).into_response(), wait) } else { accepted(first.status) }
}

/// `202`, and where to look.
fn accepted(status: Status) -> Response {
    let location = format!("/commands/{}?received={}", status.id, status.received_at);
    let mut response = (StatusCode::ACCEPTED, Json(status)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn applied(mut response: Response, wait: Option<Duration>) -> Response {
    if let Some(wait) = wait
        && let Ok(value) = HeaderValue::from_str(&format!("wait={}", wait.as_secs()))
    {
        response.headers_mut().insert("preference-applied", value);
    }
    response
}

fn queued(command: Command, received: Timestamp) -> Status {
    Status {
        id: command.id,
        stream: command.stream,
        kind: command.kind,
        status: Outcome::Queued,
        received_at: received,
        settled_at: None,
        version: None,
        events: Vec::new(),
        rejection: None,
        refusal: None,
        failure: None,
    }
}

fn note(command: &Command) {
    let span = tracing::Span::current();
    span.record("command", command.id.as_str());
    span.record("stream", command.stream.as_str());
}

/// Records what the door refused. The caller is told directly, so a store that can't take it is only logged.
pub(crate) async fn record<'a>(
    app: &App,
    caller: &Caller,
    refused: impl IntoIterator<Item = &'a Refused>,
    at: Timestamp,
) {
    let actor = caller.claims.actor.sub.as_str();
    let known: Vec<_> = refused.into_iter().filter_map(|refused| refused.to_known(actor, at)).collect();
    if known.is_empty() {
        return;
    }
    let count = known.len();
    if let Err(error) = app.statuses.record(&caller.claims.tenant, known).await {
        tracing::error!(%error, count, "refusals could not be recorded");
    }
}

/// What `POST /commands/check` says of a command that would be queued.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Checked {
    /// True.
    valid: bool,
}

/// `POST /commands/check`: what the door would say.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    caller: Caller,
    params: Params,
    sent: Sent,
) -> Result<Json<Checked>, Problem> {
    params.none_left()?;
    if sent.media != Media::Json {
        return Err(unsupported());
    }
    match app.door().judge(&caller.claims, &[&sent.bytes], app.clock.now()).await.pop() {
        Some(Judged::Refused(refused)) => Err(refused.refusal.into()),
        _ => Ok(Json(Checked { valid: true })),
    }
}

/// `GET /commands/{id}`.
pub(crate) async fn get(
    app: State<Arc<App>>,
    caller: Caller,
    Names(id): Names<String>,
    params: Params,
) -> Result<Json<Status>, Problem> {
    status(app, caller, &id, params).await
}

/// The status of a command whose id is also the name of a route.
pub(crate) async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
    id: &str,
    mut params: Params,
) -> Result<Json<Status>, Problem> {
    let wait = params.wait()?.unwrap_or_default();
    let received = params.time("received")?;
    params.none_left()?;
    let id: Id = id.parse().map_err(|_| Problem::unknown_command(id))?;
    tracing::Span::current().record("command", id.as_str());
    let visible = |known: &Known| may_see(&app, &caller, known);
    let known = waiting::status(&*app.statuses, &caller.claims.tenant, &id, received, wait, visible).await?;
    let known = known.ok_or_else(|| Problem::unknown_command(id.as_str()))?;
    Ok(Json(known.status))
}

/// A status is read by whom the policies let: its actor, for one.
fn may_see(app: &App, caller: &Caller, known: &Known) -> bool {
    let actor = &caller.claims.actor;
    let attributes = vec![("actor", known.actor.as_str().into())];
    let resource = ("CommandStatus", known.status.id.as_str());
    allow(&*app.policies, actor, "read", resource, attributes).is_ok()
}

/// What is answered to an accepted command, or to a batch.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the two answers of one route")]
pub(crate) enum Accepted {
    /// One command's status.
    One(Box<Status>),
    /// A batch's count and refusals.
    Batch(batch::Summary),
}

/// The ids of `POST /commands/status`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its schema describes the request; the body is read with pointers to what is wrong")]
pub(crate) struct Ids {
    /// At most 1,000.
    #[schemars(length(max = 1000))]
    ids: Vec<Id>,
}

/// The answer to `POST /commands/status`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Statuses {
    /// Each status by its command's id; null where it is unknown or not visible yet.
    statuses: BTreeMap<String, Option<Status>>,
}

/// `POST /commands/status`.
pub(crate) async fn statuses(
    State(app): State<Arc<App>>,
    caller: Caller,
    params: Params,
    sent: Sent,
) -> Result<Json<Statuses>, Problem> {
    params.none_left()?;
    let ids = read_ids(&sent.json()?)?;
    let known = app.statuses.read(&caller.claims.tenant, &ids).await?;
    // the policies know a status by its actor: one ruling for all of an actor's
    let mut seen: HashMap<String, bool> = HashMap::new();
    let visible = |known: Option<Known>| {
        let known = known?;
        let may = match seen.get(&known.actor) {
            Some(may) => *may,
            None => *seen.entry(known.actor.clone()).or_insert_with(|| may_see(&app, &caller, &known)),
        };
        may.then_some(known.status)
    };
    let statuses = ids.iter().map(|id| id.as_str().to_owned()).zip(known.into_iter().map(visible)).collect();
    Ok(Json(Statuses { statuses }))
}

fn read_ids(body: &serde_json::Value) -> Result<Vec<Id>, Problem> {
    let members = body.as_object().ok_or_else(|| Refusal::new(Code::Malformed, "the body must be a json object"))?;
    let mut violations = Violations::default();
    for name in members.keys().filter(|name| *name != "ids") {
        violations.add(kernel::schema::child("", name), "unknown-field", "must be `ids`");
    }
    let mut ids = Vec::new();
    match members.get("ids") {
        None => violations.add("/ids", "required", "must be given"),
        Some(serde_json::Value::Array(items)) if items.len() > MOST_STATUSES => {
            violations.add("/ids", "too-long", format!("must have at most {MOST_STATUSES} items"));
        }
        Some(serde_json::Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                match item.as_str().map(str::parse) {
                    Some(Ok(id)) => ids.push(id),
                    Some(Err(error)) => {
                        let error: kernel::id::BadId = error;
                        violations.add(format!("/ids/{index}"), "bad-format", error.message());
                    }
                    None => violations.add(format!("/ids/{index}"), "wrong-type", "must be a string"),
                }
            }
        }
        Some(_) => violations.add("/ids", "wrong-type", "must be an array"),
    }
    if violations.is_empty() { Ok(ids) } else { Err(kernel::query::invalid(violations).into()) }
}

/// The door of this entry point.
impl App {
    pub(crate) fn door(&self) -> Door<'_> {
        Door { catalog: &self.catalog, policies: &*self.policies, statuses: &*self.statuses }
    }

    /// A stream by the names in a path.
    pub(crate) fn stream(aggregate: &str, id: &str) -> Result<StreamId, Problem> {
        format!("{aggregate}/{id}").parse().map_err(|_| Problem::not_found("there is no such stream"))
    }
}
