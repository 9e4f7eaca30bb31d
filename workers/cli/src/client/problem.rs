//! A server's no: `application/problem+json`, with the code and violations of the contract.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// A problem that a server answered with.
#[derive(Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The contract's code, such as `invalid` or `busy`; empty where the answer had none.
    pub code: String,
    /// What happened, for people.
    pub message: String,
    /// What is wrong with which field.
    pub violations: Vec<Violation>,
    /// When to ask again.
    pub retry_after: Option<Duration>,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// What is wrong with one field.
#[derive(Debug, Deserialize)]
pub struct Violation {
    /// The field, as a JSON pointer.
    #[serde(default)]
    pub pointer: String,
    /// The contract's code, such as `out-of-range`.
    #[serde(default)]
    pub code: String,
    /// What is wrong, for people.
    #[serde(default)]
    pub message: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Document {
    title: String,
    detail: String,
    message: String,
    code: String,
    violations: Vec<Violation>,
}

impl Problem {
    /// Reads a problem from an answer that is not a success.
    pub fn read(status: u16, retry_after: Option<Duration>, body: Vec<u8>) -> Self {
        let document: Document = serde_json::from_slice(&body).unwrap_or_default();
        let message = [document.detail, document.message, document.title].into_iter().find(|text| !text.is_empty());
        Self {
            status,
            message: message.unwrap_or_else(|| format!("the server answered {status}")),
            code: document.code,
            violations: document.violations,
            retry_after,
            body,
        }
    }

    /// Whether the same request may be answered otherwise a moment later.
    pub fn passes(&self) -> bool {
        // the server has already waited for the projection as long as it was asked to
        matches!(self.status, 429 | 502 | 503 | 504) && self.code != "not-yet-projected"
    }

    /// Whether the server, not the request, is what is wrong.
    pub fn is_outage(&self) -> bool {
        self.status != 429 && self.passes()
    }

    fn advice(&self) -> Option<&'static str> {
        Some(match self.code.as_str() {
            "unauthenticated" => {
                "set FACTMILL_TOKEN to a valid token; `factmill token` makes one for the embedded engine"
            }
            "forbidden" => "use a token with a role that may do this",
            "busy" => "try again later",
            "not-yet-projected" => "try again, or allow more time with --wait",
            "unknown-command" => "check the id; a command just sent may need --wait",
            _ => return None,
        })
    }
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code.as_str() {
            "" => f.write_str(&self.message)?,
            code => write!(f, "{code}: {}", self.message)?,
        }
        if let Some(advice) = self.advice() {
            write!(f, "; {advice}")?;
        }
        for Violation { pointer, code, message } in &self.violations {
            write!(f, "\n  {pointer} {code}: {message}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_code_its_violations_and_what_to_do() {
        let body = br#"{"title":"Bad Request","code":"invalid","detail":"the command is not valid","violations":
            [{"pointer":"/data/party/adults","code":"out-of-range","message":"must be at least 1"}]}"#;
        let problem = Problem::read(400, None, body.to_vec());
        assert_eq!(
            problem.to_string(),
            "invalid: the command is not valid\n  /data/party/adults out-of-range: must be at least 1"
        );
        let problem = Problem::read(401, None, br#"{"code":"unauthenticated","detail":"the token expired"}"#.to_vec());
        assert!(problem.to_string().contains("set FACTMILL_TOKEN"), "{problem}");
    }

    #[test]
    fn an_answer_of_another_form_is_told_by_its_status() {
        assert_eq!(Problem::read(500, None, b"<html>".to_vec()).to_string(), "the server answered 500");
    }

    #[test]
    fn only_outages_and_busy_servers_are_asked_again() {
        let of = |status, code: &str| Problem::read(status, None, format!(r#"{{"code":"{code}"}}"#).into_bytes());
        assert!(of(429, "busy").passes() && !of(429, "busy").is_outage());
        assert!(of(503, "unavailable").passes() && of(503, "unavailable").is_outage());
        assert!(!of(503, "not-yet-projected").passes());
        assert!(!of(400, "invalid").passes() && !of(500, "internal").passes());
    }
}
