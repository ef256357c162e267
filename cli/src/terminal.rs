//! What people and programs see: text on standard output, errors on standard error, exit codes.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use tidegate_monitoring::State;

use crate::error::CliError;

/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  nothing to do
  1  something was found: drift, dead letters, or lines of a sample that could not be read
  2  wrong input: a contract, a file, an argument
  3  too few records to tell, or none";

/// The answer of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What goes to standard output.
    pub(crate) text: String,
    /// The exit code.
    pub(crate) code: u8,
}

/// Exit code: something was found.
pub(crate) const FOUND: u8 = 1;
/// Exit code: wrong input.
pub(crate) const WRONG_INPUT: u8 = 2;
/// Exit code: too few records to tell, or none.
pub(crate) const TOO_FEW: u8 = 3;

impl Outcome {
    /// An answer with nothing to do.
    pub(crate) fn good(text: String) -> Self {
        Self { text, code: 0 }
    }
}

/// Writes a command's answer, or what kept it from one.
pub(crate) fn finish(outcome: Result<Outcome, CliError>) -> ExitCode {
    match outcome {
        // A reader that closed the pipe has seen enough.
        Ok(outcome) => match std::io::stdout().lock().write_all(outcome.text.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => fail(&error),
            _ => ExitCode::from(outcome.code),
        },
        Err(CliError::Contract { shown }) => {
            eprint!("{shown}");
            ExitCode::from(WRONG_INPUT)
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    let mut text = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(because) = cause {
        text.push_str("  because: ");
        text.push_str(&because.to_string());
        text.push('\n');
        cause = because.source();
    }
    eprint!("{text}");
    ExitCode::from(WRONG_INPUT)
}

/// A value as JSON for programs, indented, with a line end.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    // Verdicts and profiles have text keys and no other reason to fail.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// Whether standard output shows colours: a terminal, and nobody who asked for none (<https://no-color.org>).
pub(crate) fn has_colour() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a convention among terminals, not a setting of ours")]
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !refused
}

/// A text in the colour of a state, when there are colours. The word says the state too: colour is never alone.
pub(crate) fn painted(text: &str, state: State, colour: bool) -> String {
    let code = match state {
        State::Ok => "32",
        State::InsufficientData | State::NoData => "36",
        State::Warning => "33",
        State::Drift => "31;1",
    };
    if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// The name of a state.
pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::InsufficientData => "insufficient-data",
        State::Warning => "warning",
        State::Drift => "drift",
        State::NoData => "no-data",
    }
}

/// Text that grows by what is said.
pub(crate) trait Say {
    /// Appends.
    fn say(&mut self, what: fmt::Arguments<'_>);
}

impl Say for String {
    fn say(&mut self, what: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        fmt::Write::write_fmt(self, what).unwrap_or_default();
    }
}

/// Rows with aligned columns, the first row being the head; the last column is as long as it is.
pub(crate) fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(visible(cell));
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (width, cell) in widths.iter().zip(row) {
            let room = width.saturating_sub(visible(cell)) + 2;
            line.say(format_args!("{cell}{:room$}", ""));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Characters that take room: not those of a colour.
fn visible(text: &str) -> usize {
    let mut in_code = false;
    text.chars()
        .filter(|character| match (in_code, character) {
            (false, '\u{1b}') => {
                in_code = true;
                false
            }
            (false, _) => true,
            (true, end) => {
                in_code = *end != 'm';
                false
            }
        })
        .count()
}

/// One line of foreign text: without characters that a terminal would obey, and at most so many characters long.
pub(crate) fn line(text: &str, longest: usize) -> String {
    let mut shown: String = text.chars().map(|character| if is_obeyed(character) { '·' } else { character }).take(longest).collect();
    if text.chars().count() > longest {
        shown.pop();
        shown.push('…');
    }
    shown
}

fn is_obeyed(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A whole number with separators: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The beginning of a digest, long enough to tell a model's versions apart.
pub(crate) fn short(digest: &str) -> String {
    line(digest.get(..12).unwrap_or(digest), 12)
}

/// `1 record`, `2,000 records`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A share as a percentage: `0 %`, `<0.1 %`, `3.1 %`, `25 %`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 {
        "0 %".to_owned()
    } else if percent < 0.1 {
        "<0.1 %".to_owned()
    } else if percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// Words in a row: `a, b and c`.
pub(crate) fn series<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.as_ref().to_owned(),
        [others @ .., last] => format!("{} and {}", others.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "), last.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_colours() {
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        let rows = [row("field", "state"), row(&painted("é", State::Drift, true), "x"), row("", "")];
        assert_eq!(table(&rows), "  field  state\n  \u{1b}[31;1mé\u{1b}[0m      x\n\n");
    }

    #[test]
    fn foreign_text_cannot_command_the_terminal() {
        assert_eq!(line("a\u{1b}[31mb\nc\u{202E}", 20), "a·[31mb·c·");
        assert_eq!(line("abcdef", 4), "abc…");
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.0001, 0.031, 0.25].map(percent), ["0 %", "<0.1 %", "3.1 %", "25 %"]);
        assert_eq!(series(&["a", "b", "c"]), "a, b and c");
        assert_eq!(counted(1, "line"), "1 line");
    }
}
