//! Printing: JSON as the server sent it, or tables for people.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle, presets};
use serde_json::Value;

use crate::failure::Failure;

/// Columns under a header with a line, and nothing else: it reads well, and copies well.
const UNDER_A_LINE: TableStyle = presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// As the server sent it, for programs
    Json,
    /// Columns, for people
    Table,
}

/// Where and how a verb prints its answer.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
}

impl Output {
    /// As asked, else a table on a terminal and JSON in a pipe.
    pub fn new(asked: Option<Format>) -> Self {
        let usual = if io::stdout().is_terminal() { Format::Table } else { Format::Json };
        Self { format: asked.unwrap_or(usual) }
    }

    /// Whether programs read along.
    pub fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints a line as it is.
    pub fn line(self, line: impl AsRef<[u8]>) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(line.as_ref().trim_ascii_end())?;
        stdout.write_all(b"\n")?;
        Ok(stdout.flush()?)
    }

    /// Prints rows under a header; nothing for none.
    pub fn rows(self, header: &[&str], rows: Vec<Vec<String>>) -> Result<(), Failure> {
        if rows.is_empty() { Ok(()) } else { self.line(table(header, rows)) }
    }

    /// Prints an answer: its bytes as JSON, or an object's members one under the other.
    pub fn object(self, body: &[u8]) -> Result<(), Failure> {
        if self.is_json() {
            return self.line(body);
        }
        let value: Value = crate::client::decode(body)?;
        match &value {
            Value::Object(members) => {
                let shown = members.iter().filter(|(_, value)| !value.is_null());
                self.line(table(&[], shown.map(|(name, value)| vec![name.clone(), cell(value)]).collect()))
            }
            other => self.line(cell(other)),
        }
    }
}

/// Tells on stderr what went wrong.
pub fn complain(message: &dyn std::fmt::Display) {
    // where stderr is closed, there is nobody left to tell
    let _ = writeln!(io::stderr().lock(), "factmill: {message}");
}

/// A value as it is shown in one cell.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(cell).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Documents as rows: the columns are all members that any of them has, in the order of their first appearance.
pub fn columns<'a>(documents: impl Iterator<Item = &'a Value> + Clone) -> (Vec<&'a str>, Vec<Vec<String>>) {
    let mut names: Vec<&str> = Vec::new();
    for name in documents.clone().filter_map(Value::as_object).flat_map(|members| members.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let rows = documents.map(|document| names.iter().map(|name| cell(&document[*name])).collect()).collect();
    (names, rows)
}

fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(UNDER_A_LINE);
    if let Some((_, width)) = console::Term::stdout().size_checked() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    if !header.is_empty() {
        table.set_header(header);
    }
    table.add_rows(rows.into_iter().map(|row| row.into_iter().map(printable)));
    table.to_string()
}

/// A text from elsewhere without the control characters that a terminal would obey.
fn printable(text: String) -> String {
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_of_different_members_share_their_columns() {
        let documents = [json!({"a": 1, "b": "x"}), json!({"a": null, "c": ["p", "q"]}), json!({"d": {"e": 1}})];
        let (names, rows) = columns(documents.iter());
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(rows, [["1", "x", "", ""], ["", "", "p, q", ""], ["", "", "", "{\"e\":1}"]]);
    }

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc".into()), "a\u{fffd}[2Jb\nc");
    }

    #[test]
    fn a_table_has_its_header_and_rows() {
        let text = table(&["name", "n"], vec![vec!["rooms".into(), "3".into()]]);
        assert!(text.contains("name") && text.contains("rooms") && text.contains('3'), "{text}");
    }
}
