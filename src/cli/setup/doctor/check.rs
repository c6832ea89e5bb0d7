//! One thing that was looked at, and how it is.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// The findings of the doctor.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Diagnosis {
    /// Whether there is no problem.
    pub(super) fine: bool,
    pub(super) checks: Vec<Check>,
}

/// The state of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckState {
    Ok,
    /// Good to know.
    Note,
    /// Something does not work.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Check {
    /// The area that it belongs to: `retake`, `terminal`, `store`, `disk`, `configuration`, `upstreams`, `keys`.
    pub(super) area: &'static str,
    pub(super) state: CheckState,
    /// The finding.
    pub(super) text: String,
    /// The advice; every problem has one.
    pub(super) advice: Option<String>,
    /// The finding for programs; which names there are depends on the check.
    pub(super) facts: Map<String, Value>,
}

impl fmt::Display for CheckState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        })
    }
}

impl Check {
    pub(super) fn ok(area: &'static str, text: impl Into<String>) -> Self {
        Self { area, state: CheckState::Ok, text: text.into(), advice: None, facts: Map::new() }
    }

    pub(super) fn note(area: &'static str, text: impl Into<String>) -> Self {
        Self { state: CheckState::Note, ..Self::ok(area, text) }
    }

    pub(super) fn problem(area: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: CheckState::Problem, advice: Some(advice.into()), ..Self::ok(area, text) }
    }

    /// This check with facts for programs; `facts` is an object.
    pub(super) fn with(mut self, facts: Value) -> Self {
        if let Value::Object(facts) = facts {
            self.facts.extend(facts);
        }
        self
    }
}
