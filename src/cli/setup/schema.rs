//! `retake schema`: what programs may rely on in what verbs write with `--json`, and in the control API.

use std::process::ExitCode;
use std::sync::Arc;

use schemars::JsonSchema;
use serde_json::Value;

use super::config::CheckedConfig;
use super::doctor::Diagnosis;
use super::trust::TrustChange;
use crate::api::{RecordingIds, openapi, output_schema};
use crate::cli::exit::UsageError;
use crate::cli::print;
use crate::cli::run::RunSummary;
use crate::engine::{
    Compacted, Diff, Explanation, Merged, Rerecord, Rescrub, Retagged, Stats, Trashed, UsageReport,
};
use crate::matching::Suggestion;
use crate::model::{Call, Recording, Row, StepRow};
use crate::retention::PrunePlan;

/// The name by which the description of the control API is asked for.
const OPENAPI: &str = "openapi";

/// Name of an output, and the maker of its schema.
type VerbOutput = (&'static str, fn(&str) -> Value);

fn of<T: JsonSchema>(title: &str) -> Value {
    output_schema::<T>(title)
}

/// A verb that writes different things has several names: `list-ambiguous` is of `retake list --ambiguous`.
const OUTPUTS: &[VerbOutput] = &[
    ("call", of::<Call>),
    ("calls", of::<Vec<Call>>),
    ("compact", of::<Compacted>),
    ("config-check", of::<CheckedConfig>),
    ("derive", of::<RecordingIds>),
    ("diff", of::<Diff>),
    ("doctor", of::<Diagnosis>),
    ("duplicate", of::<RecordingIds>),
    ("edit", of::<RecordingIds>),
    ("explain", of::<Explanation>),
    ("keep", of::<RecordingIds>),
    ("list", of::<Vec<Row>>),
    ("list-ambiguous", of::<Vec<Vec<Arc<Row>>>>),
    ("new", of::<RecordingIds>),
    ("protect", of::<RecordingIds>),
    ("prune", of::<PrunePlan>),
    ("redo", of::<Vec<StepRow>>),
    ("rename", of::<RecordingIds>),
    ("rerecord", of::<Vec<Rerecord>>),
    ("restore", of::<RecordingIds>),
    ("retag", of::<Vec<Retagged>>),
    ("review", of::<Vec<Row>>),
    ("review-verdict", of::<RecordingIds>),
    ("rm", of::<RecordingIds>),
    ("run", of::<RunSummary>),
    ("scrub", of::<Rescrub>),
    ("show", of::<Recording>),
    ("stats", of::<Stats>),
    ("steps", of::<Vec<StepRow>>),
    ("suggest-ignores", of::<Vec<Suggestion>>),
    ("tag", of::<RecordingIds>),
    ("trash", of::<Vec<Trashed>>),
    ("trust", of::<TrustChange>),
    ("undo", of::<Vec<StepRow>>),
    ("usage-export", of::<UsageReport>),
    ("usage-merge", of::<Merged>),
];

/// Prints the schema of an output, or which there are.
pub(crate) fn run(name: Option<&str>) -> anyhow::Result<ExitCode> {
    let Some(name) = name else {
        for (name, _) in OUTPUTS {
            print::line(name);
        }
        print::line(OPENAPI);
        return Ok(ExitCode::SUCCESS);
    };
    if name == OPENAPI {
        print::bytes(openapi().as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    let Some((name, schema)) = OUTPUTS.iter().find(|(known, _)| *known == name) else {
        return Err(UsageError(format!("there is no schema `{name}`; `retake schema` lists them")).into());
    };
    print::bytes(format!("{:#}\n", schema(&format!("retake {name}"))).as_bytes());
    Ok(ExitCode::SUCCESS)
}
