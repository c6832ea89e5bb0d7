//! `retake show`

use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;

use crate::api::RecordingRequest;
use crate::cli::common::Common;
use crate::cli::exit::{NotFound, UsageError};
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::config::Config;
use crate::engine::{self, Settings};
use crate::matching::Fields;
use crate::model::{AnswerFailure, Derivation, Ending, Headers, Playback, Recording, Row};
use crate::reading::{assembled, decode_picture, human, media, pretty, sanitize, sanitize_lines};
use crate::retention::{expired, max_age};
use crate::terminal;

/// Arguments of `retake show`.
#[derive(Args, Clone, Copy)]
#[group(multiple = false)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag, and clap admits one of them")]
pub(crate) struct ShowArgs {
    /// The whole recording as one JSON object
    #[arg(long)]
    json: bool,
    /// The request only
    #[arg(long)]
    request: bool,
    /// The response only
    #[arg(long)]
    response: bool,
    /// The response's body, byte for byte; before a terminal with what that would obey made visible
    #[arg(long)]
    body: bool,
    /// Its pictures, in the terminal
    #[arg(long)]
    image: bool,
}

pub(crate) async fn run(common: &Common, id: &str, part: &ShowArgs) -> anyhow::Result<ExitCode> {
    let settings = Config::read(&common.config)?.settings;
    let client = door::open(common)?;
    let shown = show(&client, &settings, id, part).await;
    client.close().await;
    shown.map(|()| ExitCode::SUCCESS)
}

async fn show(client: &Client, settings: &Settings, id: &str, part: &ShowArgs) -> anyhow::Result<()> {
    let row = selection::one(client, id).await?;
    let gone = || NotFound(format!("recording {} was removed just now", row.id));
    let recording = client.find(RecordingRequest { id: row.id.clone() }).await?.ok_or_else(gone)?;
    if part.json {
        print::json(&*recording)?;
    } else if part.body {
        let body = &recording.response.log.bytes;
        if print::to_terminal() { print::line(&String::from_utf8_lossy(body)) } else { print::bytes(body) }
    } else if part.image {
        pictures(client, &recording).await?;
    } else {
        if !part.response && !part.request {
            about(&row, &recording, settings);
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

fn about(row: &Row, recording: &Recording, settings: &Settings) {
    let from = &recording.provenance;
    let name = row.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
    let upstream = if from.upstream.is_empty() { String::new() } else { format!(" from {}", from.upstream) };
    let state = match recording.completeness.word() {
        "" => String::new(),
        word => format!(" · partial: {word}"),
    };
    let recorded = (print::date(from.recorded_at.0), human::duration(from.total));
    let last = row.usage.last_hit.map_or_else(|| "never".into(), |at| print::date(at.0));
    for (label, value) in [
        ("recording", format!("{}{name}", row.id)),
        ("hash", row.hash.to_string()),
        ("recorded", format!("{}{upstream} in {}{state}", recorded.0, recorded.1)),
        ("strategy", row.strategy.to_string()),
        ("hits", format!("{}, last {last}", row.usage.hits)),
        ("size", human::size(row.size)),
        ("tags", row.tags.join(", ")),
    ] {
        fact(label, &value);
    }
    for (label, value) in particulars(row, recording, settings) {
        fact(label, &value.unwrap_or_default());
    }
    for medium in &recording.media {
        let state =
            medium.problem.as_deref().map_or_else(|| human::size(medium.len), |p| format!("not kept: {p}"));
        fact("media", &format!("{} {} {state}", medium.field, medium.content_type));
    }
    print::line("");
}

/// The lines that hold for some recordings only.
fn particulars(
    row: &Row,
    recording: &Recording,
    settings: &Settings,
) -> [(&'static str, Option<String>); 13] {
    let source = recording.source.as_ref().map(|source| {
        let how = match source.how {
            Derivation::Duplicate => "copied",
            Derivation::Fault => "made to fail",
            Derivation::Rerecord => "recorded anew",
        };
        format!("{}, {how}", source.recording)
    });
    let ending = match recording.ending {
        Ending::Clean => None,
        Ending::Cut => Some("cut: the connection breaks behind what is there"),
        Ending::Stall => Some("stall: nothing comes behind what is there, and the connection stays open"),
    };
    let opaque = Fields::of(&recording.request).opaque;
    let expiry = max_age(row, &settings.max_ages).map(|millis| {
        let date = print::date(row.recorded_at.0.saturating_add_unsigned(millis));
        let gone = expired(row, &settings.max_ages, engine::now());
        format!("{}{date}", if gone { "expired " } else { "" })
    });
    let waits = |old| format!("waits beside {old}; `retake review accept|keep|reject {}` decides", row.id);
    let edited =
        || format!("the answer is not as it came; `retake edit {} --revert` brings that back", row.id);
    let failed = |failure: AnswerFailure| {
        let again = settings.failures.steps_back(row);
        let again = if again { "; replay-or-record asks again" } else { "" };
        format!("the upstream {}{again}", failure.sentence(row.status))
    };
    [
        ("failed", row.failure.map(failed)),
        ("protected", row.protected.then(|| "delete and prune leave it alone".into())),
        ("scope", row.scope.clone()),
        ("plays", (row.playback != Playback::Newest).then(|| row.playback.to_string())),
        ("job", row.job.clone()),
        ("source", source),
        ("review", row.review.as_ref().map(waits)),
        ("edited", row.edited.then(edited)),
        ("ending", ending.map(Into::into)),
        ("compared", opaque.map(|why| format!("as it is, byte for byte: {why}"))),
        ("pace", recording.pace.map(|pace| pace.to_string())),
        ("expires", expiry),
        ("price", settings.prices.of(row).map(|price| price.to_string())),
    ]
}

/// One line about a recording; none where there is nothing to say.
fn fact(label: &str, value: &str) {
    if !value.is_empty() {
        print::line(&format!("{label:<10} {}", sanitize(value)));
    }
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
async fn pictures(client: &Client, recording: &Recording) -> anyhow::Result<()> {
    let inline =
        media(&recording.response).into_iter().filter(|medium| medium.content_type.starts_with("image/"));
    let mut pictures: Vec<_> = inline.map(|medium| medium.bytes).collect();
    for linked in recording.media.iter().filter(|medium| medium.body.is_some()) {
        pictures.extend(client.media(&linked.id).await?.map(|media| media.body));
    }
    if pictures.is_empty() {
        return Err(NotFound(format!("recording {} holds no picture", recording.id)).into());
    }
    if !print::to_terminal() {
        let text = "--image needs a terminal on stdout; --body writes the answer's bytes to a file or pipe";
        return Err(UsageError(text.into()).into());
    }
    for picture in pictures {
        let picture = decode_picture(&picture)
            .map_err(|error| anyhow::anyhow!("the picture cannot be decoded: {error}"))?;
        terminal::print_picture(&picture)?;
    }
    Ok(())
}
