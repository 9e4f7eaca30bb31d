//! A command: its envelope, and how an aggregate declares the commands it takes.

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    id::{BadId, Id, StreamId},
    json::{self, Content},
    refusal::{Code, Refusal, Violations},
    schema,
    time::{BadTime, Time},
};

/// How far a `UUIDv7` and `issuedAt` may lie apart.
pub const ID_TIME_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A command whose envelope is as the wire contract says. Tenant and actor are not part of it: they come from the token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Chosen by the client: the idempotency key.
    pub id: Id,
    /// The consistency boundary.
    pub stream: StreamId,
    /// The command's type, unique within the aggregate.
    #[serde(rename = "type")]
    pub kind: String,
    /// When the client first issued it.
    pub issued_at: Timestamp,
    /// What the command's type declares.
    pub data: Value,
    /// Reject unless the stream is exactly here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// What this command belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Id>,
    /// What caused this command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Id>,
    /// W3C trace context, if it was well-formed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Digest of the content, see [`json::digest`].
    pub digest: String,
}

const FIELDS: [&str; 9] =
    ["id", "stream", "type", "issuedAt", "data", "expectedVersion", "correlationId", "causationId", "traceparent"];

/// An envelope while it is checked: what could be read, and what is wrong with the rest.
#[derive(Debug)]
pub struct Envelope {
    members: Map<String, Value>,
    /// The id, if it is one.
    pub id: Option<Id>,
    /// The stream, if it is one.
    pub stream: Option<StreamId>,
    issued_at: Option<Timestamp>,
    expected_version: Option<u64>,
    correlation_id: Option<Id>,
    causation_id: Option<Id>,
    violations: Violations,
}

impl Envelope {
    /// Reads an envelope; `malformed` where the JSON types are not the contract's. Violations are kept until
    /// [`Envelope::finish`], so that they are told together with those of the data.
    pub fn read(value: Value) -> Result<Self, Refusal> {
        let Value::Object(members) = value else {
            return Err(Refusal::new(Code::Malformed, "a command must be a json object"));
        };
        for name in ["id", "stream", "type", "issuedAt", "correlationId", "causationId", "traceparent"] {
            wrong_type(&members, name, "a string", Value::is_string)?;
        }
        wrong_type(&members, "expectedVersion", "a number", Value::is_number)?;
        wrong_type(&members, "data", "an object", Value::is_object)?;

        let mut violations = Violations::default();
        for name in members.keys().filter(|name| !FIELDS.contains(&name.as_str())) {
            violations.add(schema::child("", name), "unknown-field", "is not a field of a command");
        }
        for name in ["id", "stream", "type", "data"] {
            if !members.contains_key(name) {
                violations.add(format!("/{name}"), "required", "must be given");
            }
        }
        let id: Option<Id> = parsed(&members, "id", &mut violations, BadId::message);
        let stream = parsed(&members, "stream", &mut violations, BadId::message);
        let correlation_id = parsed(&members, "correlationId", &mut violations, BadId::message);
        let causation_id = parsed(&members, "causationId", &mut violations, BadId::message);
        let issued_at = parsed(&members, "issuedAt", &mut violations, BadTime::message).map(|Time(time)| time);
        let issued_at = when_issued(id.as_ref(), issued_at, members.contains_key("issuedAt"), &mut violations);
        let expected_version = members.get("expectedVersion").and_then(|value| {
            let version = value.as_u64();
            match version {
                None if value.as_i64().is_some() => {
                    violations.add("/expectedVersion", "out-of-range", "must be at least 0");
                }
                None => violations.add("/expectedVersion", "wrong-type", "must be a whole number"),
                Some(_) => {}
            }
            version
        });
        Ok(Self { members, id, stream, issued_at, expected_version, correlation_id, causation_id, violations })
    }

    /// The command's type; absent or empty is a violation like others.
    pub fn kind(&self) -> Option<&str> {
        self.members.get("type").and_then(Value::as_str)
    }

    /// The data, and the list that its violations join.
    pub fn data(&mut self) -> (Option<&Value>, &mut Violations) {
        (self.members.get("data"), &mut self.violations)
    }

    /// The command, or all that is wrong with it.
    pub fn finish(mut self) -> Result<Command, Refusal> {
        let text = |value: Option<Value>| {
            value.and_then(|value| if let Value::String(text) = value { Some(text) } else { None })
        };
        let kind = text(self.members.remove("type"));
        let data = self.members.remove("data");
        let traceparent = text(self.members.remove("traceparent")).filter(|text| is_traceparent(text));
        self.violations.into_result()?;
        let (Some(id), Some(stream), Some(kind), Some(issued_at), Some(data)) =
            (self.id, self.stream, kind, self.issued_at, data)
        else {
            return Err(Refusal::new(Code::Invalid, "the command's envelope is incomplete"));
        };
        let content =
            Content { data: &data, expected_version: self.expected_version, stream: stream.as_str(), kind: &kind };
        let digest = json::digest(&content).map_err(|error| Refusal::new(Code::Malformed, error.to_string()))?;
        Ok(Command {
            id,
            stream,
            kind,
            issued_at,
            data,
            expected_version: self.expected_version,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            traceparent,
            digest,
        })
    }
}

