//! What every form of a query is checked by: declared fields, values of their kinds, and the violations found.

use serde_json::{Map, Value};

use super::{LONGEST_TEXT, Scalar};
use crate::{
    catalog::ViewSpec,
    json::LARGEST_INTEGER,
    refusal::{Refusal, Violations},
    schema::child,
    time::{Day, Time},
    view::{Field, FieldKind},
};

/// The refusal of a request whose fields are not valid.
pub fn invalid(violations: Violations) -> Refusal {
    let mut refusal = Refusal::invalid(violations);
    "the request has fields that are not valid".clone_into(&mut refusal.message);
    refusal
}

/// A query while it is checked.
pub(super) struct Check<'a> {
    pub(super) view: &'a ViewSpec,
    pub(super) violations: Violations,
    /// How many conditions were read.
    pub(super) conditions: usize,
}

impl<'a> Check<'a> {
    pub(super) fn of(view: &'a ViewSpec) -> Self {
        Self { view, violations: Violations::default(), conditions: 0 }
    }

    /// What was read, or all that is wrong.
    pub(super) fn finish<T>(self, read: T) -> Result<T, Refusal> {
        if self.violations.is_empty() { Ok(read) } else { Err(invalid(self.violations)) }
    }

    /// Notes a violation; there is then no value.
    pub(super) fn fault<T>(&mut self, at: &str, code: &str, message: impl Into<String>) -> Option<T> {
        self.violations.add(at, code, message);
        None
    }

    /// A declared field.
    pub(super) fn declared(&mut self, name: &str, at: &str) -> Option<&'a Field> {
        match self.view.field(name) {
            Some(field) => Some(field),
            None => {
                self.fault(at, "unknown-field", format!("`{name}` is not a field of the view `{}`", self.view.name()))
            }
        }
    }

    /// A declared field that has exact values: a pure text field is only searched by its words.
    pub(super) fn exact(&mut self, name: &str, at: &str) -> Option<&'a Field> {
        let field = self.declared(name, at)?;
        if field.exact {
            return Some(field);
        }
        self.fault(at, "wrong-type", format!("`{name}` is searched by its words only"))
    }

    /// Notes members that an object may not have.
    pub(super) fn only(&mut self, members: &Map<String, Value>, names: &[&str], at: &str) {
        for name in members.keys().filter(|name| !names.contains(&name.as_str())) {
            self.violations.add(child(at, name), "unknown-field", format!("must be one of {}", names.join(", ")));
        }
    }

    pub(super) fn object<'v>(&mut self, value: &'v Value, at: &str) -> Option<&'v Map<String, Value>> {
        value.as_object().or_else(|| self.fault(at, "wrong-type", "must be an object"))
    }

    pub(super) fn array<'v>(&mut self, value: &'v Value, at: &str) -> Option<&'v [Value]> {
        match value {
            Value::Array(items) => Some(items),
            _ => self.fault(at, "wrong-type", "must be an array"),
        }
    }

    pub(super) fn string<'v>(&mut self, value: &'v Value, at: &str) -> Option<&'v str> {
        value.as_str().or_else(|| self.fault(at, "wrong-type", "must be a string"))
    }

    pub(super) fn boolean(&mut self, value: &Value, at: &str) -> Option<bool> {
        value.as_bool().or_else(|| self.fault(at, "wrong-type", "must be true or false"))
    }

    /// A whole number between bounds.
    pub(super) fn count(&mut self, value: &Value, at: &str, least: usize, most: usize) -> Option<usize> {
        let Some(number) = value.as_i64() else { return self.fault(at, "wrong-type", "must be a whole number") };
        let within = usize::try_from(number).ok().filter(|number| (least..=most).contains(number));
        within.or_else(|| self.fault(at, "out-of-range", format!("must be from {least} to {most}")))
    }

    /// A text to search for; one without any word is none.
    pub(super) fn text(&mut self, text: &str, at: &str) -> Option<String> {
        if text.chars().count() > LONGEST_TEXT {
            return self.fault(at, "too-long", format!("must have at most {LONGEST_TEXT} characters"));
        }
        text.chars().any(char::is_alphanumeric).then(|| text.to_owned())
    }

    /// A value of a field's kind, from JSON.
    pub(super) fn scalar(&mut self, field: &Field, value: &Value, at: &str) -> Option<Scalar> {
        let scalar = match (field.kind, value) {
            (FieldKind::Text | FieldKind::Keyword, Value::String(text)) => Some(Scalar::Text(text.clone())),
            (FieldKind::Integer, Value::Number(number)) => number.as_i64().map(Scalar::Integer),
            (FieldKind::Number, Value::Number(number)) => number.as_f64().map(Scalar::Number),
            (FieldKind::Boolean, Value::Bool(truth)) => Some(Scalar::Boolean(*truth)),
            (FieldKind::Date | FieldKind::DateTime, Value::String(text)) => return self.instant(field, text, at),
            _ => None,
        };
        scalar.or_else(|| self.fault(at, "wrong-type", what(field.kind)))
    }

    /// A value of a field's kind, from a query string.
    pub(super) fn word(&mut self, field: &Field, text: &str, at: &str) -> Option<Scalar> {
        let scalar = match field.kind {
            FieldKind::Text | FieldKind::Keyword => Some(Scalar::Text(text.to_owned())),
            FieldKind::Integer => {
                let number = text.parse().ok().filter(|number: &i64| number.unsigned_abs() <= LARGEST_INTEGER);
                number.map(Scalar::Integer)
            }
            FieldKind::Number => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Scalar::Number),
            FieldKind::Boolean => text.parse().ok().map(Scalar::Boolean),
            FieldKind::Date | FieldKind::DateTime => return self.instant(field, text, at),
        };
        scalar.or_else(|| self.fault(at, "wrong-type", what(field.kind)))
    }

    fn instant(&mut self, field: &Field, text: &str, at: &str) -> Option<Scalar> {
        let scalar = if field.kind == FieldKind::Date {
            text.parse().ok().map(|Day(day)| Scalar::Date(day))
        } else {
            text.parse().ok().map(|Time(time)| Scalar::Time(time))
        };
        scalar.or_else(|| self.fault(at, "bad-format", what(field.kind)))
    }
}

fn what(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::Keyword => "must be a string",
        FieldKind::Integer => "must be a whole number within 2^53",
        FieldKind::Number => "must be a number",
        FieldKind::Boolean => "must be true or false",
        FieldKind::Date => "must be a date, such as `2026-12-01`",
        FieldKind::DateTime => "must be an RFC 3339 time, such as `2026-12-01T08:00:00Z`",
    }
}
