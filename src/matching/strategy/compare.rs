//! Comparison of a recorded request with one that came in, field by field.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::condition::Condition;
use super::significance::is_significant;
use crate::matching::fields::field::Field;
use crate::matching::fields::leaf::Leaf;
use crate::matching::fields::request_fields::Fields;
use crate::matching::fields::value;
use crate::model::Strategy;

/// The differences of two requests, sorted by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// All differences, significant or not.
    pub changes: Vec<Change>,
}

/// Compares two requests under `strategy`; under a rule, each condition that does not hold is a change. What only `strict` looks at is reported under `strict` alone.
#[must_use]
pub fn compare(strategy: &Strategy, recorded: &Fields, incoming: &Fields) -> Comparison {
    let mut changes = Vec::new();
    walk(strategy, recorded, incoming, |difference| changes.push(difference.change()));
    if let Strategy::Rule(rule) = strategy {
        changes.extend(Condition::of(rule).unmet(&incoming.facts));
        changes.sort_by(|one, other| one.field.cmp(&other.field));
    }
    Comparison { changes }
}

impl Comparison {
    /// True if a recording with this strategy answers the request.
    #[must_use]
    pub fn is_match(&self) -> bool {
        self.significant().next().is_none()
    }

    /// The changes that decide.
    pub fn significant(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.significant)
    }

    /// The changes that do not.
    pub fn cosmetic(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| !change.significant)
    }
}

/// A field that differs, before it is put into words.
pub(crate) struct Difference<'a> {
    pub(crate) recorded: Option<&'a Leaf>,
    pub(crate) incoming: Option<&'a Leaf>,
    pub(crate) significant: bool,
}

impl<'a> Difference<'a> {
    pub(crate) fn leaf(&self) -> Option<&'a Leaf> {
        self.recorded.or(self.incoming)
    }

    fn change(&self) -> Change {
        let from = match (self.recorded, self.incoming) {
            (Some(recorded), Some(incoming)) => recorded.value.differs_at(&incoming.value),
            _ => 0,
        };
        let shown = |leaf: Option<&Leaf>| {
            leaf.map(|leaf| match &leaf.written {
                Some(written) => value::shorten(written, from),
                None => leaf.value.shown(from),
            })
        };
        let field =
            self.leaf().map_or(Field::whole(crate::matching::fields::field::FieldPlace::Method), |leaf| {
                leaf.field.clone()
            });
        Change {
            field,
            recorded: shown(self.recorded),
            incoming: shown(self.incoming),
            significant: self.significant,
        }
    }
}

/// Calls `report` for each difference, in the order of fields.
pub(crate) fn walk<'a>(
    strategy: &Strategy,
    recorded: &'a Fields,
    incoming: &'a Fields,
    mut report: impl FnMut(Difference<'a>),
) {
    let decides = |field: &Field| {
        // The same words mean something else in another dialect; another dialect always has another mount.
        (field.is_mount() && recorded.dialect != incoming.dialect)
            || is_significant(strategy, recorded, field)
            || is_significant(strategy, incoming, field)
    };
    merge(&recorded.leaves, &incoming.leaves, |one, other| {
        let (was, is) = (one.filter(|leaf| !leaf.absent), other.filter(|leaf| !leaf.absent));
        if was.map(|leaf| &leaf.value) != is.map(|leaf| &leaf.value) {
            if let Some(leaf) = was.or(is) {
                let significant = decides(&leaf.field);
                report(Difference { recorded: one, incoming: other, significant });
            }
        } else if was.map(|leaf| &leaf.written) != is.map(|leaf| &leaf.written) {
            report(Difference { recorded: one, incoming: other, significant: false });
        }
    });
    for (one, other) in recorded.exact.iter().zip(&incoming.exact) {
        if one.value != other.value && decides(&one.field) {
            report(Difference { recorded: Some(one), incoming: Some(other), significant: true });
        }
    }
}

/// Walks two sorted lists side by side.
pub(crate) fn merge<'a>(
    one: &'a [Leaf],
    other: &'a [Leaf],
    mut each: impl FnMut(Option<&'a Leaf>, Option<&'a Leaf>),
) {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    loop {
        let order = match (one.peek(), other.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.field.cmp(&b.field),
        };
        match order {
            Ordering::Less => each(one.next(), None),
            Ordering::Greater => each(None, other.next()),
            Ordering::Equal => each(one.next(), other.next()),
        }
    }
}
