//! Values: what stands behind a key, made ready once for being asked many times.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use wildmatch::WildMatch;

use super::key::{Key, KeyEntry, Values};
use crate::dialect::behind_version;

/// One value as written, and what it asks.
#[derive(Clone, Debug)]
pub(super) struct QueryValue {
    pub(super) written: WrittenValue,
    pub(super) test: Test,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrittenValue {
    pub(super) op: Op,
    pub(super) text: String,
    pub(super) quoted: bool,
}

/// The operator before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    None,
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// The test that a value stands for.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// A pattern of texts.
    Text(TextPattern),
    /// The beginning of an id.
    Id(String),
    /// The first digits of a hash, of sixteen.
    Hash(Vec<u8>),
    /// One word.
    Word(&'static str),
    /// A yes or no.
    Flag(bool),
    /// Amounts within these bounds, both included.
    Range { from: Option<i128>, to: Option<i128> },
}

/// A pattern that a text is held against.
#[derive(Clone, Debug)]
pub(super) enum TextPattern {
    Contains(TextPart),
    Whole(TextPart),
    /// Wildcards, with the parts that stand between them.
    Glob(Vec<TextPart>, WildMatch),
}

/// A text to be found, in small letters.
#[derive(Clone, Debug)]
pub(super) struct TextPart {
    pub(super) text: String,
    pub(super) case: Case,
}

/// The letters of a text that are made small before something is looked for in it. Nearly always those of ASCII are
/// enough, which is many times faster: lists ask this of every row at every key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Ascii,
    /// Each for itself: what a letter becomes must not depend on those beside it, or a part of a text would not always be
    /// found in it.
    All,
}

/// An amount as written, in the smallest unit: `until` is the last that begins with what was written.
struct Amount {
    at: i128,
    until: i128,
}

/// The problem with a value. `None`: the value as a whole is not of the kind that the key takes.
pub(super) type Wrong = Option<String>;

/// The operators, longer ones first.
pub(super) const OPERATORS: [(&str, Op); 5] =
    [("<=", Op::AtMost), (">=", Op::AtLeast), ("<", Op::Less), (">", Op::More), ("=", Op::Equal)];

impl QueryValue {
    /// A bare word.
    pub(super) fn bare(written: WrittenValue) -> Self {
        let pattern = if written.is_glob() {
            // It may stand anywhere, as every bare word.
            TextPattern::glob(&format!("*{}*", written.text))
        } else {
            TextPattern::Contains(TextPart::new(&written.text))
        };
        Self { written, test: Test::Text(pattern) }
    }

    /// A value of a key.
    pub(super) fn of(entry: &KeyEntry, written: WrittenValue) -> Result<Self, Wrong> {
        let test = match entry.values {
            Values::Text | Values::Name => text(entry, &written)?,
            Values::Id => Test::Id(written.plain(entry)?.to_owned()),
            Values::Hash => Test::Hash(digits(written.plain(entry)?)?),
            Values::YesNo => Test::Flag(word(entry, &written)? == "yes"),
            Values::Words(_) => Test::Word(word(entry, &written)?),
            Values::Count | Values::Size | Values::Time | Values::Dollars | Values::Date => {
                range(entry, &written)?
            }
        };
        Ok(Self { written, test })
    }
}

impl PartialEq for QueryValue {
    fn eq(&self, other: &Self) -> bool {
        // What it asks follows from what is written.
        self.written == other.written
    }
}

impl WrittenValue {
    fn is_glob(&self) -> bool {
        !self.quoted && self.text.contains(['*', '?'])
    }

    /// The text of a value that nothing may stand before.
    fn plain(&self, entry: &KeyEntry) -> Result<&str, Wrong> {
        match self.op {
            Op::None => Ok(&self.text),
            op => Err(Some(format!(
                "`{op}` compares numbers, sizes, times and dates; `{}` is none",
                entry.name
            ))),
        }
    }
}

impl fmt::Display for WrittenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.op.fmt(f)?;
        if self.quoted { f.write_str(&quoted(&self.text)) } else { f.write_str(&self.text) }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(OPERATORS.iter().find(|(_, op)| op == self).map_or("", |(sign, _)| sign))
    }
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn text(entry: &KeyEntry, written: &WrittenValue) -> Result<Test, Wrong> {
    let exact = written.op == Op::Equal;
    if !exact {
        written.plain(entry)?;
    }
    let text = if entry.key == Key::Endpoint && written.text.starts_with('/') {
        behind_version(&written.text).1
    } else {
        &written.text
    };
    Ok(Test::Text(if written.is_glob() {
        TextPattern::glob(text)
    } else if exact || entry.values == Values::Name {
        TextPattern::Whole(TextPart::new(text))
    } else {
        TextPattern::Contains(TextPart::new(text))
    }))
}

fn word(entry: &KeyEntry, written: &WrittenValue) -> Result<&'static str, Wrong> {
    let wanted = written.plain(entry)?;
    let same = |word: &str| !word.is_empty() && word.eq_ignore_ascii_case(wanted);
    entry
        .values
        .words()
        .iter()
        .find(|(word, also)| same(word) || same(also))
        .map(|(word, _)| *word)
        .ok_or(None)
}

fn digits(text: &str) -> Result<Vec<u8>, Wrong> {
    if text.len() > 64 {
        return Err(Some("a hash has 64 hexadecimal digits".into()));
    }
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chars().map(digit).collect::<Option<_>>().ok_or(None)
}

