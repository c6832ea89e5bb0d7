//! `retake suggest-ignores`: which fields people may want to ignore.

use std::process::ExitCode;

use crate::api::SuggestionsRequest;
use crate::cli::common::Common;
use crate::cli::{door, print};
use crate::reading::{human, sanitize};

pub(crate) async fn run(common: &Common, json: bool) -> anyhow::Result<ExitCode> {
    let client = door::open(common)?;
    let suggestions = client.run(SuggestionsRequest {}).await;
    client.close().await;
    let suggestions = suggestions?;
    if json {
        print::json(&suggestions)?;
        return Ok(ExitCode::SUCCESS);
    }
    if suggestions.is_empty() {
        print::note("no field varies between otherwise equal calls of the history: nothing to ignore");
        return Ok(ExitCode::SUCCESS);
    }
    print::line("# for retake.toml; each makes calls match that differ in nothing else");
    for suggestion in &suggestions {
        print::line(&format!(
            "\n[[ignore]]  # {} calls with {} different values",
            human::thousands(suggestion.calls),
            human::thousands(suggestion.values)
        ));
        print::line(&format!("endpoint = {}", quoted(&suggestion.endpoint)));
        print::line(&format!("field = {}", quoted(&suggestion.field)));
    }
    Ok(ExitCode::SUCCESS)
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(sanitize(text).into_owned()).to_string()
}
