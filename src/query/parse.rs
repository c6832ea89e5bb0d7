//! The parser: from text to terms. It reads each character once; the only recursion is into parentheses, and that has
//! an end.

use std::fmt;
use std::ops::Range;

use super::error::{QueryError, nearest};
use super::key::KeyEntry;
use super::subject::QueryKind;
use super::value::{OPERATORS, Op, QueryValue, WrittenValue};

/// Limit of nested parentheses.
const DEEPEST: usize = 32;

/// A query as a tree. Groups of one are never there: their one part stands in their place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Term(Term),
}

/// A bare word, or a key with its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) key: Option<&'static KeyEntry>,
    pub(super) values: Vec<QueryValue>,
}

pub(super) fn parse(text: &str, kind: QueryKind) -> Result<Expr, QueryError> {
    let mut parser = Parser { text, at: 0, depth: 0, kind };
    parser.skip_blank();
    if parser.rest().is_empty() {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.any()?;
    if parser.rest().is_empty() {
        Ok(expr)
    } else {
        // Only a closing parenthesis ends a list of terms before the text does.
        let at = parser.at;
        Err(parser.error(at..at + 1, "this `)` closes nothing; to look for one put it in quotes", &[]))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    kind: QueryKind,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>, expected: &[&str]) -> QueryError {
        let expected = expected.iter().map(|text| (*text).to_owned()).collect();
        QueryError { query: self.text.to_owned(), span, message: message.into(), expected }
    }

    fn skip_blank(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn at_or(&self) -> bool {
        self.rest().strip_prefix("OR").is_some_and(ends_word)
    }

    /// Lists of terms with `OR` between them.
    fn any(&mut self) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all()?];
        while self.at_or() {
            self.at += "OR".len();
            parts.push(self.all()?);
        }
        Ok(single(parts, Expr::Any))
    }

    /// Terms beside each other.
    fn all(&mut self) -> Result<Expr, QueryError> {
        let mut parts = Vec::new();
        loop {
            self.skip_blank();
            if self.rest().is_empty() || self.rest().starts_with(')') || self.at_or() {
                break;
            }
            parts.push(self.one()?);
        }
        if parts.is_empty() {
            let end = self.at + if self.at_or() { "OR".len() } else { self.rest().len().min(1) };
            return Err(self.error(self.at..end, "term expected; to look for `OR` put it in quotes", &[]));
        }
        Ok(single(parts, Expr::All))
    }

    /// One term or group, with or without `-`.
    fn one(&mut self) -> Result<Expr, QueryError> {
        let start = self.at;
        if self.eat("-") {
            if ends_word(self.rest()) && !self.rest().starts_with('(') || self.rest().starts_with('-') {
                let message =
                    "`-` means not, and stands right before one term; to look for one put it in quotes";
                return Err(self.error(start..self.at, message, &[]));
            }
            return Ok(Expr::Not(Box::new(self.positive()?)));
        }
        self.positive()
    }

    fn positive(&mut self) -> Result<Expr, QueryError> {
        let start = self.at;
        if !self.eat("(") {
            return self.term().map(Expr::Term);
        }
        if self.depth == DEEPEST {
            return Err(self.error(
                start..self.at,
                format!("more than {DEEPEST} parentheses in each other"),
                &[],
            ));
        }
        self.depth += 1;
        let inner = self.any()?;
        self.depth -= 1;
        if self.eat(")") {
            Ok(inner)
        } else {
            Err(self.error(start..start + 1, "unclosed `(`; to look for one put it in quotes", &[")"]))
        }
    }

    fn term(&mut self) -> Result<Term, QueryError> {
        let Some(name) = key_before_colon(self.rest()) else {
            let start = self.at;
            let (text, quoted) = self.word(&[])?;
            let instead = match text.as_str() {
                "AND" if !quoted => {
                    "terms beside each other are joined already; leave `AND` out, or put it in quotes"
                }
                "NOT" if !quoted => {
                    "not is written `-` right before a term; to look for `NOT` put it in quotes"
                }
                _ => "",
            };
            if !instead.is_empty() {
                return Err(self.error(start..self.at, instead, &[]));
            }
            let value = QueryValue::bare(WrittenValue { op: Op::None, text, quoted });
            return Ok(Term { key: None, values: vec![value] });
        };
        let entry = self.key(name)?;
        self.at += name.len() + 1;
        let mut values = vec![self.value(entry)?];
        while self.eat(",") {
            values.push(self.value(entry)?);
        }
        Ok(Term { key: Some(entry), values })
    }

    fn key(&self, name: &str) -> Result<&'static KeyEntry, QueryError> {
        let span = self.at..self.at + name.len();
        let kind = self.kind;
        let Some(entry) = KeyEntry::named(name) else {
            let known = || KeyEntry::of(kind).map(|entry| entry.name);
            let Some(near) = nearest(name, known()) else {
                let message = format!("unknown key `{name}`; to look for the text put it in quotes");
                return Err(self.error(span, message, &known().collect::<Vec<_>>()));
            };
            return Err(self.error(span, format!("unknown key `{name}`; did you mean `{near}`?"), &[near]));
        };
        if entry.kinds.contains(&kind) {
            return Ok(entry);
        }
        let other = entry.kinds.first().map(ToString::to_string).unwrap_or_default();
        let known: Vec<_> = KeyEntry::of(kind).map(|entry| entry.name).collect();
        Err(self.error(
            span,
            format!("`{}` is a key of {other}, and this is asked of {kind}", entry.name),
            &known,
        ))
    }

    fn value(&mut self, entry: &KeyEntry) -> Result<QueryValue, QueryError> {
        let start = self.at;
        let op = OPERATORS.into_iter().find(|(sign, _)| self.eat(sign)).map_or(Op::None, |(_, op)| op);
        let expected = entry.values.expected();
        if self.rest().starts_with(',') || ends_word(self.rest()) {
            let message = format!("a value of `{}` is missing here", entry.name);
            return Err(self.error(start..self.at, message, &[&expected]));
        }
        let (text, quoted) = self.word(&[','])?;
        let span = start..self.at;
        let known = || entry.values.words().iter().map(|(word, _)| *word);
        let near = nearest(&text, known());
        QueryValue::of(entry, WrittenValue { op, text, quoted }).map_err(|wrong| {
            let written = &self.text[span.clone()];
            let message = wrong.unwrap_or_else(|| match near {
                Some(near) => {
                    format!("`{written}` is not a value of `{}`; did you mean `{near}`?", entry.name)
                }
                None => format!("`{written}` is not a value of `{}`", entry.name),
            });
            self.error(span, message, &[&expected])
        })
    }

    /// A word up to a blank, a parenthesis or one of `ends`, or a text in quotes; and whether it was in quotes.
    fn word(&mut self, ends: &[char]) -> Result<(String, bool), QueryError> {
        if self.rest().starts_with('"') {
            let text = self.quoted()?;
            let next = self.rest().chars().next();
            if ends_word(self.rest()) || next.is_some_and(|c| ends.contains(&c)) {
                return Ok((text, true));
            }
            let span = self.at..self.at + next.map_or(0, char::len_utf8);
            return Err(self.error(span, "the quotes end before this; put a blank between", &[]));
        }
        let word = self.rest();
        let len = word.find(|c: char| ends_at(c) || ends.contains(&c)).unwrap_or(word.len());
        self.at += len;
        Ok((word[..len].to_owned(), false))
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = start + at + 1;
                    return Ok(text);
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err(self.error(start..self.text.len(), "unclosed quote", &["\""]))
    }
}

