//! The HTTP client: one pooled agent, problems decoded, passing faults retried.
//!
//! Every request of factmill is safe to repeat (commands carry their own idempotency key), so all of them are.

mod problem;
mod url;

use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::http::{HeaderMap, Method, Request, Response};
use ureq::{Agent, Body};

pub use self::problem::{Problem, Violation};
pub use self::url::{Url, encode};
use crate::failure::Failure;

/// How often a request is tried before its passing fault is reported.
const ATTEMPTS: u32 = 4;
/// The longest that a server may ask us to wait between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// … and the shortest, so that a server that names none is not stormed.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// No answer is longer than this: a page of 1,000 events or 200 documents is far below.
const LONGEST_ANSWER: u64 = 256 << 20;
const JSON: &str = "application/json";
/// The media type of a batch of commands, one a line.
pub const NDJSON: &str = "application/x-ndjson";

/// A request, apart from where it goes and who asks.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    method: &'a Method,
    path: &'a str,
    content: Option<(&'static str, &'a [u8])>,
    wait: Option<u64>,
}

impl<'a> Ask<'a> {
    /// A `GET` of a path with its query.
    pub fn get(path: &'a str) -> Self {
        Self { method: &Method::GET, path, content: None, wait: None }
    }

    /// A `POST` of JSON.
    pub fn post(path: &'a str, json: &'a [u8]) -> Self {
        Self { method: &Method::POST, path, content: Some((JSON, json)), wait: None }
    }

    /// A `POST` of lines of JSON.
    pub fn post_lines(path: &'a str, lines: &'a [u8]) -> Self {
        Self { method: &Method::POST, path, content: Some((NDJSON, lines)), wait: None }
    }

    /// Asks the server to wait up to so many seconds for the outcome.
    pub fn wait(self, seconds: Option<u64>) -> Self {
        Self { wait: seconds, ..self }
    }
}

/// What a server answered when it did as asked.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status, 2xx.
    pub status: u16,
    /// Where to ask for the outcome.
    pub location: Option<String>,
    /// The server's clock at the answer, as an HTTP date.
    pub date: Option<String>,
    /// When to send again what was busy.
    pub retry_after: Option<Duration>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// Decodes the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        decode(&self.body)
    }
}

/// Decodes an answer's body; one of another form is a failure that names the likely reason.
pub fn decode<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::Failed(format!("the answer is not factmill's: {error}; is the url that of a factmill server?"))
    })
}

/// Why one attempt brought no answer.
#[derive(Debug)]
pub enum Trouble {
    /// The server said no.
    Problem(Problem),
    /// No answer came: refused, reset, timed out.
    Lost(String),
}

impl Trouble {
    /// Whether the same request may go well a moment later.
    pub fn passes(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.passes(),
            Self::Lost(_) => true,
        }
    }

    /// How long to wait before the attempt after `attempt`: as the server asked, else longer each time.
    pub fn pause(&self, attempt: u32) -> Duration {
        let asked = match self {
            Self::Problem(problem) => problem.retry_after,
            Self::Lost(_) => None,
        };
        asked.unwrap_or_else(|| Duration::from_millis(50 << attempt.min(6))).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }
}

/// A client of one server, cheap to clone; its clones share their connections.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    url: Url,
    authorization: String,
}

impl Client {
    /// A client that acts as the token's bearer.
    pub fn new(url: Url, token: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            // above the longest wait that may be asked for
            .timeout_recv_response(Some(Duration::from_mins(1)))
            .max_idle_connections_per_host(64)
            .max_idle_connections(64)
            .user_agent(concat!("factmill/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent(), url, authorization: format!("Bearer {token}") }
    }

    /// A client of the same server, over the same connections, that acts as another token says.
    pub fn acting_as(&self, token: &str) -> Self {
        Self { authorization: format!("Bearer {token}"), ..self.clone() }
    }

    /// The bearer's token.
    pub fn token(&self) -> &str {
        self.authorization.strip_prefix("Bearer ").unwrap_or(&self.authorization)
    }

    /// The server's address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Asks, and asks again where a fault may pass.
    pub fn ask(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let mut attempt = 1;
        loop {
            match self.ask_once(ask) {
                Ok(answer) => return Ok(answer),
                Err(trouble) if attempt < ATTEMPTS && trouble.passes() => thread::sleep(trouble.pause(attempt)),
                Err(Trouble::Problem(problem)) => return Err(problem.into()),
                Err(Trouble::Lost(reason)) => return Err(self.unreachable(&reason)),
            }
            attempt += 1;
        }
    }

    /// Asks and decodes the answer.
    pub fn ask_json<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Failure> {
        self.ask(ask)?.json()
    }

    /// The failure of a server that does not answer.
    pub fn unreachable(&self, reason: &str) -> Failure {
        Failure::Unreachable(format!(
            "no answer from {}: {reason}; start a server with `factmill run`, or set FACTMILL_URL",
            self.url
        ))
    }

    /// Asks once.
    pub fn ask_once(&self, ask: Ask<'_>) -> Result<Answer, Trouble> {
        let mut request = Request::builder().method(ask.method).uri(self.url.to(ask.path));
        request = request.header("authorization", &self.authorization);
        if let Some(seconds) = ask.wait {
            request = request.header("prefer", format!("wait={seconds}"));
        }
        let sent = match ask.content {
            Some((media_type, body)) => {
                request.header("content-type", media_type).body(body).map(|request| self.agent.run(request))
            }
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        // a url or token that no header can carry was refused when it was read
        let response = sent.map_err(|error| Trouble::Lost(error.to_string()))?;
        answer_of(response.map_err(|error| Trouble::Lost(reason(&error)))?)
    }
}

fn answer_of(response: Response<Body>) -> Result<Answer, Trouble> {
    let (head, body) = response.into_parts();
    let body = body.into_with_config().limit(LONGEST_ANSWER).read_to_vec();
    let body = body.map_err(|error| Trouble::Lost(reason(&error)))?;
    let retry_after = text(&head.headers, "retry-after").and_then(|seconds| seconds.parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    if !head.status.is_success() {
        return Err(Trouble::Problem(Problem::read(head.status.as_u16(), retry_after, body)));
    }
    Ok(Answer {
        status: head.status.as_u16(),
        location: text(&head.headers, "location"),
        date: text(&head.headers, "date"),
        retry_after,
        body,
    })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
