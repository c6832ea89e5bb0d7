//! Rules: authored conditions that stand in a recording's strategy instead of its recorded request.

use std::fmt;

use crate::model::exchange::KEPT_HEADERS;

/// Conditions that a request must meet for a recording to answer it. All must hold; without any it answers every
/// request of its endpoint. The text form is `model=gpt-4* contains="refund please" turn=2 priority=10`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// The model's name; `*` stands for anything.
    pub model: Option<String>,
    /// Texts that stand in what the user said last, sorted.
    pub contains: Vec<String>,
    /// A regular expression that is found in what the user said last.
    pub regex: Option<String>,
    /// The number of messages of the assistant in the conversation.
    pub turn: Option<u32>,
    /// A tool that the request offers.
    pub tool: Option<String>,
    /// Headers and what they hold, with `*` for anything, sorted.
    pub header: Vec<(String, String)>,
    /// Rules with a higher one are asked first; equal ones in the order they were registered in.
    pub priority: i32,
}

const ALLOWED: &str = "a rule has conditions such as model=GLOB, contains=TEXT, regex=EXPRESSION, turn=NUMBER, \
    tool=NAME, header/NAME=GLOB, and priority=NUMBER; a value with spaces stands in double quotes";

impl Rule {
    /// Whether it has no condition.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        self.conditions() == 0
    }

    /// The number of conditions.
    #[must_use]
    pub fn conditions(&self) -> usize {
        let single = [self.model.is_some(), self.regex.is_some(), self.turn.is_some(), self.tool.is_some()];
        self.contains.len() + self.header.len() + single.into_iter().filter(|given| *given).count()
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rule = Self::default();
        let (mut turn, mut priority) = (None, None);
        for (name, value) in conditions(text)? {
            let twice = || format!("`{name}` is given twice");
            let single = match &*name {
                "model" => rule.model.replace(value).is_some(),
                "regex" => {
                    regex::Regex::new(&value)
                        .map_err(|error| format!("`{value}` is not a regular expression: {error}"))?;
                    rule.regex.replace(value).is_some()
                }
                "tool" => rule.tool.replace(value).is_some(),
                "turn" => turn.replace(number(&name, &value, "a number from 0 on")?).is_some(),
                "priority" => priority.replace(number(&name, &value, "a whole number")?).is_some(),
                "contains" if value.is_empty() => return Err("`contains` needs a text".into()),
                "contains" => {
                    rule.contains.push(value);
                    false
                }
                _ => {
                    rule.header.push((stored_header(&name)?, value));
                    false
                }
            };
            if single {
                return Err(twice());
            }
        }
        (rule.turn, rule.priority) = (turn, priority.unwrap_or_default());
        rule.contains.sort();
        rule.contains.dedup();
        rule.header.sort();
        rule.header.dedup();
        Ok(rule)
    }
}

/// The name of a header that a condition is about.
fn stored_header(name: &str) -> Result<String, String> {
    let Some(header) = name.strip_prefix("header/") else {
        return Err(format!("`{name}` is no condition; {ALLOWED}"));
    };
    let header = header.to_ascii_lowercase();
    if KEPT_HEADERS.contains(&&*header) {
        return Ok(header);
    }
    Err(format!("the header `{header}` is never stored; rules may ask for {}", KEPT_HEADERS.join(", ")))
}

fn number<T: std::str::FromStr>(name: &str, value: &str, expected: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("`{name}={value}`: {expected} is expected"))
}

/// Splits `NAME=VALUE` pairs at spaces; a value may stand in double quotes, where `\` escapes.
fn conditions(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        let Some((name, _)) = word.split_once('=') else {
            return Err(format!("`{word}` is no condition; {ALLOWED}"));
        };
        let behind = &rest[name.len() + 1..];
        let (value, left) = if let Some(quoted) = behind.strip_prefix('"') {
            unquoted(quoted).ok_or_else(|| format!("the quotes of `{name}` do not end"))?
        } else {
            let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
            (behind[..end].to_owned(), &behind[end..])
        };
        if !left.is_empty() && !left.starts_with(char::is_whitespace) {
            return Err(format!("a space is missing behind the value of `{name}`"));
        }
        found.push((name.to_owned(), value));
        rest = left.trim_start();
    }
    Ok(found)
}

/// The text up to the closing quote, and what is behind that. A backslash before anything but `\`, `"`, `n`, `r` and
/// `t` stays: people write `\d` without thinking of quotes.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                escaped @ ('\\' | '"') => value.push(escaped),
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

/// A value with quotes where it needs them.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        if !text.is_empty() && !text.starts_with('"') && !text.contains(char::is_whitespace) {
            return f.write_str(text);
        }
        f.write_str("\"")?;
        for letter in text.chars() {
            match letter {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                other => write!(f, "{other}")?,
            }
        }
        f.write_str("\"")
    }
}

/// The conditions, each with a space in front.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = |name: &str, value: &str| write!(f, " {name}={}", Quoted(value));
        self.model.iter().try_for_each(|model| text("model", model))?;
        self.contains.iter().try_for_each(|wanted| text("contains", wanted))?;
        self.regex.iter().try_for_each(|regex| text("regex", regex))?;
        self.turn.iter().try_for_each(|turn| text("turn", &turn.to_string()))?;
        self.tool.iter().try_for_each(|tool| text("tool", tool))?;
        self.header.iter().try_for_each(|(name, glob)| text(&format!("header/{name}"), glob))?;
        if self.priority == 0 { Ok(()) } else { text("priority", &self.priority.to_string()) }
    }
}
