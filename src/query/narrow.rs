//! Consequences of how a query is written, whatever it is asked of: which questions can be answered where.

use super::Query;
use super::key::Key;
use super::parse::{Expr, Term};
use super::value::{QueryValue, Test, TextPattern};

impl Query {
    /// True where an answer takes [`RowFacts`](super::RowFacts), which lists do not have. Use counts as known here, as
    /// for [`Query::shows`].
    #[must_use]
    pub fn needs_facts(&self) -> bool {
        self.expr.asks(|key| matches!(key, Key::Dup | Key::Superseded | Key::Expired | Key::Cost))
    }

    /// True where an answer can change because time goes by.
    #[must_use]
    pub fn needs_now(&self) -> bool {
        self.expr.asks(|key| matches!(key, Key::Age | Key::Unused | Key::Expired))
    }

    /// True where all that it shows is certainly shown by `wider`, too, as it is after letters were added to a word.
    /// Then only those have to be looked at.
    #[must_use]
    pub fn narrows(&self, wider: &Self) -> bool {
        let (parts, wide) = (self.expr.parts(), wider.expr.parts());
        wide.iter().all(|wide| parts.iter().any(|part| part.implies(wide)))
    }
}

impl Expr {
    fn asks(&self, which: fn(Key) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.asks(which)),
            Self::Not(part) => part.asks(which),
            Self::Term(term) => term.key.is_some_and(|entry| which(entry.key)),
        }
    }

    fn parts(&self) -> &[Self] {
        match self {
            Self::All(parts) => parts,
            one => std::slice::from_ref(one),
        }
    }

    fn implies(&self, wide: &Self) -> bool {
        match (self, wide) {
            (Self::Term(term), Self::Term(wide)) => term.implies(wide),
            (part, wide) => part == wide,
        }
    }
}

impl Term {
    fn implies(&self, wide: &Self) -> bool {
        let follows = |value: &QueryValue| wide.values.iter().any(|wide| value.implies(wide));
        self.key == wide.key && self.values.iter().all(follows)
    }
}

impl QueryValue {
    fn implies(&self, wide: &Self) -> bool {
        match (&self.test, &wide.test) {
            (Test::Text(TextPattern::Contains(part)), Test::Text(TextPattern::Contains(wide))) => {
                part.case == wide.case && part.text.contains(&wide.text)
            }
            _ => self == wide,
        }
    }
}
