//! Tenants, streams and ids.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize, de};

/// The longest id, in characters.
pub const ID_LENGTH: usize = 64;
/// The longest tenant, in characters.
pub const TENANT_LENGTH: usize = 31;
/// The longest stream (`<aggregate>/<id>`), in characters.
pub const STREAM_LENGTH: usize = 96;

/// A text that is not an id, tenant or stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadId(&'static str);

impl BadId {
    /// Says what the text should look like.
    pub fn message(&self) -> &'static str {
        self.0
    }
}

fn is_id(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
        && text != "."
        && text != ".."
}

macro_rules! text {
    ($(#[$meta:meta])* $name:ident, $longest:expr, $pattern:literal, $check:expr, $message:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let valid: fn(&str) -> bool = $check;
                if valid(text) { Ok(Self(text.into())) } else { Err(BadId($message)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "maxLength": $longest, "pattern": $pattern })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

text!(
    /// An id chosen by a client: `[A-Za-z0-9._:-]{1,64}`, but neither `.` nor `..`.
    Id,
    ID_LENGTH,
    // neither `.` nor `..`, without looking ahead, which not every client's patterns can
    "^(?:\\.{0,2}[A-Za-z0-9_:-][A-Za-z0-9._:-]*|\\.{3}[A-Za-z0-9._:-]*)$",
    |text| is_id(text, ID_LENGTH),
    "must be 1 to 64 of A-Z a-z 0-9 . _ : -, and not `.` or `..`"
);

text!(
    /// A tenant, taken from a token's claims, never from a body: an id of at most 31 characters.
    Tenant,
    TENANT_LENGTH,
    "^[A-Za-z0-9._:-]{1,31}$",
    |text| is_id(text, TENANT_LENGTH),
    "must be 1 to 31 of A-Z a-z 0-9 . _ : -"
);

text!(
    /// A stream, `<aggregate>/<id>`: the consistency boundary. At most 96 characters.
    StreamId,
    STREAM_LENGTH,
    "^[A-Za-z0-9._:-]{1,64}/[A-Za-z0-9._:-]{1,64}$",
    |text| text.len() <= STREAM_LENGTH
        && text.split_once('/').is_some_and(|(aggregate, id)| is_id(aggregate, ID_LENGTH) && is_id(id, ID_LENGTH)),
    "must be `<aggregate>/<id>`, at most 96 characters"
);

impl StreamId {
    /// The part before the slash.
    pub fn aggregate(&self) -> &str {
        self.0.split_once('/').map_or("", |(aggregate, _)| aggregate)
    }

    /// The part behind the slash.
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, id)| id)
    }
}

/// A stream of a tenant; as text `<tenant>/<aggregate>/<id>`, which is also its message group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey {
    /// Whose stream.
    pub tenant: Tenant,
    /// Which stream.
    pub stream: StreamId,
}

impl StreamKey {
    /// Names a tenant's stream.
    pub fn new(tenant: Tenant, stream: StreamId) -> Self {
        Self { tenant, stream }
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.stream)
    }
}

impl FromStr for StreamKey {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let (tenant, stream) = text.split_once('/').ok_or(BadId("must be `<tenant>/<aggregate>/<id>`"))?;
        Ok(Self { tenant: tenant.parse()?, stream: stream.parse()? })
    }
}

impl Id {
    /// When a `UUIDv7` was made; `None` for any other id.
    pub fn made_at(&self) -> Option<jiff::Timestamp> {
        let uuid = uuid::Uuid::try_parse(&self.0).ok().filter(|uuid| uuid.get_version_num() == 7)?;
        let millis = uuid.as_u128() >> 80;
        jiff::Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_plain() {
        for good in ["a", "A.b_c:d-9", &"x".repeat(64)] {
            assert!(good.parse::<Id>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(bad.parse::<Id>().is_err(), "{bad}");
        }
        assert!("x".repeat(32).parse::<Tenant>().is_err());
    }

    #[test]
    fn the_schema_of_an_id_takes_what_is_an_id() {
        let checker = crate::schema::Checker::new(&crate::schema::of::<Id>()).unwrap();
        for text in
            ["a", ":", ".a", "..a", "...", "a.", "", ".", "..", "a b", "ä", "a\n", &"x".repeat(64), &"x".repeat(65)]
        {
            let mut violations = crate::Violations::default();
            checker.check(&text.into(), "", &mut violations);
            assert_eq!(violations.is_empty(), text.parse::<Id>().is_ok(), "{text:?}: {violations:?}");
        }
    }

    #[test]
    fn a_stream_is_an_aggregate_and_an_id() {
        let stream: StreamId = "room-type/resort:A".parse().unwrap();
        assert_eq!((stream.aggregate(), stream.id()), ("room-type", "resort:A"));
        for bad in ["room-type", "room-type/", "/a", "a/b/c", "a/.."] {
            assert!(bad.parse::<StreamId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_uuid_of_version_7_tells_its_time() {
        let id: Id = "01936f9e-8c00-7000-8000-000000000000".parse().unwrap();
        assert_eq!(id.made_at().unwrap().as_millisecond(), 0x0193_6f9e_8c00);
        assert_eq!("7f0c3d56-6c2f-4b52-9a44-0123456789ab".parse::<Id>().unwrap().made_at(), None);
    }
}
