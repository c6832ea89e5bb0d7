//! Advice: the commands that would make a recording answer a request, and their effect on other calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::matching::{BlastRadius, Lineup, Past, Remedy};
use crate::model::{RecordingId, Strategy};

/// The header with which a call is recorded.
pub(crate) const RECORDING: &str = "X-Retake-Mode: replay-or-record";

/// A way to give a request an answer: another strategy for a recording that is there, or recording it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// The kind of change.
    pub kind: FixKind,
    /// The strategy that the recording would have.
    pub strategy: Strategy,
    /// The command that does it; of recording a request that is not in the history, the header that it must carry.
    pub command: String,
}

/// Advice together with its effect on other calls, which is worked out when somebody asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The kind of change.
    #[serde(default)]
    pub kind: FixKind,
    /// The strategy that the recording would have.
    pub strategy: Strategy,
    /// The command that does it; of recording a request that is not in the history, the header that it must carry.
    pub command: String,
    /// The effect on past calls.
    pub radius: BlastRadius,
}

/// The kind of change that a fix makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FixKind {
    /// The recording gets another strategy, under which the input decides as before.
    #[default]
    Retag,
    /// The call is recorded.
    Record,
    /// The recording gets another strategy, under which it answers any input.
    Loosen,
}

impl Advice {
    /// The advice for a remedy; `None` where there is nothing to `record`.
    pub(crate) fn of(remedy: Remedy, id: &RecordingId, record: Option<&Self>) -> Option<Self> {
        let (kind, strategy) = match remedy {
            Remedy::Record => return record.cloned(),
            Remedy::Retag(strategy) => (FixKind::Retag, strategy),
            Remedy::Loosen(strategy) => (FixKind::Loosen, strategy),
        };
        Some(Self { kind, command: format!("retake retag {id} '{strategy}'"), strategy })
    }

    pub(crate) fn with(self, radius: BlastRadius) -> Fix {
        let Self { kind, strategy, command } = self;
        Fix { kind, strategy, command, radius }
    }

    /// The task for people, in words.
    pub(crate) fn worded(&self) -> String {
        worded(self.kind, &self.command)
    }
}

impl Fix {
    /// The fix for a remedy; `None` where the recording is gone, or where there is nothing to `record`.
    pub(crate) fn of(
        remedy: Remedy,
        id: &RecordingId,
        (lineup, past): (&Lineup, &[Past]),
        record: Option<&Self>,
    ) -> Option<Self> {
        if matches!(remedy, Remedy::Record) {
            return record.cloned();
        }
        let advice = Advice::of(remedy, id, None)?;
        let radius = lineup.blast_radius(id, &advice.strategy, past)?;
        Some(advice.with(radius))
    }

    /// The task for people, in words.
    #[must_use]
    pub fn advice(&self) -> String {
        worded(self.kind, &self.command)
    }

    /// A warning that people need before they do it; `None` where there is none.
    #[must_use]
    pub fn caution(&self) -> Option<&'static str> {
        (self.kind == FixKind::Loosen).then_some("would answer any prompt")
    }
}

fn worded(kind: FixKind, command: &str) -> String {
    match kind {
        FixKind::Record if command.starts_with(RECORDING) => format!("record it: send it with {command}"),
        FixKind::Record => format!("record it: {command}"),
        FixKind::Retag | FixKind::Loosen => command.to_owned(),
    }
}
