//! Requests, and what can be said of their answers.

use std::{sync::LazyLock, time::Duration};

use serde_json::Value;
use ureq::{
    Agent,
    http::{HeaderMap, Method, Request},
};

use super::host;

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

fn agent() -> &'static Agent {
    static AGENT: LazyLock<Agent> = LazyLock::new(|| {
        Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .build()
            .into()
    });
    &AGENT
}

/// Percent-encodes a value of a query string, or a part of a path.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A query string.
pub(crate) fn params(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A request while it is made.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Self { method, path: path.into(), headers: Vec::new(), body: None }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn by(self, actor: &Actor) -> Self {
        self.bearer(&actor.token)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// A JSON body, as it is.
    pub(crate) fn body(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.typed("application/json", bytes)
    }

    pub(crate) fn typed(mut self, media: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(bytes.into());
        self.header("content-type", media)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    pub(crate) fn lines(self, lines: &str) -> Self {
        self.typed("application/x-ndjson", lines)
    }

    pub(crate) fn wait(self) -> Self {
        self.header("prefer", "wait=25")
    }

    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        let url =
            if self.path.starts_with("http") { self.path.clone() } else { format!("{}{}", host().url, self.path) };
        let mut request = Request::builder().method(&self.method).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match self.body {
            Some(body) => agent().run(request.body(body).unwrap()),
            None => agent().run(request.body(()).unwrap()),
        };
        let mut response = sent.unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.path));
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        let about = format!("{} {}", self.method, self.path);
        Answer { about, status: response.status().as_u16(), headers: response.headers().clone(), body }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    about: String,
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    /// The body, if the answer has this status.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        self.value()
    }

    /// The problem, if the answer is one of this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        self.check_problem(status, code).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// The problem, if it has exactly these violations (`<pointer> <code>`), in any order.
    #[track_caller]
    pub(crate) fn invalid(&self, violations: &[&str]) -> Value {
        self.check_invalid(violations).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// What is wrong with the answer as a problem of a status and code: its form as RFC 9457 has it included.
    pub(crate) fn check_problem(&self, status: u16, code: &str) -> Result<Value, String> {
        let wrong = |what: &str| Err(format!("{self}: wanted {status} {code}: {what}"));
        if self.status != status {
            return wrong("the status");
        }
        if self.header("content-type") != Some("application/problem+json") {
            return wrong("the content type");
        }
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else { return wrong("no json") };
        if body["code"] != code {
            return wrong("the code");
        }
        if body.get("status").is_some_and(|told| *told != status) || !body["title"].is_string() {
            return wrong("its members");
        }
        if status == 401 && !self.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")) {
            return wrong("www-authenticate");
        }
        let later = matches!(code, "busy" | "not-yet-projected" | "unknown-command");
        if later && self.header("retry-after").is_none_or(|after| after.parse::<u32>().is_err()) {
            return wrong("retry-after");
        }
        Ok(body)
    }

    pub(crate) fn check_invalid(&self, violations: &[&str]) -> Result<Value, String> {
        let body = self.check_problem(400, "invalid")?;
        let told = body["violations"].as_array().cloned().unwrap_or_default();
        let mut told: Vec<_> = told
            .iter()
            .map(|v| format!("{} {}", v["pointer"].as_str().unwrap_or("?"), v["code"].as_str().unwrap_or("?")))
            .collect();
        told.sort();
        let mut wanted = violations.to_vec();
        wanted.sort_unstable();
        if told == wanted { Ok(body) } else { Err(format!("{self}: wanted the violations {wanted:?}")) }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.text();
        let about: String = self.about.chars().take(300).collect();
        write!(f, "{about} answered {} {}", self.status, text.chars().take(1_500).collect::<String>())
    }
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) tenant: String,
    pub(crate) token: String,
}

impl Actor {
    pub(crate) fn new(tenant: &str, token: String) -> Self {
        Self { tenant: tenant.to_owned(), token }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: impl Into<String>) -> Answer {
        Ask::get(path).by(self).send()
    }

    #[track_caller]
    pub(crate) fn post(&self, path: impl Into<String>, body: &Value) -> Answer {
        Ask::post(path).by(self).json(body).send()
    }
}
