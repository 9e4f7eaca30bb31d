//! Tables of checks: every row is tried, and all that fail are told.

use std::fmt::Display;

/// Rows that were tried.
#[derive(Default)]
pub(crate) struct Table {
    rows: usize,
    wrong: Vec<String>,
}

impl Table {
    /// Tries a row.
    pub(crate) fn row<T>(&mut self, name: impl Display, result: Result<T, String>) {
        self.rows += 1;
        if let Err(wrong) = result {
            self.wrong.push(format!("{name}: {wrong}"));
        }
    }

    /// Tells what failed.
    #[track_caller]
    pub(crate) fn end(self) {
        println!("{} rows", self.rows);
        assert!(self.wrong.is_empty(), "{} of {} rows:\n{}", self.wrong.len(), self.rows, self.wrong.join("\n\n"));
    }
}

/// `Ok` if it is so, else what was found.
pub(crate) fn ensure(so: bool, found: impl Display) -> Result<(), String> {
    if so { Ok(()) } else { Err(found.to_string()) }
}
