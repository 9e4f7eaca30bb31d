//! A line as a command: its id and stream, read without copying, and its time filled in where it lacks one.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What must be known of a command to send it: no more is read of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    stream: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    issued_at: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Keeps a `null` that is there apart from nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Head<'a> {
    /// Reads a line; what is no object of commands' form is an error that says why.
    pub(super) fn read(line: &'a [u8]) -> Result<Self, serde_json::Error> {
        match line.first() {
            // an array's items would be taken for the members in their order
            Some(b'[') => Err(serde::de::Error::custom("a command is an object")),
            // checked for the whole line: the parser passes over what is in members that it does not read
            _ => serde_json::from_str(std::str::from_utf8(line).map_err(serde::de::Error::custom)?),
        }
    }

    /// The command's id, if it has one.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|Text(id)| id.as_ref())
    }

    /// The command's stream; empty if it has none, which the server refuses.
    pub(super) fn stream(&self) -> &str {
        self.stream.as_ref().map_or("", |Text(stream)| stream.as_ref())
    }

    /// Whether the command has neither a time nor an id that tells it.
    pub(super) fn lacks_time(&self) -> bool {
        self.issued_at.is_none_or(|time| time.get() == "null") && self.id().is_some_and(|id| !tells_time(id))
    }

    /// The line with this time in it; only for a command that lacks one.
    pub(super) fn filled(&self, line: &[u8], time: &str) -> Box<[u8]> {
        let (before, text, after) = match self.issued_at {
            Some(null) => {
                // the member is part of the line that it was read from
                let at = null.get().as_ptr().addr() - line.as_ptr().addr();
                (&line[..at], format!("\"{time}\""), &line[at + null.get().len()..])
            }
            // a command that lacks a time has an id, so another member follows
            None => (&line[..1], format!("\"issuedAt\":\"{time}\","), &line[1..]),
        };
        [before, text.as_bytes(), after].concat().into_boxed_slice()
    }
}

/// Whether the server reads the time of issue from an id, a UUID of version 7: by the rule that it goes by itself.
pub(crate) fn tells_time(id: &str) -> bool {
    // no form of a UUID is shorter
    id.len() >= 32 && id.parse::<kernel::Id>().is_ok_and(|id| id.made_at().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const V7: &str = "0199a1c2-6c1f-7a3e-9d35-0f5a3c1b2d4e";

    fn fill(line: &str) -> Option<String> {
        let head = Head::read(line.as_bytes()).unwrap();
        head.lacks_time().then(|| String::from_utf8(head.filled(line.as_bytes(), "T").into_vec()).unwrap())
    }

    #[test]
    fn an_absent_time_is_filled_in_first_and_a_null_where_it_stands() {
        assert_eq!(fill(r#"{"id":"c-1","stream":"a/1"}"#).unwrap(), r#"{"issuedAt":"T","id":"c-1","stream":"a/1"}"#);
        assert_eq!(fill(r#"{"id":"c-1","issuedAt": null }"#).unwrap(), r#"{"id":"c-1","issuedAt": "T" }"#);
    }

    #[test]
    fn a_time_or_an_id_that_tells_it_is_left_alone() {
        assert_eq!(fill(r#"{"id":"c-1","issuedAt":"2026-11-21T08:00:00Z"}"#), None);
        assert_eq!(fill(&format!(r#"{{"id":"{V7}"}}"#)), None);
        assert_eq!(fill(r#"{"stream":"a/1"}"#), None, "the server says what else is missing");
        assert_eq!(fill("{}"), None);
    }

    #[test]
    fn only_a_uuid_of_version_7_tells_a_time() {
        assert!(tells_time(V7));
        assert!(!tells_time("0199a1c2-6c1f-4a3e-9d35-0f5a3c1b2d4e"));
        assert!(!tells_time("resort-000001-book"));
        assert!(tells_time(&V7.replace('-', "")), "as the server takes it");
    }

    #[test]
    fn an_escaped_id_and_stream_are_read_as_they_are_meant() {
        let head = Head::read(br#"{"id":"c\u002d1","stream":"a\/1"}"#).unwrap();
        assert_eq!((head.id(), head.stream()), (Some("c-1"), "a/1"));
    }

    #[test]
    fn what_is_no_command_is_told() {
        for line in ["", "x", "[]", "1", r#"{"id":1}"#, r#"{"id":"a","id":"b"}"#, r#"{"id":"a"} x"#] {
            assert!(Head::read(line.as_bytes()).is_err(), "{line}");
        }
        assert!(Head::read(b"{\"id\":\"a\",\"data\":\"\xff\"}").is_err());
    }
}
