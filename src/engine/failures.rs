//! The treatment of answers that are failures: kept like any other, kept until a better one comes, or dropped.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::model::{AnswerFailure, Row};

/// The treatment of a failure that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// An answer like any other.
    Keep,
    /// Stored and shown; where an upstream can be asked the next call asks again, and a good take goes before it.
    Retry,
    /// Passed on and not stored.
    Drop,
}

/// Kinds of failures, as the configuration names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// One status, `429`.
    Status(u16),
    /// All statuses that begin with this digit, `5xx`.
    Class(u16),
    /// An error in the body of a success, `error-event`.
    ErrorEvent,
    /// A body that is not the JSON that it says it is, `unparsable`.
    Unparsable,
    /// An answer that broke off, `incomplete`. It is never replayed, so it can only be stored or dropped.
    Incomplete,
}

/// A text that names no kind of failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no kind of failure; use a status such as 429, 4xx, 5xx, error-event, unparsable or incomplete"
)]
pub struct ParseFailureKindError(String);

/// The treatment of failures, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailurePolicy {
    /// The treatment of failures that may pass and that no kind below names; `None` stands for `retry`.
    pub passing: Option<OnFailure>,
    /// The treatment by kind; a status goes before its class.
    pub kinds: BTreeMap<FailureKind, OnFailure>,
}

impl FailurePolicy {
    /// The treatment of an answer with this status that failed so.
    #[must_use]
    pub fn of(&self, status: u16, failure: AnswerFailure) -> OnFailure {
        let named = |kind| self.kinds.get(&kind).copied();
        let passing = self.passing.unwrap_or(OnFailure::Retry);
        match failure {
            AnswerFailure::ErrorEvent => named(FailureKind::ErrorEvent).unwrap_or(passing),
            AnswerFailure::Unparsable => named(FailureKind::Unparsable).unwrap_or(passing),
            AnswerFailure::Status => {
                let named =
                    named(FailureKind::Status(status)).or_else(|| named(FailureKind::Class(status / 100)));
                named.unwrap_or(if failure.may_pass(status) { passing } else { OnFailure::Keep })
            }
        }
    }

    /// True if a recording steps back: a good take goes before it, and an upstream that can be asked does, too.
    #[must_use]
    pub fn steps_back(&self, row: &Row) -> bool {
        self.passes_over(row.status, row.failure)
    }

    /// The same of an answer with this status whose upstream failed so.
    pub(crate) fn passes_over(&self, status: u16, failure: Option<AnswerFailure>) -> bool {
        failure.is_some_and(|failure| self.of(status, failure) != OnFailure::Keep)
    }

    /// True if an answer that broke off is stored.
    #[must_use]
    pub fn keeps_incomplete(&self) -> bool {
        let named = self.kinds.get(&FailureKind::Incomplete).copied().or(self.passing);
        named != Some(OnFailure::Drop)
    }
}

/// True if clients try again by themselves after an answer with this status.
pub(super) fn is_retried(status: u16) -> bool {
    matches!(status, 408 | 409 | 425 | 429 | 500..=599)
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}xx"),
            Self::ErrorEvent => f.write_str("error-event"),
            Self::Unparsable => f.write_str("unparsable"),
            Self::Incomplete => f.write_str("incomplete"),
        }
    }
}

impl FromStr for FailureKind {
    type Err = ParseFailureKindError;
    fn from_str(text: &str) -> Result<Self, ParseFailureKindError> {
        match text {
            "error-event" => return Ok(Self::ErrorEvent),
            "unparsable" => return Ok(Self::Unparsable),
            "incomplete" => return Ok(Self::Incomplete),
            "4xx" => return Ok(Self::Class(4)),
            "5xx" => return Ok(Self::Class(5)),
            _ => {}
        }
        let status = text.parse().ok().filter(|status| (400..=599).contains(status) && text.len() == 3);
        status.map(Self::Status).ok_or_else(|| ParseFailureKindError(text.to_owned()))
    }
}

