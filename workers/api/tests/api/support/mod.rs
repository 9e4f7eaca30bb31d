//! A world to ask: the router over ports in memory, and short forms of requests.

mod notes;
mod ports;

use std::sync::Arc;

use api::{App, Limits};
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use kernel::{Code, Refusal, Verdict};
use pipeline::ports::status::{About, EventRef, Known, Outcome};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) use notes::{Event, NoteWritten};
pub(crate) use ports::now;
use ports::{Commits, Fixed, Index, NothingDiffers, Parts, Policies, Queue, Statuses, Tokens};

pub(crate) const STAFF: &str = "alice:staff:demo";
pub(crate) const GUEST: &str = "bob:guest:demo";

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) queue: Arc<Queue>,
    pub(crate) statuses: Arc<Statuses>,
    pub(crate) commits: Arc<Commits>,
    pub(crate) index: Arc<Index>,
    pub(crate) health: Arc<Parts>,
}

pub(crate) fn world() -> World {
    world_within(Limits::default())
}

pub(crate) fn world_within(limits: Limits) -> World {
    let (queue, statuses, commits) = (Arc::<Queue>::default(), Arc::<Statuses>::default(), Arc::<Commits>::default());
    let (index, health) = (Arc::<Index>::default(), Arc::<Parts>::default());
    let router = api::router(App {
        catalog: Arc::new(notes::catalog()),
        clock: Arc::new(Fixed),
        queue: queue.clone(),
        statuses: statuses.clone(),
        commits: commits.clone(),
        index: index.clone(),
        tokens: Arc::new(Tokens),
        policies: Arc::new(Policies),
        verify: Arc::new(NothingDiffers),
        health: health.clone(),
        limits,
    });
    World { router, queue, statuses, commits, index, health }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Reply {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, of an answer with this status.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// The problem, of this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.ok(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)), "{body}");
        assert_eq!(body["type"], "about:blank");
        assert!(body["title"].is_string() && body["detail"].is_string());
        body
    }

    /// The problem `invalid` with these violations, as `pointer code`, sorted.
    #[track_caller]
    pub(crate) fn invalid(&self, violations: &[&str]) {
        let body = self.problem(400, "invalid");
        let told = body["violations"].as_array().into_iter().flatten();
        let mut told: Vec<_> =
            told.map(|v| format!("{} {}", v["pointer"].as_str().unwrap(), v["code"].as_str().unwrap())).collect();
        told.sort();
        assert_eq!(told, violations, "{body}");
    }
}

/// A request while it is put together.
pub(crate) struct Ask<'a> {
    world: &'a World,
    request: axum::http::request::Builder,
    body: Body,
}

impl World {
    fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        Ask { world: self, request: Request::builder().method(method).uri(path), body: Body::empty() }
    }

    pub(crate) fn get(&self, path: &str) -> Ask<'_> {
        self.ask("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: impl ToString) -> Ask<'_> {
        let mut ask = self.ask("POST", path).header("content-type", "application/json");
        ask.body = Body::from(body.to_string());
        ask
    }

    pub(crate) fn text(&self, path: &str, media: &str) -> Ask<'_> {
        let mut ask = self.ask("POST", path).header("content-type", media);
        ask.body = Body::from("{}");
        ask
    }

    pub(crate) fn lines(&self, body: impl Into<Body>) -> Ask<'_> {
        let mut ask = self.ask("POST", "/commands").header("content-type", "application/x-ndjson");
        ask.body = body.into();
        ask
    }

    /// The bodies that were queued, with their groups.
    pub(crate) fn queued(&self) -> Vec<(String, String)> {
        let sent = self.queue.sent.lock().unwrap();
        sent.iter().map(|message| (message.group.clone(), message.body.clone())).collect()
    }
}

impl Ask<'_> {
    pub(crate) fn by(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) async fn send(self) -> Reply {
        let request = self.request.body(self.body).unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }
}

/// A good command.
pub(crate) fn write_note(id: &str, stream: &str) -> Value {
    json!({"id": id, "stream": stream, "type": "WriteNote", "issuedAt": now().to_string(), "data": {"text": "a"}})
}

/// Digest of a command's content.
pub(crate) fn digest(command: &Value) -> String {
    kernel::command::Envelope::read(command.clone()).unwrap().finish().unwrap().digest
}

fn known(command: &Value, actor: &str, received: jiff::Timestamp) -> Known {
    let (id, stream) =
        (command["id"].as_str().unwrap().parse().unwrap(), command["stream"].as_str().unwrap().parse().unwrap());
    let digest = digest(command);
    let about = About {
        id: &id,
        stream: &stream,
        kind: command["type"].as_str().unwrap(),
        digest: Some(&digest),
        actor,
        received_at: received,
    };
    Known::refused(about, Refusal::new(Code::Forbidden, "no"), received)
}

pub(crate) fn refused(command: &Value, actor: &str, received: jiff::Timestamp) -> Known {
    known(command, actor, received)
}

pub(crate) fn committed(command: &Value, actor: &str) -> Known {
    let mut known = known(command, actor, now());
    let status = &mut known.status;
    (status.status, status.refusal, status.version) = (Outcome::Committed, None, Some(1));
    status.events = vec![EventRef { kind: "NoteWritten".into(), version: 1 }];
    known
}

pub(crate) fn rejected(command: &Value, actor: &str) -> Known {
    let mut known = known(command, actor, now());
    let status = &mut known.status;
    (status.status, status.refusal, status.version) = (Outcome::Rejected, None, Some(0));
    status.rejection = Some(Verdict { code: "closed".into(), message: "it is closed".into(), detail: None });
    known
}

pub(crate) fn queued(command: &Value, actor: &str) -> Known {
    let mut known = known(command, actor, now());
    (known.status.status, known.status.refusal, known.status.settled_at) = (Outcome::Queued, None, None);
    known
}