fn wrong_type(members: &Map<String, Value>, name: &str, what: &str, is: fn(&Value) -> bool) -> Result<(), Refusal> {
    match members.get(name) {
        Some(value) if !is(value) => Err(Refusal::new(Code::Malformed, format!("`{name}` must be {what}"))),
        _ => Ok(()),
    }
}

fn parsed<T: std::str::FromStr>(
    members: &Map<String, Value>,
    name: &str,
    violations: &mut Violations,
    explain: impl Fn(&T::Err) -> &'static str,
) -> Option<T> {
    let text = members.get(name)?.as_str()?;
    text.parse().map_err(|error| violations.add(format!("/{name}"), "bad-format", explain(&error))).ok()
}

fn when_issued(
    id: Option<&Id>,
    issued_at: Option<Timestamp>,
    given: bool,
    violations: &mut Violations,
) -> Option<Timestamp> {
    let made_at = id.and_then(Id::made_at);
    match (issued_at, made_at) {
        (Some(issued), Some(made)) if issued.duration_since(made).abs() > ID_TIME_TOLERANCE => {
            violations.add("/issuedAt", "mismatch", "must lie within 5 minutes of the time in the command's id");
        }
        (None, None) if !given => {
            violations.add("/issuedAt", "required", "must be given unless the id is a UUIDv7");
        }
        _ => {}
    }
    issued_at.or(made_at)
}

/// Whether a text is a W3C `traceparent` of version 00 (a later version's longer form is accepted by its first part).
pub fn is_traceparent(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let [version, trace, parent, flags, rest @ ..] = parts.as_slice() else { return false };
    hex(version, 2)
        && *version != "ff"
        && (rest.is_empty() || *version != "00")
        && hex(trace, 32)
        && trace.bytes().any(|b| b != b'0')
        && hex(parent, 16)
        && parent.bytes().any(|b| b != b'0')
        && hex(flags, 2)
}

/// The data of one type of command. Its fields' ranges, lengths and formats are declared by `schemars` attributes.
///
/// Derive `Deserialize` and `JsonSchema` with `#[serde(rename_all = "camelCase", deny_unknown_fields)]`.
pub trait CommandData: DeserializeOwned + JsonSchema {
    /// Rules that need more than one field, or the stream's name: adds violations, pointers from `/data`.
    ///
    /// It is asked beside the schema, so that all violations are told at once: members may be missing or wrong, which
    /// the schema tells; [`member`] reads those that are as they should be.
    fn check(data: &Value, stream: &StreamId, violations: &mut Violations) {
        let _ = (data, stream, violations);
    }
}

/// A member of data that may not be valid; `None` where it is missing or wrong.
pub fn member<T: DeserializeOwned>(data: &Value, name: &str) -> Option<T> {
    T::deserialize(data.get(name)?).ok()
}

/// A command type and the schema of its data.
#[derive(Debug, Clone)]
pub struct CommandType {
    /// The type's name on the wire.
    pub name: &'static str,
    /// The schema of `data`.
    pub schema: Schema,
}

/// The commands of one aggregate: an enum made by [`commands!`](crate::commands).
pub trait CommandSet: Sized + Send + Sync + 'static {
    /// All types.
    fn types() -> Vec<CommandType>;
    /// Decodes data that passed its schema.
    fn decode(kind: &str, data: &Value) -> Result<Self, serde_json::Error>;
    /// Checks the rules that a schema can't say, on data that may not have passed it.
    fn check(kind: &str, data: &Value, stream: &StreamId, violations: &mut Violations);
}

