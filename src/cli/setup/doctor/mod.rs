//! `retake doctor`: what retake finds on this machine, what is wrong with it, and what to do.

use std::process::ExitCode;

use serde_json::json;

use crate::cli::common::Common;
use crate::cli::print;
use crate::cli::run::KEYS;
use crate::config::{self, Checked, Config};
use crate::reading::{sanitize, sanitize_lines};

mod check;
mod surroundings;
mod upstreams;
mod vault;

pub(crate) use check::Diagnosis;
use check::{Check, CheckState};

pub(crate) async fn run(common: &Common, json: bool, offline: bool) -> anyhow::Result<ExitCode> {
    let version = format!("{} on {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    let mut checks = vec![Check::ok("retake", version).with(json!({ "version": env!("CARGO_PKG_VERSION") }))];
    checks.extend(surroundings::checks());
    checks.extend(vault::checks(common).await);
    checks.extend(configuration(config::checked(&common.config, None)));
    match Config::read(&common.config) {
        Ok(config) => checks.extend(upstreams::checks(&config, offline).await),
        // Of the file it has been said already; flags and the environment remain.
        Err(error) => {
            let advice = "put it right; the upstreams are looked at then";
            checks.push(Check::problem("upstreams", format!("no settings to go by: {error:#}"), advice));
        }
    }
    checks.push(keys());
    let fine = checks.iter().all(|check| check.state != CheckState::Problem);
    if json {
        print::json(&Diagnosis { fine, checks })?;
    } else {
        checks.iter().for_each(say);
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say(check: &Check) {
    let text = sanitize_lines(&check.text);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    print::painted(&format!("{} {:<13} {first}", print::state(&check.state.to_string()), check.area));
    let indent = " ".repeat(23);
    lines.for_each(|line| print::line(&format!("{indent}{line}")));
    if let Some(advice) = &check.advice {
        print::line(&format!("{indent}→ {}", sanitize(advice)));
    }
}

fn configuration(checked: Result<Checked, config::ConfigError>) -> Vec<Check> {
    const AREA: &str = "configuration";
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => {
            return vec![Check::problem(AREA, error.to_string(), "name a file that is there with --config")];
        }
    };
    let trusted = checked.trust.is_given();
    let facts = json!({
        "file": checked.file, "exists": checked.exists, "trusted": trusted, "privileges": checked.privileges,
    });
    let first = if checked.exists {
        Check::ok(AREA, format!("{} is read", checked.file))
    } else {
        Check::ok(AREA, format!("no {} here: the defaults hold", checked.file))
    };
    let first = match checked.privileges.as_slice() {
        [] => first,
        wanted => {
            let listed: Vec<_> = wanted.iter().map(|one| format!("\n{one}")).collect();
            let text = if trusted {
                format!(
                    "{} is read and trusted ({}):{}",
                    checked.file,
                    checked.trust.reason(),
                    listed.concat()
                )
            } else {
                format!(
                    "{} is read, and not trusted with what it says beside how calls are answered",
                    checked.file
                )
            };
            let advice = "look at it, and then `retake trust` puts it in force";
            if trusted {
                Check::ok(AREA, text)
            } else {
                Check { advice: Some(advice.into()), ..Check::note(AREA, text) }
            }
        }
    };
    let wrong = checked.problems.iter().map(|problem| {
        let check = if problem.warning {
            Check::note(AREA, problem.to_string())
        } else {
            Check::problem(AREA, problem.to_string(), "correct it; `retake config init` shows every key")
        };
        check.with(json!({ "line": problem.line, "key": problem.key }))
    });
    std::iter::once(first.with(facts)).chain(wrong).collect()
}

/// The keys of SDKs that are in the environment, by their names.
fn keys() -> Check {
    let set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let found: Vec<_> = KEYS.iter().copied().flatten().filter(set).copied().collect();
    let check = if found.is_empty() {
        Check::note("keys", "no SDK's key is in the environment; replays and mocks need none")
    } else {
        Check::ok("keys", format!("{} in the environment", found.join(", ")))
    };
    check.with(json!({ "set": found }))
}
