//! JSON Schemas, derived from types: the one declaration of what a command's or a query's fields may be.
//!
//! The same schema is checked at the door and in the workflow, is published in the API's description, and lies in
//! `events/schemas/` for clients that check before they send.

use std::fmt::Write;

use jsonschema::{ValidationError, error::ValidationErrorKind};
use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::Value;

use crate::refusal::Violations;

/// The schema of a type, self-contained, for what is read (deserialized). A member that may be left out is not
/// also nullable: null members are dropped before any check.
pub fn of<T: JsonSchema>() -> Schema {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(plain).transform(&mut schema);
    schema
}

/// Drops `null` from types and the formats that only Rust knows (`uint32` …). An object that may have no member at all
/// says that it has none: then one that it has is told by its name.
fn plain(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(options)) = object.get("anyOf")
        && let [one, null] = options.as_slice()
        && null.get("type").is_some_and(|name| name == "null")
        && let Value::Object(one) = one.clone()
    {
        object.remove("anyOf");
        object.extend(one);
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    let rust_only = |format: &Value| {
        format.as_str().is_some_and(|f| f.starts_with("uint") || f.starts_with("int") || f == "double" || f == "float")
    };
    if object.get("format").is_some_and(rust_only) {
        object.remove("format");
    }
    if object.get("additionalProperties") == Some(&Value::Bool(false)) && !object.contains_key("properties") {
        object.insert("properties".into(), Value::Object(serde_json::Map::new()));
    }
}

/// A compiled schema.
#[derive(Debug)]
pub struct Checker(jsonschema::Validator);

impl Checker {
    /// Compiles a schema; formats are asserted.
    pub fn new(schema: &Schema) -> Result<Self, String> {
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(schema.as_value())
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Adds every violation in `value` to `violations`, each pointer behind `prefix`.
    pub fn check(&self, value: &Value, prefix: &str, violations: &mut Violations) {
        if self.0.is_valid(value) {
            return;
        }
        for error in self.0.iter_errors(value) {
            report(&error, prefix, violations);
        }
    }
}

fn report(error: &ValidationError<'_>, prefix: &str, violations: &mut Violations) {
    let at = format!("{prefix}{}", error.instance_path());
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            violations.add(child(&at, property.as_str().unwrap_or_default()), "required", "must be given");
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                violations.add(child(&at, name), "unknown-field", "is not a field of this type");
            }
        }
        kind => {
            let (code, message) = explain(kind);
            violations.add(at, code, message);
        }
    }
}

/// A pointer to a member, escaped as RFC 6901 says.
pub fn child(pointer: &str, name: &str) -> String {
    let mut pointer = pointer.to_owned();
    pointer.push('/');
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
    pointer
}

fn explain(kind: &ValidationErrorKind) -> (&'static str, String) {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind } => ("wrong-type", type_message(kind)),
        Kind::Format { format } => ("bad-format", format!("must be a {format}")),
        Kind::Pattern { pattern } => ("bad-format", format!("must match `{pattern}`")),
        Kind::Enum { options } => ("bad-format", format!("must be one of {}", list(options))),
        Kind::Constant { expected_value } => ("bad-format", format!("must be {expected_value}")),
        Kind::MinLength { limit } => ("too-short", format!("must have at least {limit} characters")),
        Kind::MaxLength { limit } => ("too-long", format!("must have at most {limit} characters")),
        Kind::MinItems { limit } => ("too-short", format!("must have at least {limit} items")),
        Kind::MaxItems { limit } => ("too-long", format!("must have at most {limit} items")),
        Kind::MinProperties { limit } => ("too-short", format!("must have at least {limit} members")),
        Kind::MaxProperties { limit } => ("too-long", format!("must have at most {limit} members")),
        Kind::Minimum { limit } => ("out-of-range", format!("must be at least {limit}")),
        Kind::Maximum { limit } => ("out-of-range", format!("must be at most {limit}")),
        Kind::ExclusiveMinimum { limit } => ("out-of-range", format!("must be more than {limit}")),
        Kind::ExclusiveMaximum { limit } => ("out-of-range", format!("must be less than {limit}")),
        Kind::UniqueItems => ("duplicate", "must not hold the same item twice".into()),
        Kind::AnyOf { .. } => ("bad-format", "must be of one of the forms that the schema allows".into()),
        Kind::Not { .. } => ("out-of-range", "must be something else".into()),
        _ => ("wrong-type", "must be of one of the shapes that the schema allows".into()),
    }
}

fn type_message(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(one) => format!("must be of type {one}"),
        jsonschema::error::TypeKind::Multiple(many) => {
            let mut message = "must be of type".to_owned();
            for (index, one) in many.iter().enumerate() {
                // writing to a string cannot fail
                write!(message, "{} {one}", if index == 0 { "" } else { " or" }).unwrap_or_default();
            }
            message
        }
    }
}

fn list(options: &Value) -> String {
    let texts = options.as_array().into_iter().flatten().map(Value::to_string);
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Sample {
        #[schemars(length(min = 1, max = 5))]
        guest_name: String,
        #[schemars(range(min = 1, max = 3))]
        rooms: u32,
        arrival: jiff::civil::Date,
        #[schemars(email)]
        email: Option<String>,
        inner: Option<Inner>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Inner {
        #[schemars(length(min = 1))]
        tags: Vec<String>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    fn codes(value: &Value) -> Vec<(String, String)> {
        codes_of::<Sample>(value)
    }

    fn codes_of<T: JsonSchema>(value: &Value) -> Vec<(String, String)> {
        let mut violations = Violations::default();
        Checker::new(&of::<T>()).unwrap().check(value, "/data", &mut violations);
        let mut codes: Vec<_> = violations.as_slice().iter().map(|v| (v.pointer.clone(), v.code.clone())).collect();
        codes.sort();
        codes
    }

    #[test]
    fn all_violations_are_told_at_once_with_pointers() {
        let bad = json!({"guestName": "", "rooms": 4, "arrival": "2026-02-30", "email": "x", "a/b": 1, "inner": {"tags": []}});
        let expected = [
            ("/data/arrival", "bad-format"),
            ("/data/a~1b", "unknown-field"),
            ("/data/email", "bad-format"),
            ("/data/guestName", "too-short"),
            ("/data/inner/tags", "too-short"),
            ("/data/rooms", "out-of-range"),
        ];
        assert_eq!(codes(&bad), expected.map(|(p, c)| (p.to_owned(), c.to_owned())));
        assert_eq!(codes(&json!({"guestName": "é🦀xyz", "rooms": 1, "arrival": "2026-02-28"})), []);
    }

    #[test]
    fn what_a_type_without_fields_does_not_have_is_told_by_its_name() {
        let told = codes_of::<Nothing>(&json!({"a": 1, "b": null}));
        assert_eq!(
            told,
            [("/data/a", "unknown-field"), ("/data/b", "unknown-field")].map(|(p, c)| (p.to_owned(), c.to_owned()))
        );
        assert_eq!(codes_of::<Nothing>(&json!({})), []);
    }

    #[test]
    fn a_wrong_type_and_a_missing_field_are_told() {
        let bad = json!({"guestName": 5, "rooms": 1.5, "inner": {}});
        let expected = [
            ("/data/arrival", "required"),
            ("/data/guestName", "wrong-type"),
            ("/data/inner/tags", "required"),
            ("/data/rooms", "wrong-type"),
        ];
        assert_eq!(codes(&bad), expected.map(|(p, c)| (p.to_owned(), c.to_owned())));
    }
}
