//! Where commands come from, and the time of issue of those that do not tell theirs.
//!
//! That a time is missing or too old is found before anything is sent: a repetition could not be recognised.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};

use super::command::Head;
use super::lines::{LONGEST_LINE, Line, Lines};
use crate::failure::Failure;

/// The server takes 30 days; one is left for the import itself.
const OLDEST: SignedDuration = SignedDuration::from_hours(29 * 24);
/// How much is read at a time, in bytes.
const READ_AHEAD: usize = 1 << 20;
const TOO_OLD: &str = "more than 29 days ago, too long for a repetition to be recognised";

/// Commands to import, one a line.
pub(super) struct Source {
    /// The input, at its start.
    pub(super) input: Box<dyn BufRead + Send>,
    /// The file a second time, where there is one, to count its lines.
    pub(super) countable: Option<File>,
    /// The time of commands that do not tell theirs.
    pub(super) time: FillTime,
}

/// The time of commands that do not tell theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FillTime {
    /// As the caller said.
    Given(String),
    /// When the file was last modified: to be told once it is used.
    Modified(String),
    /// No command needs one.
    Unneeded,
}

/// Why an input cannot be imported; nothing was sent.
enum Unusable {
    Unreadable(io::Error),
    Timeless(String),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl Source {
    /// Opens a file, or stdin for `-`.
    pub(super) fn open(path: &str, issued_at: Option<Timestamp>) -> Result<Self, Failure> {
        Self::find(path, issued_at).map_err(|unusable| match unusable {
            Unusable::Unreadable(error) => Failure::Usage(format!("cannot read `{path}`: {error}")),
            Unusable::Timeless(reason) => Failure::Usage(reason),
        })
    }

    fn find(path: &str, issued_at: Option<Timestamp>) -> Result<Self, Unusable> {
        if let Some(time) = issued_at.filter(|time| !is_young(*time)) {
            return Err(Unusable::Timeless(format!("--issued-at {time} is {TOO_OLD}")));
        }
        let given = issued_at.map(|time| FillTime::Given(time.to_string()));
        if path == "-" {
            return Self::once(io::stdin(), given);
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        if !metadata.is_file() {
            return Self::once(file, given);
        }
        let time = match given {
            Some(given) => given,
            None => modified(path, &mut file, metadata.modified()?)?,
        };
        Ok(Self { input: buffered(file), countable: Some(File::open(path)?), time })
    }

    /// An input that can be read once only. Without a given time it is kept on disk until all of it is seen to need none.
    fn once(input: impl Read + Send + 'static, given: Option<FillTime>) -> Result<Self, Unusable> {
        if let Some(time) = given {
            return Ok(Self { input: buffered(input), countable: None, time });
        }
        let mut kept = tempfile::tempfile()?;
        let mut copy = BufWriter::with_capacity(READ_AHEAD, &mut kept);
        let mut lines = Lines::new(BufReader::with_capacity(READ_AHEAD, input));
        // refused in its turn for its length alone
        let too_long = vec![b'x'; LONGEST_LINE + 1];
        let mut copied = 0;
        while let Some((number, line)) = lines.next()? {
            let line = match line {
                Line::Text(line) if lacks_time(line) => return Err(Unusable::Timeless(needs_time(number))),
                Line::Text(line) => line,
                Line::TooLong => &too_long,
            };
            // blank lines stay, so that the numbers do
            for _ in copied + 1..number {
                copy.write_all(b"\n")?;
            }
            copy.write_all(line)?;
            copy.write_all(b"\n")?;
            copied = number;
        }
        copy.flush()?;
        drop(copy);
        kept.rewind()?;
        Ok(Self { input: buffered(kept), countable: None, time: FillTime::Unneeded })
    }
}

/// The file's modification time, in whole seconds; one that is too old is no matter where no command needs it.
fn modified(path: &str, file: &mut File, modified: SystemTime) -> Result<FillTime, Unusable> {
    let time = Timestamp::try_from(modified).and_then(|time| Timestamp::from_second(time.as_second()));
    if let Some(time) = time.ok().filter(|time| is_young(*time)) {
        return Ok(FillTime::Modified(time.to_string()));
    }
    let mut lines = Lines::new(BufReader::with_capacity(READ_AHEAD, &mut *file));
    while let Some((number, line)) = lines.next()? {
        if matches!(line, Line::Text(line) if lacks_time(line)) {
            return Err(Unusable::Timeless(format!(
                "{}; the modification time of `{path}` is {TOO_OLD}",
                needs_time(number)
            )));
        }
    }
    file.rewind()?;
    Ok(FillTime::Unneeded)
}

fn lacks_time(line: &[u8]) -> bool {
    Head::read(line).is_ok_and(|head| head.lacks_time())
}

fn needs_time(line: u64) -> String {
    format!(
        "line {line} has no issuedAt, and its id is no UUIDv7 that would tell it; say when these commands were first \
         issued with --issued-at TIME, and the same whenever you repeat the import"
    )
}

fn is_young(time: Timestamp) -> bool {
    Timestamp::now().duration_since(time) <= OLDEST
}

fn buffered(input: impl Read + Send + 'static) -> Box<dyn BufRead + Send> {
    Box::new(BufReader::with_capacity(READ_AHEAD, input))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMELESS: &str = "{\"id\":\"c-1\",\"stream\":\"a/1\"}\n";
    const TIMED: &str = "{\"id\":\"c-1\",\"issuedAt\":\"2026-11-21T08:00:00Z\"}\n";
    const DAY: std::time::Duration = std::time::Duration::from_hours(24);

    fn file(text: &str, age: std::time::Duration) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file.as_file().set_modified(SystemTime::now() - age).unwrap();
        file
    }

    fn open(file: &tempfile::NamedTempFile, issued_at: Option<Timestamp>) -> Result<Source, Failure> {
        Source::open(file.path().to_str().unwrap(), issued_at)
    }

    fn once(text: &'static str) -> Result<Source, Unusable> {
        Source::once(text.as_bytes(), None)
    }

    #[test]
    fn a_young_file_lends_its_commands_its_modification_time() {
        let source = open(&file(TIMELESS, DAY), None).ok().unwrap();
        assert!(matches!(source.time, FillTime::Modified(time) if !time.contains('.')));
    }

    #[test]
    fn an_old_file_needs_a_time_if_a_command_does() {
        let refused = open(&file(TIMELESS, 30 * DAY), None).err().unwrap();
        assert!(
            matches!(&refused, Failure::Usage(reason) if reason.starts_with("line 1 ") && reason.contains("29 days"))
        );
        let mut source = open(&file(TIMED, 30 * DAY), None).ok().unwrap();
        assert_eq!(source.time, FillTime::Unneeded);
        let mut text = String::new();
        source.input.read_to_string(&mut text).unwrap();
        assert_eq!(text, TIMED, "read from its start");
        assert!(open(&file(TIMELESS, 30 * DAY), Some(Timestamp::now())).is_ok());
    }

    #[test]
    fn a_given_time_may_not_be_older_than_29_days() {
        let ago = |hours| Some(Timestamp::now() - SignedDuration::from_hours(hours));
        assert!(matches!(open(&file(TIMELESS, DAY), ago(29 * 24 + 1)), Err(Failure::Usage(_))));
        assert!(open(&file(TIMELESS, DAY), ago(29 * 24 - 1)).is_ok());
    }

    #[test]
    fn a_pipe_is_read_to_its_end_before_it_is_taken() {
        assert!(
            matches!(once("\n{\"id\":\"c-1\",\"stream\":\"a/1\"}\n"), Err(Unusable::Timeless(reason)) if reason.starts_with("line 2 "))
        );
        let mut source = once("\n{\"stream\":\"a/1\"}\n\nnot json").ok().unwrap();
        let mut text = String::new();
        source.input.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\n{\"stream\":\"a/1\"}\n\nnot json\n");
    }

    #[test]
    fn what_cannot_be_read_is_a_usage_error() {
        assert!(matches!(Source::open("/no/such/file", None), Err(Failure::Usage(_))));
        assert!(matches!(Source::open("/", None), Err(Failure::Usage(_))));
    }
}
