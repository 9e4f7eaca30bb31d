//! JSON as clients may send it, and the digest of a command's content.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Serialize,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

/// The largest integer that every JSON reader keeps exactly: 2^53.
pub const LARGEST_INTEGER: u64 = 1 << 53;

/// Parses JSON strictly: duplicate keys, numbers beyond ±2^53, lone surrogates and nesting deeper than 127 are
/// errors; whole numbers become integers (`2.0` is `2`) and members that are null are left out of objects.
pub fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    read(text, Strict { nulls: false })
}

/// As [`parse`], but members that are null stay: for what tells null from absent, such as a query's conditions.
pub fn parse_with_nulls(text: &[u8]) -> Result<Value, serde_json::Error> {
    read(text, Strict { nulls: true })
}

fn read(text: &[u8], strict: Strict) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = strict.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict {
    /// Whether an object keeps members that are null.
    nulls: bool,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("json")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        if value > LARGEST_INTEGER { Err(too_large()) } else { Ok(value.into()) }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > LARGEST_INTEGER { Err(too_large()) } else { Ok(value.into()) }
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "2^53 is exact as a float, and only whole numbers within it are cast"
    )]
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.abs() > LARGEST_INTEGER as f64 {
            Err(too_large())
        } else if value.fract() == 0.0 {
            Ok((value as i64).into())
        } else {
            Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number must be finite"))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut nulls = false;
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice in one object")));
            }
            let value = members.next_value_seed(self)?;
            nulls |= value.is_null();
            object.insert(key, value);
        }
        if nulls && !self.nulls {
            object.retain(|_, value| !value.is_null());
        }
        Ok(Value::Object(object))
    }
}

fn too_large<E: Error>() -> E {
    E::custom("a number must lie within 2^53")
}

/// What a command's digest covers, as sent: before defaults, null members left out.
#[derive(Serialize)]
pub struct Content<'a> {
    /// The command's data.
    pub data: &'a Value,
    /// The version that the client expected, if it said so.
    #[serde(rename = "expectedVersion", skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// `<aggregate>/<id>`.
    pub stream: &'a str,
    /// The command's type.
    #[serde(rename = "type")]
    pub kind: &'a str,
}

/// The digest of a command's content: base64url SHA-256 of its canonical form (RFC 8785), 43 characters.
pub fn digest(content: &Content<'_>) -> Result<String, serde_json::Error> {
    let canonical = serde_json_canonicalizer::to_vec(content)?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(&canonical)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_integers_and_nulls_are_left_out_of_objects() {
        let value = parse(br#"{"a":2.0,"b":null,"c":[null,-0.0,1.5]}"#).unwrap();
        assert_eq!(value, serde_json::json!({"a": 2, "c": [null, 0, 1.5]}));
    }

    #[test]
    fn nulls_stay_where_they_are_asked_for() {
        assert_eq!(parse_with_nulls(br#"{"a":null}"#).unwrap(), serde_json::json!({"a": null}));
        assert!(parse_with_nulls(br#"{"a":null,"a":1}"#).is_err());
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":null,"a":1}"#,
            "9007199254740993",
            "-9007199254740993",
            "1e300",
            "1e999",
            r#""\ud800""#,
            "NaN",
            "{} {}",
            deep.as_str(),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(b"9007199254740992").is_ok());
    }

    #[test]
    fn a_digest_depends_on_content_alone() {
        let digest = |text: &str, expected_version| {
            let data = parse(text.as_bytes()).unwrap();
            digest(&Content { data: &data, expected_version, stream: "comment/1", kind: "EditComment" }).unwrap()
        };
        let one = digest(r#"{"text":"a","n":2.0,"x":null}"#, None);
        assert_eq!(one, digest(r#"{ "n": 2, "text": "a" }"#, None));
        assert_ne!(one, digest(r#"{ "n": 2, "text": "a" }"#, Some(0)));
        assert_eq!(one.len(), 43);
    }
}
