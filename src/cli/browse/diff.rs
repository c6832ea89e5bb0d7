//! `retake diff`: two exchanges side by side, and whether the one answers the other.

use std::process::ExitCode;

use clap::Args;

use crate::api::DiffRequest;
use crate::cli::browse::explain::{fixing, harmless};
use crate::cli::common::Common;
use crate::cli::exit::Exit;
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::engine::wording::change_line;
use crate::engine::{Diff, ExchangeRef};
use crate::reading::contrast::{
    AnswerArrival, BodyContrast, CONTEXT, DiffLines, DiffTag, HeaderChange, PictureContrast, PictureFacts,
};
use crate::reading::{human, sanitize};

/// Arguments of `retake diff`.
#[derive(Args)]
pub(crate) struct DiffArgs {
    /// A recording's id or a unique beginning of it, the same with @original as it came before it was edited, or a call
    /// (`call_12`)
    one: String,
    /// The other one; without it, what the recording was before it was edited is compared with what it is
    other: Option<String>,
    /// The bodies line by line, also where what they say is shown word by word
    #[arg(long, conflicts_with = "json")]
    body: bool,
    /// How many equal lines are shown around those that differ
    #[arg(long, short = 'U', value_name = "LINES", default_value_t = CONTEXT)]
    context: usize,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Exits with 1 where something differs, as `diff` does.
pub(crate) async fn run(common: &Common, sides: DiffArgs) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let one = thing(client, &sides.one).await?;
        let (one, other) = match (&sides.other, one) {
            (Some(other), one) => (one, thing(client, other).await?),
            (None, ExchangeRef::Recording(id)) => {
                (ExchangeRef::Original(id.clone()), ExchangeRef::Recording(id))
            }
            (None, _) => {
                let text = format!("{} with what? give two, or a recording that was edited", sides.one);
                return Err(crate::cli::exit::UsageError(text).into());
            }
        };
        let diff = client.run(DiffRequest { one, other, context: Some(sides.context) }).await?;
        if sides.json {
            print::json(&diff)?;
        } else {
            for line in text(&diff, sides.body) {
                print::painted(&line);
            }
        }
        Ok(if is_same(&diff) { ExitCode::SUCCESS } else { Exit::NotFound.into() })
    })
    .await
}

async fn thing(client: &Client, text: &str) -> anyhow::Result<ExchangeRef> {
    if text.starts_with("call_") {
        return text.parse().map_err(|error: crate::engine::ParseExchangeRefError| {
            crate::cli::exit::UsageError(error.to_string()).into()
        });
    }
    Ok(match text.strip_suffix("@original") {
        Some(id) => ExchangeRef::Original(selection::one(client, id).await?.id.clone()),
        None => ExchangeRef::Recording(selection::one(client, text).await?.id.clone()),
    })
}

/// True if nothing differs that means anything: times and ids of answers do not.
fn is_same(diff: &Diff) -> bool {
    let contrast = &diff.contrast;
    let headers = contrast.request_headers.iter().chain(&contrast.response_headers);
    diff.changes.is_empty()
        && contrast.status.is_none()
        && matches!(contrast.body, BodyContrast::Same(_))
        && headers.filter(|header| !header.volatile).count() == 0
        && contrast.pictures.iter().all(is_alike)
}

fn is_alike(pair: &PictureContrast) -> bool {
    matches!((&pair.before, &pair.after), (Some(before), Some(after)) if before.hash == after.hash)
}

fn text(diff: &Diff, whole: bool) -> Vec<String> {
    let (one, other, contrast) = (&diff.one, &diff.other, &diff.contrast);
    let mut lines = vec![print::removed(&format!("--- {one}")), print::added(&format!("+++ {other}"))];
    lines.push(String::new());
    let answers = if diff.matches { "they match" } else { "they do not match" };
    lines.push(format!("request: under `{}` {answers}", diff.strategy));
    lines.extend(diff.changes.iter().map(change_line));
    diff.fixes.iter().for_each(|fix| fixing(fix, &mut lines));
    lines.extend(harmless(diff.fixes.iter()));
    headers("request headers", &contrast.request_headers, &mut lines);
    lines.push(String::new());
    lines.push(match contrast.status {
        Some((before, after)) => format!("response: status {before} → {after}"),
        None => "response: the same status".into(),
    });
    headers("response headers", &contrast.response_headers, &mut lines);
    let (before, after) = contrast.arrival;
    if before != after {
        lines.push(format!("arrival: {} → {}", arrival(before), arrival(after)));
    }
    if let Some(said) = &contrast.text {
        lines.push(String::new());
        lines.push("text:".into());
        lines.extend(words(said));
    }
    match &contrast.body {
        BodyContrast::Text(_) if contrast.text.is_some() && !whole => {
            lines.push("body: differs, too; --body shows it line by line".into());
        }
        differing => body(differing, &mut lines),
    }
    for (nth, pair) in contrast.pictures.iter().enumerate() {
        lines.push(format!("picture {}: {}", nth + 1, picture(pair)));
    }
    if contrast.pictures_left_out > 0 {
        lines.push(format!("{} more pairs of pictures were not compared", contrast.pictures_left_out));
    }
    lines
}

