//! Times and days as clients write them: the forms of RFC 3339, and none of the others that parsers take for a time
//! (ISO 8601's weeks, basic forms and cut ones), which another reader would refuse or read differently.

use std::str::FromStr;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A text that is not of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTime(&'static str);

impl BadTime {
    /// Says what the text should look like.
    pub fn message(&self) -> &'static str {
        self.0
    }
}

/// An instant, `2026-12-01T08:00:00Z` or with an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let time = text.parse().ok().filter(|_| is_time(text.as_bytes())).map(Self);
        time.ok_or(BadTime("must be an RFC 3339 time, such as `2026-12-01T08:00:00Z`"))
    }
}

/// A day of the calendar, `2026-12-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub Date);

impl FromStr for Day {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let day = text.parse().ok().filter(|_| is_like(text.as_bytes(), b"0000-00-00")).map(Self);
        day.ok_or(BadTime("must be a date, such as `2026-12-01`"))
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A side of a period: an instant, or a day, which stands for its beginning in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl FromStr for Moment {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        if let Ok(Time(time)) = text.parse() {
            return Ok(Self(time));
        }
        let wrong = BadTime("must be a date or an RFC 3339 time");
        let Day(day) = text.parse().map_err(|_| wrong)?;
        // days at the ends of the calendar may lie beyond the instants that can be told
        TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map(Self).map_err(|_| wrong)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "anyOf": [{ "format": "date" }, { "format": "date-time" }] })
    }
}

/// Whether a text has digits where the pattern has, and otherwise its characters, in any case.
fn is_like(text: &[u8], pattern: &[u8]) -> bool {
    let same = |(text, pattern): (&u8, &u8)| {
        if *pattern == b'0' { text.is_ascii_digit() } else { text.eq_ignore_ascii_case(pattern) }
    };
    text.len() == pattern.len() && text.iter().zip(pattern).all(same)
}

fn is_time(text: &[u8]) -> bool {
    let Some((seconds, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else { return false };
    let fraction = match rest {
        [b'.', digits @ ..] => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let offset = rest.get(fraction..).unwrap_or_default();
    is_like(seconds, b"0000-00-00T00:00:00")
        && fraction != 1
        && [b"Z".as_slice(), b"+00:00", b"-00:00"].iter().any(|pattern| is_like(offset, pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339() {
        for good in ["2026-12-01T08:00:00Z", "2026-12-01t08:00:00.5z", "2026-12-01T09:30:00.123456789+01:30"] {
            assert!(good.parse::<Time>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026-12-01",
            "20261201T080000Z",
            "2026-12-01T08Z",
            "2026-12-01T08:00Z",
            "2026-12-01T08:00:00",
            "2026-12-01 08:00:00Z",
            "2026-12-01T08:00:00.Z",
            "2026-12-01T08:00:00,5Z",
            "2026-12-01T08:00:00+01",
            "2026-12-01T08:00:00+0100",
            "2026-12-01T08:00:00Z[UTC]",
            "2026-12-01T24:00:00Z",
            "2026-13-01T08:00:00Z",
            "+002026-12-01T08:00:00Z",
        ] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_day_is_the_moment_at_which_it_begins() {
        let moment = |text: &str| text.parse::<Moment>().map(|Moment(time)| time.to_string()).ok();
        assert_eq!(moment("2026-12-01").as_deref(), Some("2026-12-01T00:00:00Z"));
        assert_eq!(moment("2026-12-01T09:30:00+01:30").as_deref(), Some("2026-12-01T08:00:00Z"));
        assert_eq!(moment("0000-01-01").as_deref(), Some("0000-01-01T00:00:00Z"));
        for bad in ["", "soon", "2026-02-30", "2026-12-01T08:00"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_written_in_full() {
        assert!("2028-02-29".parse::<Day>().is_ok());
        for bad in
            ["2027-02-29", "20270101", "2027-W01-1", "2027-001", "2027-1-01", "2027-01-01T00:00:00Z", "２027-01-1"]
        {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }
}