/// One word for all failures that may pass, or a table by kind.
impl<'de> Deserialize<'de> for FailurePolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum WrittenPolicy {
            Word(String),
            Table(BTreeMap<String, String>),
        }
        let word = |word: &str| match word {
            "keep" => Ok(OnFailure::Keep),
            "retry" => Ok(OnFailure::Retry),
            "drop" => Ok(OnFailure::Drop),
            other => Err(de::Error::custom(format!("`{other}` is unknown; use keep, retry or drop"))),
        };
        let table = match WrittenPolicy::deserialize(deserializer) {
            Ok(WrittenPolicy::Word(all)) => {
                return Ok(Self { passing: Some(word(&all)?), kinds: BTreeMap::new() });
            }
            Ok(WrittenPolicy::Table(table)) => table,
            Err(_) => {
                let text = "expected keep, retry or drop, or a table of them by kind: { 404 = \"keep\", 5xx = \"drop\" }";
                return Err(de::Error::custom(text));
            }
        };
        let kinds = table.iter().map(|(kind, what)| {
            let kind = kind.parse().map_err(de::Error::custom)?;
            let what = word(what)?;
            if kind == FailureKind::Incomplete && what == OnFailure::Keep {
                return Err(de::Error::custom("an incomplete answer is never replayed: use retry or drop"));
            }
            Ok((kind, what))
        });
        Ok(Self { passing: None, kinds: kinds.collect::<Result<_, D::Error>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<FailurePolicy, String> {
        #[derive(Debug, Deserialize)]
        struct File {
            failures: FailurePolicy,
        }
        toml::from_str(text).map(|file: File| file.failures).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn what_may_pass_is_asked_for_again_and_what_stays_is_an_answer() {
        let of = |status| FailurePolicy::default().of(status, AnswerFailure::Status);
        for status in [401, 402, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504, 520, 529] {
            assert_eq!(of(status), OnFailure::Retry, "{status}");
        }
        for status in [400, 405, 410, 413, 415, 422, 451] {
            assert_eq!(of(status), OnFailure::Keep, "{status}");
        }
        for failure in [AnswerFailure::ErrorEvent, AnswerFailure::Unparsable] {
            assert_eq!(FailurePolicy::default().of(200, failure), OnFailure::Retry);
        }
        assert!(FailurePolicy::default().keeps_incomplete());
    }

    #[test]
    fn the_configuration_says_it_for_all_or_by_kind() {
        let keep = policy("failures = \"keep\"").unwrap();
        assert_eq!(keep.of(429, AnswerFailure::Status), OnFailure::Keep);
        assert_eq!(keep.of(200, AnswerFailure::ErrorEvent), OnFailure::Keep);
        assert!(!policy("failures = \"drop\"").unwrap().keeps_incomplete());
        let table = "failures = { 404 = \"keep\", 4xx = \"drop\", 5xx = \"retry\", error-event = \"drop\", incomplete = \"drop\" }";
        let table = policy(table).unwrap();
        let of = |status| table.of(status, AnswerFailure::Status);
        assert_eq!(
            (of(404), of(429), of(400), of(503)),
            (OnFailure::Keep, OnFailure::Drop, OnFailure::Drop, OnFailure::Retry)
        );
        assert_eq!(table.of(200, AnswerFailure::ErrorEvent), OnFailure::Drop);
        assert_eq!(table.of(200, AnswerFailure::Unparsable), OnFailure::Retry);
        assert!(!table.keeps_incomplete());
        for (text, hint) in [
            ("failures = \"ask\"", "keep, retry or drop"),
            ("failures = { 200 = \"keep\" }", "`200`"),
            ("failures = { teapot = \"keep\" }", "error-event"),
            ("failures = { 429 = \"again\" }", "`again`"),
            ("failures = { incomplete = \"keep\" }", "never replayed"),
            ("failures = 7", "expected keep"),
        ] {
            let error = policy(text).unwrap_err();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }
}
