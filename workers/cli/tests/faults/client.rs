//! A small client of the HTTP API.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// Longer than any wait in these tests is meant to last.
const PATIENCE: Duration = Duration::from_mins(1);

/// An answer: the HTTP status and the body.
pub(crate) type Answer = (u16, Value);

/// Where the engine is, and who asks.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) token: String,
}

static AGENT: LazyLock<ureq::Agent> = LazyLock::new(|| {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
    config.max_idle_connections_per_host(32).build().into()
});

impl Client {
    /// Asks; `None` if the engine went away before it answered.
    pub(crate) fn try_get(&self, path: &str) -> Option<Answer> {
        let request = AGENT.get(format!("{}{path}", self.url)).header("authorization", self.bearer());
        read(request.call())
    }

    /// Sends; `None` if the engine went away before it answered.
    pub(crate) fn try_post(&self, path: &str, body: &Value, prefer: Option<&str>) -> Option<Answer> {
        let request = AGENT.post(format!("{}{path}", self.url)).header("authorization", self.bearer());
        let request = match prefer {
            Some(prefer) => request.header("prefer", prefer),
            None => request,
        };
        read(request.header("content-type", "application/json").send(body.to_string()))
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap_or_else(|| panic!("no answer to GET {path}"))
    }

    /// The body of what is there.
    pub(crate) fn read(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body, None).unwrap_or_else(|| panic!("no answer to POST {path}"))
    }

    /// Sends a command and waits for what comes of it.
    pub(crate) fn verdict(&self, command: &Value) -> Answer {
        let answer = self.try_post("/commands", command, Some("wait=25"));
        answer.unwrap_or_else(|| panic!("no answer to {command}"))
    }

    /// Sends a command that is to be accepted and settled; its status.
    pub(crate) fn settle(&self, command: &Value) -> Value {
        let (status, body) = self.verdict(command);
        assert_eq!(status, 200, "{command}: {body}");
        assert_ne!(body["status"], "queued", "{command} did not settle");
        body
    }

    /// The statuses of commands, in their order; null where unknown.
    pub(crate) fn statuses(&self, ids: &[String]) -> Vec<Value> {
        let of = |ids: &[String]| {
            let (status, body) = self.post("/commands/status", &json!({ "ids": ids }));
            assert_eq!(status, 200, "{body}");
            ids.iter().map(|id| body["statuses"][id].clone()).collect::<Vec<_>>()
        };
        ids.chunks(1_000).flat_map(of).collect()
    }

    /// The statuses of commands once all are settled.
    pub(crate) fn settled(&self, ids: &[String]) -> Vec<Value> {
        let mut statuses = Vec::new();
        until("every acknowledged command is settled", || {
            statuses = self.statuses(ids);
            let open = |status: &&Value| status.is_null() || status["status"] == "queued";
            match statuses.iter().filter(open).count() {
                0 => Ok(()),
                left => Err(format!("{left} of {} are not, {:?}", ids.len(), statuses.iter().find(open))),
            }
        });
        statuses
    }

    /// A stream's events, all pages.
    pub(crate) fn history(&self, stream: &str) -> Vec<Value> {
        let (mut events, mut from) = (Vec::new(), 1);
        loop {
            let (status, mut page) = self.get(&format!("/streams/{stream}?from={from}&limit=1000"));
            if status == 404 {
                return events;
            }
            assert_eq!(status, 200, "history of {stream}: {page}");
            events.append(page["events"].as_array_mut().unwrap());
            match page["next"].as_u64() {
                Some(next) => from = next,
                None => return events,
            }
        }
    }

    /// What `POST /verify` finds wrong, all pages.
    pub(crate) fn differences(&self) -> Vec<Value> {
        let (mut differences, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let (status, mut page) = self.post("/verify", &json!({ "cursor": cursor }));
            assert_eq!(status, 200, "verify: {page}");
            differences.append(page["differences"].as_array_mut().unwrap());
            cursor = page["next"].take();
            if cursor.is_null() {
                return differences;
            }
        }
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Answer> {
    let mut answer = answer.ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Some((answer.status().as_u16(), body))
}

/// Asks again and again until it is so; panics with what it last was.
#[track_caller]
pub(crate) fn until(what: &str, mut reached: impl FnMut() -> Result<(), String>) {
    let start = Instant::now();
    loop {
        let Err(last) = reached() else { return };
        assert!(start.elapsed() < PATIENCE, "never came true: {what}: {last}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A command as of now.
pub(crate) fn command(id: &str, stream: &str, kind: &str, data: &Value) -> Value {
    let now = jiff::Timestamp::now().to_string();
    json!({ "id": id, "stream": stream, "type": kind, "issuedAt": now, "data": data })
}

/// A comment on a stream of its own.
pub(crate) fn comment(id: &str, stream: &str, text: &str) -> Value {
    command(id, stream, "CreateComment", &json!({ "subject": "picture/42", "text": text }))
}
