//! The only place that writes to stdout and stderr.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use crate::model::{Call, Outcome};
use crate::reading::{human, sanitize};

/// Writes a line to stdout. A reader that left (`| head`) ends the program quietly.
pub(super) fn line(text: &str) {
    bytes(format!("{text}\n").as_bytes());
}

/// Writes a line to stdout for a program that goes on without a reader; false when there is none any more.
pub(super) fn line_if_read(text: &str) -> bool {
    write(format!("{text}\n").as_bytes()).is_ok()
}

/// Writes bytes to stdout as they are.
pub(super) fn bytes(bytes: &[u8]) {
    match write(bytes) {
        Ok(()) => {}
        // Nobody reads any more: nothing is left to say.
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        // A full disk, for example: what was written is not what was asked for.
        Err(cause) => {
            error(&format!("cannot write the output: {cause}"));
            std::process::exit(1);
        }
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush())
}

/// Says an error on stderr.
pub(super) fn error(text: &str) {
    let word = if colour(&io::stderr()) { "\x1b[1;31merror\x1b[0m" } else { "error" };
    let _ = writeln!(io::stderr(), "{word}: {text}");
}

/// Says something on stderr that is no error.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What was taken out, in its colour.
pub(super) fn removed(text: &str) -> String {
    if colour(&io::stdout()) { format!("\x1b[31m{text}\x1b[0m") } else { text.to_owned() }
}

/// What was put in, in its colour.
pub(super) fn added(text: &str) -> String {
    if colour(&io::stdout()) { format!("\x1b[32m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether words may be coloured: a terminal, and no `NO_COLOR`.
fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether stdout is a terminal.
pub(super) fn to_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The columns of the terminal; none where lines are not to be cut.
pub(super) fn width() -> Option<usize> {
    to_terminal().then(|| crossterm::terminal::size().ok()).flatten().map(|(columns, _)| usize::from(columns))
}

/// A call as one line: time, outcome, status, endpoint, model, time taken, size, recording, reason.
pub(super) fn call(call: &Call) -> String {
    let label = format!("{:<4}", call.label());
    let label =
        if colour(&io::stdout()) { format!("\x1b[{}m{label}\x1b[0m", tint(call.outcome)) } else { label };
    let status = call.status.map_or_else(|| "  –".into(), |status| format!("{status:3}"));
    let model = sanitize(call.model.as_deref().unwrap_or("–"));
    let took = human::duration(call.total.unwrap_or_default());
    let size = human::size(call.response_len);
    let endpoint = sanitize(&call.endpoint);
    let mut text =
        format!("{} {label} {status} {endpoint:<22} {model:<16} {took:>7} {size:>9}", clock(call.at.0));
    if let Some(id) = &call.recording {
        let _ = write!(text, "  {id}");
    }
    if let Some(leading) = call.coalesced {
        let _ = write!(text, "  coalesced with call {}", leading.0);
    }
    if let Some(reason) = &call.reason {
        let _ = write!(text, "\n         {}", sanitize(reason));
    }
    text
}

/// The word of a state, eight columns wide: `ok`, `note`, `problem`.
pub(super) fn state(word: &str) -> String {
    let tint = match word {
        "ok" => "32",
        "problem" => "1;31",
        _ => "33",
    };
    if colour(&io::stdout()) { format!("\x1b[{tint}m{word:<8}\x1b[0m") } else { format!("{word:<8}") }
}

fn tint(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Replay) => "32",
        Some(Outcome::Record) => "36",
        Some(Outcome::Mock) => "35",
        Some(Outcome::Live) => "34",
        Some(Outcome::Miss) => "1;33",
        Some(Outcome::Error) => "1;31",
        None => "2",
    }
}

/// A text for a column: clean, and cut to its width.
pub(super) fn fit(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthChar;
    let clean = sanitize(text);
    let mut used = 0;
    let total: usize = clean.chars().map(|c| c.width().unwrap_or(0)).sum();
    if total <= width {
        return format!("{clean}{}", " ".repeat(width - total));
    }
    let mut out = String::new();
    for c in clean.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    out.push('…');
    out + &" ".repeat(width - used - 1)
}

/// The time of day where the program runs.
pub(super) fn clock(millis: i64) -> String {
    zoned(millis, "%H:%M:%S")
}

/// The time of day where the program runs; of another day than today the date before it.
pub(super) fn when(millis: i64) -> String {
    let day = |millis| zoned(millis, "%Y-%m-%d");
    if day(millis) == day(crate::engine::now().0) { clock(millis) } else { date(millis) }
}

/// Date and time where the program runs.
pub(super) fn date(millis: i64) -> String {
    zoned(millis, "%Y-%m-%d %H:%M:%S")
}

fn zoned(millis: i64, format: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::system()).strftime(format).to_string()
}

/// Asks a question on the terminal; anything but `y` or `yes` is a no.
pub(super) fn confirmed(question: &str) -> bool {
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Whether somebody can be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_cut_and_filled_by_width() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 5), "abcd…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert!(!fit("a\x1b[31mb", 20).contains('\x1b'));
    }

    #[test]
    fn a_call_says_which_one_it_was_coalesced_with() {
        let call = Call { coalesced: Some(crate::model::CallId(7)), ..Call::default() };
        assert!(super::call(&call).ends_with("  coalesced with call 7"));
        assert!(!super::call(&Call::default()).contains("coalesced"));
    }
}