/// Declares an aggregate's commands: an enum with one variant for each data type, both of the command's name.
///
/// ```
/// use kernel::{CommandData, CommandSet};
///
/// #[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(rename_all = "camelCase", deny_unknown_fields)]
/// pub struct Rename {
///     #[schemars(length(min = 1, max = 200))]
///     pub name: String,
/// }
/// impl CommandData for Rename {}
///
/// kernel::commands! {
///     /// What can be asked of a thing.
///     pub enum Command { Rename }
/// }
///
/// let command = Command::decode("Rename", &serde_json::json!({ "name": "a" })).unwrap();
/// assert!(matches!(command, Command::Rename(Rename { name }) if name == "a"));
/// ```
#[macro_export]
macro_rules! commands {
    ($(#[$meta:meta])* $vis:vis enum $set:ident { $($(#[$doc:meta])* $name:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis enum $set { $($(#[$doc])* #[doc = concat!("See [`", stringify!($name), "`].")] $name($name)),+ }

        impl $crate::CommandSet for $set {
            fn types() -> Vec<$crate::command::CommandType> {
                vec![$($crate::command::CommandType {
                    name: stringify!($name),
                    schema: $crate::schema::of::<$name>(),
                }),+]
            }
            fn decode(kind: &str, data: &$crate::serde_json::Value) -> Result<Self, $crate::serde_json::Error> {
                match kind {
                    $(stringify!($name) => <$name as $crate::command::Decode>::from_value(data).map(Self::$name),)+
                    other => Err($crate::command::unknown(other)),
                }
            }
            fn check(
                kind: &str,
                data: &$crate::serde_json::Value,
                stream: &$crate::StreamId,
                violations: &mut $crate::Violations,
            ) {
                match kind {
                    $(stringify!($name) => <$name as $crate::CommandData>::check(data, stream, violations),)+
                    _ => {}
                }
            }
        }
    };
}

/// Decodes without copying the JSON first.
#[doc(hidden)]
pub trait Decode: Sized {
    fn from_value(value: &Value) -> Result<Self, serde_json::Error>;
}

impl<T: DeserializeOwned> Decode for T {
    fn from_value(value: &Value) -> Result<Self, serde_json::Error> {
        T::deserialize(value)
    }
}

#[doc(hidden)]
pub fn unknown(kind: &str) -> serde_json::Error {
    serde::de::Error::custom(format_args!("the type `{kind}` is not known"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(value: Value) -> Refusal {
        Envelope::read(value).and_then(Envelope::finish).unwrap_err()
    }

    fn command() -> Value {
        json!({"id": "c-1", "stream": "comment/1", "type": "EditComment", "issuedAt": "2026-11-21T08:00:00Z", "data": {"text": "a"}})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut command = command();
        command[name] = value;
        command
    }

    #[test]
    fn a_good_envelope_is_a_command() {
        let command = Envelope::read(command()).unwrap().finish().unwrap();
        assert_eq!(command.kind, "EditComment");
        assert_eq!(command.digest.len(), 43);
    }

    #[test]
    fn a_wrong_json_type_of_the_envelope_is_malformed() {
        for (name, value) in [
            ("id", json!(5)),
            ("stream", json!({})),
            ("expectedVersion", json!("4")),
            ("data", json!([])),
            ("type", json!(true)),
        ] {
            assert_eq!(refusal(with(name, value)).code, Code::Malformed, "{name}");
        }
        assert_eq!(refusal(json!([])).code, Code::Malformed);
    }

    #[test]
    fn other_faults_of_the_envelope_are_violations() {
        for (name, value, code) in [
            ("id", json!("a b"), "bad-format"),
            ("id", json!("."), "bad-format"),
            ("stream", json!("comment"), "bad-format"),
            ("issuedAt", json!("yesterday"), "bad-format"),
            ("expectedVersion", json!(-1), "out-of-range"),
            ("expectedVersion", json!(1.5), "wrong-type"),
            ("correlationId", json!(""), "bad-format"),
            ("tenant", json!("acme"), "unknown-field"),
        ] {
            let refusal = refusal(with(name, value));
            assert_eq!((refusal.code, refusal.violations[0].code.as_str()), (Code::Invalid, code), "{name}");
            assert_eq!(refusal.violations[0].pointer, format!("/{name}"));
        }
        let missing = refusal(json!({}));
        assert_eq!(missing.violations.len(), 5, "{missing:?}");
    }

    #[test]
    fn a_uuid_of_version_7_supplies_the_time_and_must_agree_with_it() {
        let mut value = with("id", json!("01936f9e-8c00-7000-8000-000000000000"));
        assert_eq!(refusal(value.clone()).violations[0].code, "mismatch");
        value.as_object_mut().unwrap().remove("issuedAt");
        let command = Envelope::read(value).unwrap().finish().unwrap();
        assert_eq!(command.issued_at.as_millisecond(), 0x0193_6f9e_8c00);
    }

    #[test]
    fn a_bad_traceparent_is_ignored() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for (text, kept) in [(good, true), ("00-0-0-0", false), (&good.replace("0af", "0AF"), false)] {
            let command = Envelope::read(with("traceparent", json!(text))).unwrap().finish().unwrap();
            assert_eq!(command.traceparent.is_some(), kept, "{text}");
        }
    }
}
