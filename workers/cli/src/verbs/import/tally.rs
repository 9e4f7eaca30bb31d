//! What became of the lines: counts, and a word on each that was refused or failed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::client::Violation;

/// How many refusals are told on stderr; the file has them all.
const TOLD: u64 = 20;

/// How many lines came to which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Events were appended, or it was already so.
    pub(crate) committed: u64,
    /// A business rule said no.
    pub(crate) rejected: u64,
    /// Not a valid, authentic, permitted command.
    pub(crate) refused: u64,
    /// Given up by the server.
    pub(crate) failed: u64,
}

impl Counts {
    /// How many lines are settled.
    pub(crate) fn settled(self) -> u64 {
        self.committed + self.rejected + self.refused + self.failed
    }
}

/// Tells about lines as they settle.
pub(crate) struct Teller {
    bar: ProgressBar,
    file: Option<BufWriter<File>>,
    told: u64,
    untold: u64,
    /// Why the file could not be written; the import goes on, and says so at its end.
    broken: Option<io::Error>,
}

/// What was not committed, as it is kept in a file.
#[derive(Serialize)]
struct Entry<'a> {
    line: u64,
    id: Option<&'a str>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    violations: Vec<Violation>,
}

impl Teller {
    /// Tells nothing.
    pub(crate) fn silent() -> Self {
        Self::counting(ProgressBar::hidden())
    }

    /// Moves a bar of its caller's, and tells nothing.
    pub(crate) fn counting(bar: ProgressBar) -> Self {
        Self { bar, file: None, told: TOLD, untold: 0, broken: None }
    }

    /// Tells on stderr, with a progress bar if that is a terminal, and keeps all in a file if asked.
    pub(super) fn new(kept: Option<&Path>) -> io::Result<Self> {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(style(false));
        let file = kept.map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self { bar, file, told: 0, untold: 0, broken: None })
    }

    /// The bar, whose end may be known only later.
    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Tells of one line that was refused, failed or is unsettled.
    pub(super) fn tell(&mut self, line: u64, id: Option<&str>, status: &str, reason: Option<&RawValue>) {
        if self.told < TOLD {
            self.told += 1;
            let sentence = sentence(line, id, status, reason);
            self.say(&sentence);
        } else {
            self.untold += 1;
        }
        if let Some(file) = &mut self.file {
            let entry = Entry { line, id, status, reason };
            let written = serde_json::to_writer(&mut *file, &entry).map_err(io::Error::from);
            if let Err(error) = written.and_then(|()| file.write_all(b"\n")) {
                self.broken = Some(error);
                self.file = None;
            }
        }
    }

    /// Says something on stderr, above the bar.
    pub(super) fn say(&self, sentence: &str) {
        // where stderr is closed, there is nobody left to tell
        self.bar.suspend(|| drop(writeln!(io::stderr().lock(), "factmill: {sentence}")));
    }

    /// Says how many lines were not told of, and ends the bar.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.bar.finish_and_clear();
        if self.untold > 0 {
            self.say(&format!("and {} more; --refused FILE keeps them all", self.untold));
        }
        match (self.broken, &mut self.file) {
            (Some(error), _) => Err(error),
            (None, Some(file)) => file.flush(),
            (None, None) => Ok(()),
        }
    }
}

/// The bar's form, with its end known or not.
pub(crate) fn style(ends: bool) -> ProgressStyle {
    let template = if ends {
        "{elapsed_precise} {wide_bar} {human_pos}/{human_len} settled, {rate}"
    } else {
        "{elapsed_precise} {spinner} {human_pos} settled, {rate}"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // a writer that fails is the bar's own, in memory
    style.with_key("rate", |state: &ProgressState, to: &mut dyn std::fmt::Write| {
        let _ = write!(to, "{:.0}/s", state.per_sec());
    })
}

fn sentence(line: u64, id: Option<&str>, status: &str, reason: Option<&RawValue>) -> String {
    let id = id.map(|id| format!(" (`{}`)", id.escape_debug())).unwrap_or_default();
    let sentence = format!("line {line}{id} {status}");
    let Some(reason) = reason.and_then(|reason| serde_json::from_str::<Reason>(reason.get()).ok()) else {
        return sentence;
    };
    let violations =
        reason.violations.iter().map(|Violation { pointer, code, message }| format!("\n  {pointer} {code}: {message}"));
    format!("{sentence}: {}: {}{}", reason.code, reason.message, violations.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_its_line_its_code_and_its_violations() {
        let reason: &RawValue = serde_json::from_str(
            r#"{"code":"invalid","message":"not valid","violations":[{"pointer":"/data/x","code":"required","message":"is required"}]}"#,
        )
        .unwrap();
        assert_eq!(
            sentence(7, Some("c-1"), "refused", Some(reason)),
            "line 7 (`c-1`) refused: invalid: not valid\n  /data/x required: is required"
        );
        assert_eq!(sentence(7, None, "unsettled", None), "line 7 unsettled");
    }

    #[test]
    fn the_file_keeps_every_refusal() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut teller = Teller { told: TOLD, ..Teller::new(Some(file.path())).unwrap() };
        for line in 1..=3 {
            teller.tell(line, Some("c"), "refused", None);
        }
        assert_eq!(teller.untold, 3);
        teller.finish().unwrap();
        assert_eq!(
            std::fs::read_to_string(file.path()).unwrap().lines().next(),
            Some(r#"{"line":1,"id":"c","status":"refused"}"#)
        );
    }
}
