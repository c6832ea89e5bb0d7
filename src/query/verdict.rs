//! The verdict of a query on a subject.

use serde::{Deserialize, Serialize};

use super::key::Key;

/// The answer of a query about a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryVerdict {
    /// A match.
    Yes,
    /// No match.
    No,
    /// An answer that depends on something that is not known.
    Unknown,
}

/// One term of a query, as it judged a subject. A term below a `-` is judged with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The term as written, with its `-`.
    pub term: String,
    /// Key; `None` for a bare word.
    pub key: Option<Key>,
    /// The verdict on it.
    pub verdict: QueryVerdict,
}

impl QueryVerdict {
    /// The verdict of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    /// The verdict of one of them.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        !(!self).and(!other)
    }
}

impl std::ops::Not for QueryVerdict {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for QueryVerdict {
    fn from(fine: bool) -> Self {
        if fine { Self::Yes } else { Self::No }
    }
}
