//! The only place that writes to stdout and stderr.
//!
//! Text is sanitized on its way, so that nothing recorded, configured or said by an upstream does anything to the
//! terminal; [`painted`] and [`bytes`] are for what is clean already or is wanted as it is. A stream that cannot be
//! written to ends nothing: a verb does what it was asked for with nobody reading, and [`unwritten`] says at its end
//! what became of the output. (`println!` would panic.)

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;

use serde::Serialize;

use crate::model::{Call, Outcome, RecordingId};
use crate::reading::{human, sanitize, sanitize_json, sanitize_lines};

/// The reason why nothing is written to stdout any more.
static UNWRITTEN: OnceLock<io::Error> = OnceLock::new();

/// Writes text to stdout, and a newline.
pub(super) fn line(text: &str) {
    painted(&sanitize_lines(text));
}

/// Writes text to stdout whose recorded parts are sanitized already, because it is coloured; and a newline.
pub(super) fn painted(text: &str) {
    bytes(format!("{text}\n").as_bytes());
}

/// [`painted`] for a program that goes on; false when nobody reads any more.
pub(super) fn line_if_read(text: &str) -> bool {
    painted(text);
    UNWRITTEN.get().is_none()
}

/// A value as one line of JSON that does nothing to a terminal.
pub(super) fn json_text(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(sanitize_json(&serde_json::to_string(value)?).into_owned())
}

/// Writes a value to stdout as one line of JSON.
pub(super) fn json(value: &impl Serialize) -> serde_json::Result<()> {
    json_text(value).map(|text| painted(&text))
}

/// Writes bytes to stdout as they are.
pub(super) fn bytes(bytes: &[u8]) {
    if UNWRITTEN.get().is_some() {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(cause) = out.write_all(bytes).and_then(|()| out.flush()) {
        // The first cause is the one to tell.
        UNWRITTEN.set(cause).ok();
    }
}

/// The reason why output is missing, where somebody has to know: not when its reader left (`| head`).
pub(super) fn unwritten() -> Option<&'static io::Error> {
    UNWRITTEN.get().filter(|cause| cause.kind() != io::ErrorKind::BrokenPipe)
}

/// Writes what clap says: help and version to stdout, a wrong command line to stderr. Both repeat words and variables of
/// the caller, so the text comes without styles; the one with `styled` is for terminals, where nothing had to be replaced.
pub(super) fn clap(said: &clap::Error, styled: impl FnOnce() -> Option<clap::Error>) {
    let text = said.render().ansi().to_string();
    let colour = if said.use_stderr() { colour(&io::stderr()) } else { colour(&io::stdout()) };
    let text = match sanitize_lines(&text) {
        Cow::Borrowed(plain) => {
            let styled = colour.then(styled).flatten();
            styled.map_or_else(|| plain.to_owned(), |styled| styled.render().ansi().to_string())
        }
        Cow::Owned(clean) => clean,
    };
    if said.use_stderr() {
        // Like every word on stderr: where it is not heard, the exit code still tells.
        io::stderr().write_all(text.as_bytes()).ok();
    } else {
        bytes(text.as_bytes());
    }
}

/// Prints a panic on stderr, and where it was; with a backtrace where `RUST_BACKTRACE` asks for one.
pub(super) fn panicked(info: &PanicHookInfo<'_>) {
    let trace = Backtrace::capture();
    let trace =
        if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
    let thread = std::thread::current();
    note(&format!("thread '{}' {info}{trace}", thread.name().unwrap_or("<unnamed>")));
}

/// Prints an error on stderr.
pub(super) fn error(text: &str) {
    let word = if colour(&io::stderr()) { "\x1b[1;31merror\x1b[0m" } else { "error" };
    // Where stderr is closed, the exit code still tells.
    writeln!(io::stderr(), "{word}: {}", sanitize_lines(text)).ok();
}

/// Prints something on stderr that is no error.
pub(super) fn note(text: &str) {
    writeln!(io::stderr(), "{}", sanitize_lines(text)).ok();
}

/// The target of the program's own log: stderr, or a file, which people read on a terminal, too.
pub(super) struct Log<W>(pub(super) W);

impl<W: Write> Write for Log<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        // Events come whole, and one that is not heard is no reason to fail.
        self.0.write_all(sanitize_lines(&String::from_utf8_lossy(text)).as_bytes()).ok();
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints the fate of recordings, one a line, or their ids as JSON.
pub(super) fn ids(ids: &[RecordingId], said: &str, json: bool) {
    if json {
        line(&serde_json::json!({ "ids": ids }).to_string());
    } else {
        for id in ids {
            line(&format!("{id} {said}"));
        }
    }
}

/// Removed text in its colour.
pub(super) fn removed(text: &str) -> String {
    if colour(&io::stdout()) { format!("\x1b[31m{text}\x1b[0m") } else { text.to_owned() }
}

/// Added text in its colour.
pub(super) fn added(text: &str) -> String {
    if colour(&io::stdout()) { format!("\x1b[32m{text}\x1b[0m") } else { text.to_owned() }
}

/// True if words may be coloured: a terminal, and no `NO_COLOR`.
fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// True if stdout is a terminal.
pub(super) fn to_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The columns of the terminal; none where lines are not to be cut, because there is no terminal or it does not say how
/// wide it is (0 columns: a serial line, a container without a window).
pub(super) fn width() -> Option<usize> {
    let size = to_terminal().then(|| crossterm::terminal::size().ok()).flatten();
    size.map(|(columns, _)| usize::from(columns)).filter(|columns| *columns > 0)
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
    if width == 0 {
        return String::new();
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
    // Who cannot see the question answers no.
    write!(io::stderr(), "{} [y/N] ", sanitize(question)).ok();
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if !answer.ends_with('\n') {
        // Nobody pressed Enter: what is said next gets a line of its own.
        note("");
    }
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// True if somebody can be asked.
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
        assert_eq!(["", "a", "日"].map(|text| fit(text, 1)), [" ", "a", "…"]);
        assert_eq!(["", "a", "日"].map(|text| fit(text, 0)), ["", "", ""]);
        assert!(!fit("a\x1b[31mb", 20).contains('\x1b'));
    }

    #[test]
    fn a_call_says_which_one_it_was_coalesced_with() {
        let call = Call { coalesced: Some(crate::model::CallId(7)), ..Call::default() };
        assert!(super::call(&call).ends_with("  coalesced with call 7"));
        assert!(!super::call(&Call::default()).contains("coalesced"));
    }
}