fn range(entry: &KeyEntry, written: &WrittenValue) -> Result<Test, Wrong> {
    let values = entry.values;
    let amount = |text: &str| {
        let bare = values == Values::Time && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let unit = || bare.then(|| format!("`{}` needs a unit: {text}d, <{text}d, {text}h", entry.name));
        amount(values, text).ok_or_else(unit)
    };
    let open = |text: &str| if text.is_empty() { Ok(None) } else { amount(text).map(Some) };
    if let (Op::None, Some((from, to))) = (written.op, written.text.split_once("..")) {
        let (from, to) = (open(from)?, open(to)?);
        let from = from.map(|amount| amount.at);
        let to = to.map(|to| if values == Values::Date { to.until } else { to.at });
        return match (from, to) {
            (None, None) => Err(None),
            (Some(from), Some(to)) if from > to => {
                Err(Some("a range goes from the smaller to the larger".into()))
            }
            _ => Ok(Test::Range { from, to }),
        };
    }
    let Amount { at, until } = amount(&written.text)?;
    // Later than a day is after its end; but what is more than a megabyte need not be two.
    let edge = if values == Values::Date { until } else { at };
    let (from, to) = match written.op {
        // Nobody looks for what is 30 days old to the day.
        Op::None if values == Values::Time => (Some(at), None),
        Op::None | Op::Equal => (Some(at), Some(until)),
        Op::Less => (None, Some(at - 1)),
        Op::AtMost => (None, Some(edge)),
        Op::More => (Some(edge + 1), None),
        Op::AtLeast => (Some(at), None),
    };
    Ok(Test::Range { from, to })
}

fn amount(values: Values, text: &str) -> Option<Amount> {
    if values == Values::Date {
        return day(text);
    }
    let text = if values == Values::Dollars { text.strip_prefix('$').unwrap_or(text) } else { text };
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let unit = unit_of(values, unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let broken = number.len() > whole.len();
    // So many digits, in the largest unit, are far from the ends of an `i128`.
    let fine = (1..=15).contains(&whole.len()) && fraction.len() <= 9 && broken != fraction.is_empty();
    if !fine || (broken && unit == 1) {
        return None;
    }
    let step = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let at = format!("{whole}{fraction}").parse::<i128>().ok()?.saturating_mul(unit) / step;
    let exact = values == Values::Dollars;
    Some(Amount { at, until: if exact { at } else { at + (unit / step).max(1) - 1 } })
}

/// The unit in smallest ones: bytes, microseconds, millionths of a dollar.
fn unit_of(values: Values, unit: &str) -> Option<i128> {
    const SECOND: i128 = 1_000_000;
    let unit = unit.to_ascii_lowercase();
    Some(match (values, unit.as_str()) {
        (Values::Count, "") | (Values::Size, "" | "b") => 1,
        (Values::Size, "k" | "kb" | "kib") => 1 << 10,
        (Values::Size, "m" | "mb" | "mib") => 1 << 20,
        (Values::Size, "g" | "gb" | "gib") => 1 << 30,
        (Values::Size, "t" | "tb" | "tib") => 1 << 40,
        (Values::Time, "ms") => 1_000,
        (Values::Time, "s") | (Values::Dollars, "") => SECOND,
        (Values::Time, "m") => 60 * SECOND,
        (Values::Time, "h") => 3_600 * SECOND,
        (Values::Time, "d") => 86_400 * SECOND,
        (Values::Time, "w") => 604_800 * SECOND,
        _ => return None,
    })
}

/// A day, in milliseconds.
fn day(text: &str) -> Option<Amount> {
    const MILLIS: i128 = 86_400_000;
    // Other forms of ISO 8601 hold times and zones, which a day has not.
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date: Date = plain.then(|| text.parse().ok())??;
    let at = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond().into();
    Some(Amount { at, until: at + MILLIS - 1 })
}

impl Test {
    /// The verdict on an amount that lies somewhere from `least` to `most`; `None` where it depends.
    pub(super) fn holds(&self, least: i128, most: i128) -> Option<bool> {
        let Self::Range { from, to } = self else { return Some(false) };
        let inside = |amount| from.is_none_or(|from| from <= amount) && to.is_none_or(|to| amount <= to);
        if inside(least) && inside(most) {
            return Some(true);
        }
        let apart = from.is_some_and(|from| most < from) || to.is_some_and(|to| to < least);
        apart.then_some(false)
    }
}

impl TextPattern {
    fn glob(text: &str) -> Self {
        let pieces = text.split(['*', '?']).filter(|piece| !piece.is_empty()).map(TextPart::new).collect();
        Self::Glob(pieces, WildMatch::new_case_insensitive(text))
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Contains(part) => part.stands_in(text),
            Self::Whole(whole) => whole.case.small(text) == whole.text,
            // Most texts lack a piece, and that is found out many times faster.
            Self::Glob(pieces, glob) => pieces.iter().all(|part| part.stands_in(text)) && glob.matches(text),
        }
    }
}

impl TextPart {
    fn new(text: &str) -> Self {
        let single = |c: char| c.is_ascii() || (c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]));
        let case = if text.chars().all(single) { Case::Ascii } else { Case::All };
        Self { text: case.small(text), case }
    }

    /// True where it is found in a text. Nothing is copied for that where it can be helped.
    fn stands_in(&self, text: &str) -> bool {
        let Some((first, rest)) = self.text.as_bytes().split_first() else { return true };
        if self.case == Case::All && !text.is_ascii() {
            return self.case.small(text).contains(&self.text);
        }
        let begins = |at: &[u8]| at[0].to_ascii_lowercase() == *first && at[1..].eq_ignore_ascii_case(rest);
        text.as_bytes().windows(self.text.len()).any(begins)
    }
}

impl Case {
    pub(super) fn small(self, text: &str) -> String {
        if matches!(self, Self::Ascii) || text.is_ascii() {
            return text.to_ascii_lowercase();
        }
        let mut small = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_ascii() { small.push(c.to_ascii_lowercase()) } else { small.extend(c.to_lowercase()) }
        }
        small
    }
}