fn headers(what: &str, changes: &[HeaderChange], lines: &mut Vec<String>) {
    let meant: Vec<_> = changes.iter().filter(|change| !change.volatile).collect();
    let volatile = changes.len() - meant.len();
    if changes.is_empty() {
        return;
    }
    let left_out = match volatile {
        0 => String::new(),
        1 => " (and 1 that is another one in every answer)".into(),
        many => format!(" (and {} that are others in every answer)", human::thousands(many)),
    };
    lines.push(format!("{what}: {} differ{left_out}", human::thousands(meant.len())));
    for change in meant {
        let name = sanitize(&change.name);
        if let Some(before) = &change.before {
            lines.push(print::removed(&format!("- {name}: {}", sanitize(before))));
        }
        if let Some(after) = &change.after {
            lines.push(print::added(&format!("+ {name}: {}", sanitize(after))));
        }
    }
}

fn arrival(arrival: AnswerArrival) -> String {
    let events = match arrival.events {
        0 => String::new(),
        count => format!("{}, ", human::counted(count, "event")),
    };
    format!(
        "{events}{} to the first byte, {} in all",
        human::duration(arrival.first_byte),
        human::duration(arrival.total)
    )
}

/// The texts, with what was taken out in `[-…-]` and what was put in in `{+…+}` where no colour tells them apart.
fn words(said: &DiffLines) -> Vec<String> {
    let whole = said.runs.iter().any(|run| run.tag == DiffTag::Skipped) || said.cut;
    let apart = said.runs.iter().all(|run| run.tag != DiffTag::Same);
    if whole || apart {
        return unified(said);
    }
    let mut text = String::new();
    for run in &said.runs {
        let clean = crate::reading::sanitize_lines(&run.text);
        text.push_str(&match run.tag {
            DiffTag::Removed => print::removed(&format!("[-{clean}-]")),
            DiffTag::Added => print::added(&format!("{{+{clean}+}}")),
            DiffTag::Same | DiffTag::Skipped => clean.into_owned(),
        });
    }
    text.lines().map(|line| format!("  {line}")).collect()
}

fn unified(lines: &DiffLines) -> Vec<String> {
    let mut said: Vec<_> = lines
        .runs
        .iter()
        .flat_map(|run| run.text.lines().map(|line| (run.tag, sanitize(line))))
        .map(|(tag, clean)| match tag {
            DiffTag::Removed => print::removed(&format!("- {clean}")),
            DiffTag::Added => print::added(&format!("+ {clean}")),
            DiffTag::Same => format!("  {clean}"),
            DiffTag::Skipped => format!("  … {clean}"),
        })
        .collect();
    if lines.cut {
        said.push("  … the rest is too long and was not compared".into());
    }
    said
}

fn body(body: &BodyContrast, lines: &mut Vec<String>) {
    match body {
        BodyContrast::Same(blob) => lines.push(format!("body: the same {}", human::size(blob.size))),
        BodyContrast::Text(text) => {
            lines.push(String::new());
            lines.push("body:".into());
            lines.extend(unified(text));
        }
        BodyContrast::Binary { before, after } => lines.push(format!(
            "body: {} of {} → {} of {}",
            human::size(before.size),
            sanitize(&before.content_type),
            human::size(after.size),
            sanitize(&after.content_type)
        )),
    }
}

fn picture(pair: &PictureContrast) -> String {
    let facts = |facts: &PictureFacts| {
        let size = facts.dimensions.map_or_else(String::new, |(width, height)| format!(" {width}x{height}"));
        format!("{}{size} {}", sanitize(&facts.content_type), human::size(facts.size))
    };
    match (&pair.before, &pair.after) {
        (Some(before), Some(after)) if before.hash == after.hash => format!("the same {}", facts(before)),
        (Some(before), Some(after)) => {
            let likeness = match (&pair.likeness, &pair.problem) {
                (Some(likeness), _) => {
                    let motif = if likeness.hash_distance <= 10 { "the same motif" } else { "another motif" };
                    format!("{:.1}% alike, {motif}", likeness.structure.max(0.0) * 100.0)
                }
                (None, Some(problem)) => sanitize(problem).into_owned(),
                (None, None) => "not compared".into(),
            };
            format!("{} → {}: {likeness}", facts(before), facts(after))
        }
        (Some(before), None) => print::removed(&format!("{} is gone", facts(before))),
        (None, Some(after)) => print::added(&format!("{} is new", facts(after))),
        (None, None) => String::new(),
    }
}