/// The name of a key at the start of a text. Digits are not part of one, so that `12:30` is a text.
pub(super) fn key_before_colon(text: &str) -> Option<&str> {
    let len = text.find(|c: char| !c.is_ascii_alphabetic() && c != '_' && c != '-')?;
    (len > 0 && text[len..].starts_with(':')).then(|| &text[..len])
}

/// Test for a character at which every word ends.
pub(super) fn ends_at(c: char) -> bool {
    c.is_whitespace() || c == '(' || c == ')'
}

fn ends_word(rest: &str) -> bool {
    rest.chars().next().is_none_or(ends_at)
}

fn single(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(one) if parts.is_empty() => one,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, between) = match self {
            Self::All(parts) => (parts, " "),
            Self::Any(parts) => (parts, " OR "),
            Self::Not(part) => {
                f.write_str("-")?;
                return part.grouped(f, matches!(**part, Self::Term(_)));
            }
            Self::Term(term) => return term.fmt(f),
        };
        parts.iter().enumerate().try_for_each(|(at, part)| {
            f.write_str(if at > 0 { between } else { "" })?;
            let within_any = matches!((self, part), (Self::Any(_), Self::All(_)));
            part.grouped(f, within_any || matches!(part, Self::Term(_) | Self::Not(_)))
        })
    }
}

impl Expr {
    fn grouped(&self, f: &mut fmt::Formatter<'_>, bare: bool) -> fmt::Result {
        if bare { write!(f, "{self}") } else { write!(f, "({self})") }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.key {
            write!(f, "{}:", entry.name)?;
        }
        self.values.iter().enumerate().try_for_each(|(at, value)| {
            f.write_str(if at > 0 { "," } else { "" })?;
            value.written.fmt(f)
        })
    }
}
