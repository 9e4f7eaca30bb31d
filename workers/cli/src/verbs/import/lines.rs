//! Lines of an input of any length, none of them held beyond the longest that a command may be.

use std::io::{self, BufRead};

/// The most bytes of one command, as the contract has it.
pub(super) const LONGEST_LINE: usize = 65_536;

/// One line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line that may be a command, without its end.
    Text(&'a [u8]),
    /// A line that is longer than any command.
    TooLong,
}

/// Reads an input line by line into one buffer.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of an input.
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), number: 0 }
    }

    /// The next line that is not blank, with its number, counted from 1 over all lines.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            self.buffer.clear();
            let Some(too_long) = self.read_line()? else { return Ok(None) };
            self.number += 1;
            if too_long {
                return Ok(Some((self.number, Line::TooLong)));
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(Some((self.number, Line::Text(self.buffer.trim_ascii()))));
            }
        }
    }

    /// Reads up to a line's end; says whether it was too long to keep, and nothing at the input's end.
    fn read_line(&mut self) -> io::Result<Option<bool>> {
        let (mut any, mut too_long) = (false, false);
        loop {
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                available => available?,
            };
            if available.is_empty() {
                return Ok(any.then_some(too_long));
            }
            any = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..end.unwrap_or(available.len())];
            // a line's end may still be \r\n
            too_long |= self.buffer.len() + part.len() > LONGEST_LINE + 1;
            if !too_long {
                self.buffer.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                return Ok(Some(too_long || self.buffer.trim_ascii().len() > LONGEST_LINE));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(io::BufReader::with_capacity(7, input));
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            let text = match line {
                Line::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
                Line::TooLong => None,
            };
            all.push((number, text));
        }
        all
    }

    #[test]
    fn blank_lines_count_as_lines_but_are_not_read() {
        let text = |number, text: &str| (number, Some(text.to_owned()));
        assert_eq!(read(b"{\"a\":1}\r\n\n  \n{\"b\":2}"), [text(1, "{\"a\":1}"), text(4, "{\"b\":2}")]);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_longer_than_a_command_is_passed_over() {
        let longest = "x".repeat(LONGEST_LINE);
        let input = format!("{longest}\r\n{longest}y\nz\n");
        assert_eq!(read(input.as_bytes()), [(1, Some(longest)), (2, None), (3, Some("z".to_owned()))]);
    }
}
