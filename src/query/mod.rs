//! The filter language: one parser for lists, for prune and for the screen.
//!
//! ```text
//! model:gpt-image*  -tag:ci  (status:>=400 OR latency:>2s)  "tiny hat"
//! ```
//!
//! [`KEYS`] says which keys there are, [`SYNTAX`] all else.
//!
//! Without an operator a size or a day means all that begins with what was written: `size:7M` is from seven mebibytes to
//! just before eight, `recorded:2026-11-01` is that day (in UTC). A time means at least that: `unused:30d` is what nothing
//! was answered with for 30 days; `unused:=30d` is from 30 days to just before 31.
//!
//! Use can be unknown (see [`RowFacts::use_unknown_before`]), and a price, too. [`Query::matches`] says so; what removes
//! recordings asks that. [`Query::shows`] takes what is known for all there is; lists ask that.

mod complete;
mod error;
mod help;
mod judge;
mod key;
mod narrow;
mod parse;
mod subject;
mod value;
mod verdict;
pub mod vocabulary;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

pub use complete::{Completion, complete};
pub use error::QueryError;
pub use help::help;
pub use key::{KEYS, Key, KeyEntry, Values};
pub use subject::{QueryKind, RowFacts, Subject, arrived, last_use};
pub use verdict::{Judged, QueryVerdict};

use crate::model::Timestamp;
use judge::SubjectView;
use parse::Expr;

/// Syntax besides the keys: examples, each with its meaning.
pub const SYNTAX: &[(&str, &str)] = &[
    ("hat", "the text stands in prompt, model, endpoint, name or a tag; the case of letters does not matter"),
    ("\"tiny hat\"", "the text as it is, `*` and `?` included; `\\\"` and `\\\\` are `\"` and `\\`"),
    (
        "model:gpt-image*",
        "a key and its value; `*` is any characters, `?` is one, and the whole text has to fit",
    ),
    ("model:=gpt-5", "the whole text is this"),
    ("tag:ci,nightly", "any of the values"),
    ("age:30d", "a time is the least there may be: older than 30 days"),
    ("size:>1M", "`<`, `<=`, `>`, `>=` and `=` compare numbers, sizes, times and days"),
    ("status:400..499", "from and to, both included; `400..` and `..499` are open at one end"),
    ("-tag:ci", "not; on the command line in quotes with another term, or behind `--`"),
    ("tag:ci hat", "both"),
    ("tag:ci OR hat", "one of them"),
    ("-(tag:ci OR hat)", "together"),
];

/// A query, parsed and ready to be asked many times. Its `Display` is a text that parses to the same query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    expr: Expr,
    kind: QueryKind,
}

impl Query {
    /// The query that everything of this kind matches.
    #[must_use]
    pub fn all(kind: QueryKind) -> Self {
        Self { expr: Expr::All(Vec::new()), kind }
    }

    /// Reads a query.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where: a key that is unknown or of the other kind, a value that is none of this key, a quote or
    /// a parenthesis without its partner.
    pub fn parse(text: &str, kind: QueryKind) -> Result<Self, QueryError> {
        parse::parse(text, kind).map(|expr| Self { expr, kind })
    }

    /// The kind of subjects that it may be asked of. Terms with a key say no to subjects of the other kind.
    #[must_use]
    pub fn kind(&self) -> QueryKind {
        self.kind
    }

    /// True where it has no terms, so that everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.expr, Expr::All(parts) if parts.is_empty())
    }

    /// The verdict for those who may not guess.
    #[must_use]
    pub fn matches(&self, subject: Subject<'_>, now: Timestamp) -> QueryVerdict {
        self.expr.judge(&SubjectView::new(subject, now, false))
    }

    /// True for a subject that a list shows: what is known of its use counts as all there is, and what has no known
    /// price has no `cost:`. Where [`Query::matches`] is certain this says the same.
    #[must_use]
    pub fn shows(&self, subject: Subject<'_>, now: Timestamp) -> bool {
        self.expr.judge(&SubjectView::new(subject, now, true)) == QueryVerdict::Yes
    }

    /// The verdict of each term, for those who may not guess, in the order in which they are written.
    #[must_use]
    pub fn judged(&self, subject: Subject<'_>, now: Timestamp) -> Vec<Judged> {
        let mut all = Vec::new();
        self.expr.each(&SubjectView::new(subject, now, false), false, &mut all);
        all
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}
