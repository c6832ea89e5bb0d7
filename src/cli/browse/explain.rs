//! `retake explain`: what would serve a request, and why. Nothing is sent.

use std::process::ExitCode;

use crate::api::{ExplainCallRequest, ExplainRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::request_args::RequestArgs;
use crate::cli::{door, print};
use crate::engine::wording::{brief_radius, change_line};
use crate::engine::{Explanation, Fix, FixKind, Near};
use crate::reading::{human, sanitize};

/// Arguments of `retake explain`: a request, or a call that was made (`call_12`).
#[derive(clap::Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    request: RequestArgs,
    /// The mode to ask for, instead of the one in force
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// The scope of the call
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, source: ExplainArgs) -> anyhow::Result<ExitCode> {
    door::refuse_withheld(common)?;
    if let Some(id) = source.request.call() {
        let typed = [source.mode.is_some(), source.scope.is_some(), source.request.to.is_some()];
        if typed.contains(&true) {
            let text = format!("call_{} was made with a mode, a scope and a URL of its own", id.0);
            return Err(UsageError(text).into());
        }
        return door::at_store(common, async |client| {
            print_explanation(&client.run(ExplainCallRequest { id }).await?, source.json)
        })
        .await;
    }
    let mut question = source.request.question()?;
    let mode = source.mode.or_else(|| common.config.layers.flags.mode.clone());
    for (name, value) in [("x-retake-mode", &mode), ("x-retake-scope", &source.scope)] {
        if let Some(value) = value {
            question.headers.retain(|known| known != name);
            question.headers.push(name, value.clone());
        }
    }
    let client = door::open(common)?;
    let explained = client.run(ExplainRequest(question)).await;
    client.close().await;
    print_explanation(&explained?, source.json)
}

fn print_explanation(explained: &Explanation, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        print::json(explained)?;
    } else {
        for line in text(explained) {
            print::line(&line);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The explanation for people.
fn text(explained: &Explanation) -> Vec<String> {
    let mut lines = Vec::new();
    let model = explained.model.as_deref().map(|model| format!(", model {}", sanitize(model)));
    let scope = explained.scope.as_deref().map(|scope| format!(", scope {}", sanitize(scope)));
    let endpoint = sanitize(&explained.endpoint);
    let (model, scope) = (model.unwrap_or_default(), scope.unwrap_or_default());
    lines.push(format!("{endpoint}{model}{scope}, mode {}", explained.mode));
    if let Some(why) = &explained.opaque {
        lines.push(format!("the body is compared as it is, byte for byte: {why}"));
    }
    if let Some(hit) = &explained.hit {
        let word = if hit.changes.is_empty() { "HIT" } else { "HIT~" };
        lines.push(format!("{word}  {}  {}", hit.recording, hit.because));
        lines.extend(hit.changes.iter().map(change_line));
        let next = hit.next.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
        lines.push(format!("next in line: {next}"));
        return lines;
    }
    lines.extend(explained.passed_over.as_deref().map(|why| sanitize(why).into_owned()));
    lines.push(match explained.decision.as_str() {
        "record" if explained.passed_over.is_some() => {
            "it would be forwarded, and recorded where that is new".into()
        }
        "live" if explained.passed_over.is_some() => "it would be forwarded, and nothing stored".into(),
        "record" => "no recording answers: it would be forwarded and recorded".into(),
        "live" => "no recording answers: it would be forwarded, and nothing stored".into(),
        "mock" => "no recording answers: an answer would be made up".into(),
        "refused" => "no recording answers, and --never-forward forbids to forward it".into(),
        _ => "MISS: no recording answers".to_owned(),
    });
    if explained.near.is_empty() && explained.passed_over.is_none() {
        lines.push("no recording of this endpoint exists; mode replay-or-record makes one".into());
    }
    explained.near.iter().for_each(|miss| near(miss, &mut lines));
    let nearest = explained.near.first();
    let said = nearest.is_some_and(|miss| miss.fixes.iter().any(|fix| fix.kind == FixKind::Record));
    if let Some(record) = explained.record.as_ref().filter(|_| !said) {
        lines.push(format!("or {}", record.advice()));
        lines.extend(brief_radius(&record.radius).map(|effects| format!("        {effects}")));
    }
    let fixes = explained.near.iter().flat_map(|near| &near.fixes).chain(explained.record.as_ref());
    lines.extend(harmless(fixes));
    lines
}

/// That fixes of which nothing else is said do nothing else; nothing where there is none.
pub(crate) fn harmless<'a>(fixes: impl Iterator<Item = &'a Fix>) -> Option<String> {
    let calls = fixes.filter(|fix| brief_radius(&fix.radius).is_none()).map(|fix| fix.radius.calls).max()?;
    let past = human::counted(calls, "past call");
    Some(format!("fixes without a note change none of {past}"))
}

/// A fix and, where it does something to other calls, what.
pub(crate) fn fixing(fix: &Fix, lines: &mut Vec<String>) {
    let caution = fix.caution().map(|caution| format!("{caution}; ")).unwrap_or_default();
    lines.push(format!("  fix   {}", sanitize(&fix.advice())));
    match brief_radius(&fix.radius) {
        Some(effects) => lines.push(format!("        {caution}{effects}")),
        None if !caution.is_empty() => lines.push(format!("        {}", caution.trim_end_matches("; "))),
        None => {}
    }
}

fn near(miss: &Near, lines: &mut Vec<String>) {
    let tie = if miss.tie { ", a tie" } else { "" };
    lines.push(format!("near  {}  {}% alike{tie}, {}", miss.recording, miss.likeness, miss.strategy));
    lines.extend(miss.changes.iter().map(change_line));
    miss.fixes.iter().for_each(|fix| fixing(fix, lines));
}
