//! The server's answers, of which no more is read than is needed.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What the door said of a batch.
#[derive(Deserialize)]
pub(super) struct BatchAnswer<'a> {
    queued: usize,
    /// The commands that it refused, in the batch's order.
    #[serde(borrow)]
    pub(super) refused: Vec<Refused<'a>>,
}

/// One command that the door refused.
#[derive(Deserialize)]
pub(super) struct Refused<'a> {
    /// Its place in the batch, counted from 0.
    pub(super) index: usize,
    /// Why.
    #[serde(borrow)]
    pub(super) refusal: &'a RawValue,
}

impl<'a> BatchAnswer<'a> {
    /// Reads the answer to a batch of so many commands; one that does not account for all of them is strange.
    pub(super) fn read(body: &'a [u8], commands: usize) -> Result<Self, String> {
        let mut answer: Self = serde_json::from_slice(body).map_err(|error| strange(&error))?;
        answer.refused.sort_unstable_by_key(|entry| entry.index);
        answer.refused.dedup_by_key(|entry| entry.index);
        let answered = answer.queued + answer.refused.len();
        if answered != commands || answer.refused.last().is_some_and(|entry| entry.index >= commands) {
            return Err(format!("the server answered for {answered} commands of {commands} that were sent"));
        }
        Ok(answer)
    }
}

/// A refusal's code.
pub(super) fn code_of(refusal: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Code<'a> {
        #[serde(borrow)]
        code: Cow<'a, str>,
    }
    serde_json::from_str::<Code<'_>>(refusal.get()).ok().map(|refusal| refusal.code)
}

/// The question for these commands' statuses.
pub(super) fn question(page: &[(u64, Box<str>)]) -> Vec<u8> {
    let mut question = Vec::with_capacity(12 + page.iter().map(|(_, id)| id.len() + 3).sum::<usize>());
    question.extend_from_slice(b"{\"ids\":[");
    for (index, (_, id)) in page.iter().enumerate() {
        if index > 0 {
            question.push(b',');
        }
        // what the door accepted is made of letters, digits and . _ : - alone
        question.push(b'"');
        question.extend_from_slice(id.as_bytes());
        question.push(b'"');
    }
    question.extend_from_slice(b"]}");
    question
}

/// The statuses of some commands.
#[derive(Deserialize)]
pub(super) struct Statuses<'a> {
    #[serde(borrow)]
    statuses: HashMap<Cow<'a, str>, Option<Status<'a>>>,
}

/// What must be known of a status object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status<'a> {
    /// The contract's word for it.
    #[serde(rename = "status")]
    pub(super) word: &'a str,
    #[serde(default)]
    received_at: Option<&'a str>,
    /// Why it was refused.
    #[serde(borrow, default)]
    pub(super) refusal: Option<&'a RawValue>,
    /// Why it failed.
    #[serde(borrow, default)]
    pub(super) failure: Option<&'a RawValue>,
}

impl<'a> Statuses<'a> {
    /// Reads the answer to a question.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, String> {
        serde_json::from_slice(body).map_err(|error| strange(&error))
    }

    /// A command's status, if it is settled: a refusal or failure of a delivery received before `since` is not this one's.
    pub(super) fn settled(&self, id: &str, since: Option<Timestamp>) -> Option<&Status<'a>> {
        let status = self.statuses.get(id)?.as_ref()?;
        match status.word {
            "committed" | "rejected" => Some(status),
            "refused" | "failed" => {
                let received = status.received_at.and_then(|time| time.parse::<Timestamp>().ok());
                let is_earlier = received.zip(since).is_some_and(|(received, since)| received < since);
                (!is_earlier).then_some(status)
            }
            _ => None,
        }
    }
}

fn strange(error: &serde_json::Error) -> String {
    format!("the answer is not factmill's: {error}; is the url that of a factmill server?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_accounts_for_every_command() {
        let body = br#"{"queued":1,"refused":[{"index":2,"id":"c","refusal":{"code":"busy"}},{"index":0,"id":null,"refusal":{"code":"invalid"}}]}"#;
        let answer = BatchAnswer::read(body, 3).unwrap();
        assert_eq!(answer.refused.iter().map(|entry| entry.index).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(code_of(answer.refused[1].refusal).as_deref(), Some("busy"));
        assert!(BatchAnswer::read(body, 4).is_err());
        assert!(BatchAnswer::read(b"<html>", 1).is_err());
    }

    #[test]
    fn a_question_is_json() {
        let page = [(1, "a".into()), (2, "b:1".into())];
        assert_eq!(question(&page), br#"{"ids":["a","b:1"]}"#);
        assert_eq!(question(&[]), br#"{"ids":[]}"#);
    }

    #[test]
    fn queued_unknown_and_earlier_deliveries_are_not_settled() {
        let body = br#"{"statuses":{"q":{"status":"queued"},"u":null,"c":{"status":"committed","receivedAt":"2026-11-21T08:00:00Z"},
            "r":{"status":"refused","receivedAt":"2026-11-21T08:00:00Z","refusal":{"code":"forbidden"}},"f":{"status":"failed"}}}"#;
        let statuses = Statuses::read(body).unwrap();
        let settled = |id: &str, since: &str| statuses.settled(id, since.parse().ok()).is_some();
        assert!(!settled("q", "") && !settled("u", "") && !settled("absent", ""));
        assert!(settled("c", "2026-11-21T09:00:00Z"), "committed is final");
        assert!(settled("r", "2026-11-21T08:00:00Z") && !settled("r", "2026-11-21T08:00:01Z"));
        assert!(settled("f", "2026-11-21T08:00:01Z"));
    }
}
