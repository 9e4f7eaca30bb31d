//! Queries as they are written in a URL, and conditions as they are typed in a shell.

use crate::client::encode;

/// A query string that is built up parameter by parameter.
#[derive(Debug, Clone, Default)]
pub struct Query(String);

impl Query {
    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(&encode(name));
        self.0.push('=');
        self.0.push_str(&encode(value));
        self
    }

    /// Adds a parameter if it has a value.
    #[must_use]
    pub fn with_any(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, &value.to_string()),
            None => self,
        }
    }

    /// The path with this query.
    pub fn on(&self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

/// Reads a condition: `status=confirmed`, `arrival.gte=2026-12-01`, and also `arrival>=2026-12-01`, `total!=0`.
pub fn condition(text: &str) -> Result<(String, String), String> {
    const SIGNS: [(&str, &str); 6] =
        [(">=", ".gte"), ("<=", ".lte"), ("!=", ".ne"), (">", ".gt"), ("<", ".lt"), ("=", "")];
    let split = text.find(['=', '<', '>', '!']).map(|at| text.split_at(at)).and_then(|(field, rest)| {
        let (sign, operator) = SIGNS.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
        Some((format!("{}{operator}", field.trim()), rest[sign.len()..].trim().to_owned()))
    });
    split
        .filter(|(field, _)| !field.is_empty() && !field.starts_with('.'))
        .ok_or_else(|| format!("`{text}` is no condition; write `field=value`, `field>=value` or `field.prefix=value`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_becomes_a_parameter() {
        for (text, name, value) in [
            ("status=confirmed", "status", "confirmed"),
            ("arrival.gte=2026-12-01", "arrival.gte", "2026-12-01"),
            ("arrival>=2026-12-01", "arrival.gte", "2026-12-01"),
            ("arrival < 2027-01-01", "arrival.lt", "2027-01-01"),
            ("total!=0", "total.ne", "0"),
            ("guestName=a=b", "guestName", "a=b"),
            ("note=", "note", ""),
        ] {
            assert_eq!(condition(text), Ok((name.to_owned(), value.to_owned())));
        }
        for text in ["status", "=x", "a!b", ""] {
            assert!(condition(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parameters_are_joined_and_encoded() {
        let query = Query::default().with("q", "sea view").with_any("limit", Some(5)).with_any("cursor", None::<&str>);
        assert_eq!(query.on("/views/bookings"), "/views/bookings?q=sea%20view&limit=5");
        assert_eq!(Query::default().on("/views"), "/views");
    }
}
