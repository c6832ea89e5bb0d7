//! Lines of toned text: cut, padded and wrapped by the width that a terminal gives them.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::{Outcome, Timestamp};
pub use crate::reading::human::{and_more, thousands};

/// The meaning of a piece of text, which the theme turns into a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Secondary.
    Dim,
    /// Text that leads the eye.
    Strong,
    /// The accent colour, of which there is one.
    Accent,
    /// A JSON key or header name.
    Key,
    /// A JSON string.
    Text,
    /// A number, true, false, null.
    Number,
    /// Success.
    Good,
    /// A warning.
    Warning,
    /// An error.
    Bad,
}

impl Tone {
    /// The tone for a call's outcome.
    #[must_use]
    pub fn of_outcome(outcome: Option<Outcome>) -> Self {
        match outcome {
            Some(Outcome::Replay) => Self::Good,
            Some(Outcome::Miss) => Self::Warning,
            Some(Outcome::Error) => Self::Bad,
            Some(_) => Self::Accent,
            None => Self::Dim,
        }
    }
}

/// One line of toned pieces, already sanitized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toned(pub Vec<(Tone, String)>);

impl Toned {
    /// A line of one tone.
    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self(vec![(tone, text.into())])
    }

    /// Adds a piece.
    #[must_use]
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }

    /// The text without its tones.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// A line of readable JSON (or anything else) with keys, strings and numbers told apart.
    #[must_use]
    pub fn json(line: &str) -> Self {
        let indent = line.len() - line.trim_start().len();
        let (lead, rest) = line.split_at(indent);
        let lead = (Tone::Plain, lead.to_owned());
        if let Some((key, value)) = split_key(rest) {
            return Self(vec![lead, (Tone::Key, key.into()), (Tone::Dim, ": ".into()), value_of(value)]);
        }
        Self(vec![lead, value_of(rest)])
    }

    /// The line without its first columns. Half a wide character is a blank.
    #[must_use]
    pub fn from(&self, columns: usize) -> Self {
        let mut left = columns;
        let mut rest = Self::default();
        for (tone, text) in &self.0 {
            let mut piece = String::new();
            for c in text.chars() {
                let wide = c.width().unwrap_or(0);
                if left == 0 {
                    piece.push(c);
                } else if wide > left {
                    piece.push_str(&" ".repeat(wide - left));
                    left = 0;
                } else {
                    left -= wide;
                }
            }
            if !piece.is_empty() {
                rest.0.push((*tone, piece));
            }
        }
        rest
    }

    /// Breaks the line where it leaves `width`; what follows keeps the indentation.
    #[must_use]
    pub fn wrapped(&self, width: usize) -> Vec<Self> {
        let text = self.text();
        if width == 0 || text.width() <= width {
            return vec![self.clone()];
        }
        let indent = text.chars().take_while(|c| *c == ' ').count().min(width / 2);
        let mut lines = vec![Self::default()];
        let mut used = 0;
        for (tone, piece) in &self.0 {
            let mut open = String::new();
            for word in pieces_of(piece) {
                let wide = word.width();
                // A word that fills more than half a line is broken where it stands: moving it would leave a hole.
                if used + wide > width && used > indent && wide <= (width - indent) / 2 {
                    flush(&mut lines, *tone, &mut open, indent);
                    used = indent;
                }
                for c in word.chars() {
                    let wide = c.width().unwrap_or(0);
                    if used + wide > width {
                        flush(&mut lines, *tone, &mut open, indent);
                        used = indent;
                    }
                    open.push(c);
                    used += wide;
                }
            }
            push(&mut lines, *tone, open);
        }
        lines
    }
}

fn flush(lines: &mut Vec<Toned>, tone: Tone, open: &mut String, indent: usize) {
    push(lines, tone, std::mem::take(open));
    lines.push(Toned::of(Tone::Plain, " ".repeat(indent)));
}

fn push(lines: &mut [Toned], tone: Tone, text: String) {
    if let Some(line) = lines.last_mut()
        && !text.is_empty()
    {
        line.0.push((tone, text));
    }
}

/// Words with the blanks that follow them.
fn pieces_of(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

fn split_key(text: &str) -> Option<(&str, &str)> {
    let end = text.strip_prefix('"')?.find("\": ")? + 2;
    Some((&text[..end], &text[end + 2..]))
}

fn value_of(text: &str) -> (Tone, String) {
    let tone = match text.as_bytes().first() {
        Some(b'"') => Tone::Text,
        Some(b'{' | b'}' | b'[' | b']') => Tone::Dim,
        Some(b'0'..=b'9' | b'-') => Tone::Number,
        _ if matches!(text.trim_end_matches(','), "true" | "false" | "null") => Tone::Number,
        _ => Tone::Plain,
    };
    (tone, text.to_owned())
}

/// `text` cut to `width` columns with an ellipsis, and nothing added.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    // A text may be very long: no more of it is looked at than there is room for.
    let beginning: String = text.chars().take(width.saturating_mul(4) + 1).collect();
    if beginning.len() == text.len() && text.width() <= width {
        return beginning;
    }
    let mut out = String::new();
    let mut used = 0;
    for c in beginning.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// `text` cut or padded to exactly `width` columns; `right` puts it at the right edge.
#[must_use]
pub fn fit(text: &str, width: usize, right: bool) -> String {
    let text = cut(text, width);
    let blank = " ".repeat(width.saturating_sub(text.width()));
    if right { blank + &text } else { text + &blank }
}

/// The age, in at most four characters: `now`, `12s`, `3m`, `5h`, `12d`, `2y`.
#[must_use]
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at) / 1000;
    match seconds {
        0..5 => "now".into(),
        5..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        86_400..63_072_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

/// A size in at most five characters for columns: `312`, `2.1K`, `1.4M`.
#[must_use]
pub fn short_size(bytes: u64) -> String {
    let text = crate::reading::human::size(bytes);
    let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
    if unit == "B" { number.into() } else { format!("{number}{}", &unit[..unit.len().min(1)]) }
}

/// A text with a capital first letter.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A point in time in local time.
#[must_use]
pub fn clock(at: Timestamp, zone: &jiff::tz::TimeZone, form: &str) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => at.to_zoned(zone.clone()).strftime(form).to_string(),
        Err(_) => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_padded_by_columns() {
        assert_eq!(cut("猫猫猫", 4), "猫…");
        assert_eq!(fit("猫", 4, true), "  猫");
        assert_eq!(fit("abcdef", 4, false), "abc…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn long_lines_wrap_at_blanks_and_keep_their_indentation() {
        let lines = Toned::json(r#"  "prompt": "a capybara wearing a hat""#).wrapped(20);
        let lines: Vec<String> = lines.iter().map(Toned::text).collect();
        assert_eq!(lines, [r#"  "prompt": "a "#, "  capybara wearing ", r#"  a hat""#].map(String::from));
        assert_eq!(Toned::of(Tone::Plain, "x".repeat(25)).wrapped(10).len(), 3);
    }

    #[test]
    fn numbers_for_columns() {
        assert_eq!(short_size(1_468_006), "1.4M");
        assert_eq!(age(Timestamp(0), Timestamp(7_200_000)), "2h");
    }
}
