//! `retake show`

use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;

use super::exit::{NotFound, Usage};
use super::{Common, list, pick, print};
use crate::desk::Desk;
use crate::model::{Headers, Recording, Row};
use crate::reading::{assembled, decode_picture, human, media, pretty, sanitize, sanitize_lines};
use crate::terminal;

/// Which part of a recording is shown.
#[derive(Args, Clone, Copy)]
#[group(multiple = false)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag, and clap admits one of them")]
pub(super) struct Part {
    /// The whole recording as one JSON object
    #[arg(long)]
    json: bool,
    /// The request only
    #[arg(long)]
    request: bool,
    /// The response only
    #[arg(long)]
    response: bool,
    /// The response's body, byte for byte, on stdout
    #[arg(long)]
    body: bool,
    /// Its pictures, in the terminal
    #[arg(long)]
    image: bool,
}

pub(super) async fn run(common: &Common, id: &str, part: &Part) -> anyhow::Result<ExitCode> {
    let desk = list::open(common)?;
    let shown = show(&desk, id, part).await;
    desk.close().await;
    shown.map(|()| ExitCode::SUCCESS)
}

async fn show(desk: &Desk, id: &str, part: &Part) -> anyhow::Result<()> {
    let row = pick::one(desk, id).await?;
    let gone = || NotFound(format!("recording {} was removed just now", row.id));
    let recording = desk.recording(&row.id).await?.ok_or_else(gone)?;
    if part.json {
        print::line(&serde_json::to_string(&*recording)?);
    } else if part.body {
        print::bytes(&recording.response.log.bytes);
    } else if part.image {
        pictures(desk, &recording).await?;
    } else {
        if !part.response && !part.request {
            about(&row, &recording);
        }
        if !part.response {
            let request = &recording.request;
            message(&format!("{} {}", request.method, request.target), &request.headers, &request.body);
        }
        if !part.request {
            let response = &recording.response;
            match assembled(response) {
                Some(text) if !part.response => {
                    head(&format!("status {}", response.status), &response.headers);
                    print::line(&sanitize_lines(&text));
                }
                _ => message(&format!("status {}", response.status), &response.headers, &response.log.bytes),
            }
        }
    }
    Ok(())
}

fn about(row: &Row, recording: &Recording) {
    let from = &recording.provenance;
    let last = row.usage.last_hit.map_or_else(|| "never".into(), |at| print::date(at.0));
    let state = match recording.completeness.word() {
        "" => String::new(),
        word => format!(" · partial: {word}"),
    };
    for (label, value) in [
        (
            "recording",
            format!("{}{}", row.id, row.name.as_deref().map(|n| format!(" ({n})")).unwrap_or_default()),
        ),
        ("hash", row.hash.to_string()),
        (
            "recorded",
            format!(
                "{} from {} in {}{state}",
                print::date(from.recorded_at.0),
                from.upstream,
                human::duration(from.total)
            ),
        ),
        ("strategy", row.strategy.to_string()),
        ("hits", format!("{}, last {last}", row.usage.hits)),
        ("size", human::size(row.size)),
        ("tags", row.tags.join(", ")),
    ] {
        if !value.is_empty() {
            print::line(&format!("{label:<10} {}", sanitize(&value)));
        }
    }
    for medium in &recording.media {
        let state =
            medium.problem.as_deref().map_or_else(|| human::size(medium.len), |p| format!("not kept: {p}"));
        print::line(&format!(
            "{:<10} {} {} {}",
            "media",
            sanitize(&medium.field),
            medium.content_type,
            sanitize(&state)
        ));
    }
    print::line("");
}

fn head(first: &str, headers: &Headers) {
    print::line(&sanitize(first));
    for (name, value) in headers.iter() {
        print::line(&format!("{}: {}", sanitize(name), sanitize(&String::from_utf8_lossy(value))));
    }
    print::line("");
}

fn message(first: &str, headers: &Headers, body: &Bytes) {
    head(first, headers);
    if !body.is_empty() {
        print::line(&sanitize_lines(&pretty(headers, body)));
        print::line("");
    }
}

/// Every picture of the answer, inline and behind links.
async fn pictures(desk: &Desk, recording: &Recording) -> anyhow::Result<()> {
    let inline =
        media(&recording.response).into_iter().filter(|medium| medium.content_type.starts_with("image/"));
    let mut pictures: Vec<_> = inline.map(|medium| medium.bytes).collect();
    for linked in recording.media.iter().filter(|medium| medium.body.is_some()) {
        pictures.extend(desk.media(&linked.id).await?.map(|media| media.body));
    }
    if pictures.is_empty() {
        return Err(NotFound(format!("recording {} holds no picture", recording.id)).into());
    }
    if !print::to_terminal() {
        let text = "--image needs a terminal on stdout; --body writes the answer's bytes to a file or pipe";
        return Err(Usage(text.into()).into());
    }
    for picture in pictures {
        let picture = decode_picture(&picture)
            .map_err(|error| anyhow::anyhow!("the picture cannot be decoded: {error}"))?;
        terminal::print_picture(&picture)?;
    }
    Ok(())
}
