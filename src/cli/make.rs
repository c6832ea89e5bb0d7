//! `retake new` and `duplicate`: recordings that no call made.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;

use super::asked::Asked;
use super::exit::Usage;
use super::label::print_ids;
use super::pick::Which;
use super::{Common, ProxyArgs, list, pick, print};
use crate::cli::config::Config;
use crate::engine::{Draft, plain_response};
use crate::model::{Response, Strategy};

/// A recording from scratch.
#[derive(Args)]
pub(super) struct New {
    #[command(flatten)]
    asked: Asked,
    /// What it answers with, a file or - for stdin; without it an answer is made up as a mock would be
    #[arg(long, value_name = "FILE")]
    response: Option<PathBuf>,
    /// The answer's status
    #[arg(long, value_name = "STATUS", requires = "response", default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,
    /// The answer's content type; without it by the file's beginning and ending
    #[arg(long, value_name = "TYPE", requires = "response")]
    content_type: Option<String>,
    /// Which other requests it answers, such as 'standard -seed', pinned or 'rule contains="hat"'
    #[arg(long = "match", value_name = "STRATEGY")]
    strategy: Option<String>,
    /// The scope it belongs to
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    /// Its name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// One JSON object with its id
    #[arg(long)]
    json: bool,
}

/// Which recordings are copied.
#[derive(Args)]
pub(super) struct Copies {
    #[command(flatten)]
    which: Which,
    /// One JSON object with the ids of the copies
    #[arg(long)]
    json: bool,
}

pub(super) async fn new(common: &Common, new: New) -> anyhow::Result<ExitCode> {
    let question = new.asked.question()?;
    let config = Config::read(common, &ProxyArgs::default())?;
    let asked = question.asked(&config.settings.upstreams);
    let (request, _) = asked.map_err(Usage)?;
    let strategy = new.strategy.as_deref().map(str::parse::<Strategy>).transpose();
    let strategy = strategy.map_err(|error| Usage(format!("--match: {error}")))?;
    let response = new.response.as_deref().map(|file| new.read(file)).transpose()?;
    let draft = Draft { request, response, strategy, scope: new.scope, name: new.name };
    // The first recording of all may be one from scratch.
    list::at_desk_made(common, async |desk| {
        let id = desk.create(draft).await?;
        print_ids(&[id], "is new", new.json);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

impl New {
    fn read(&self, file: &Path) -> Result<Response, Usage> {
        let body = read(file)?;
        let by_name = || match file.extension().and_then(|ending| ending.to_str()) {
            Some("json") => Some("application/json"),
            Some("sse") => Some("text/event-stream"),
            Some("ndjson" | "jsonl") => Some("application/x-ndjson"),
            Some("txt") => Some("text/plain; charset=utf-8"),
            Some("png") => Some("image/png"),
            Some("jpg" | "jpeg") => Some("image/jpeg"),
            Some("webp") => Some("image/webp"),
            Some("mp3") => Some("audio/mpeg"),
            Some("wav") => Some("audio/wav"),
            Some("mp4") => Some("video/mp4"),
            _ => None,
        };
        let json =
            || serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok().then_some("application/json");
        let kind = self.content_type.as_deref().or_else(by_name).or_else(json);
        let kind = kind.ok_or_else(|| {
            Usage(format!("{}: the content type is not clear; give it with --content-type", file.display()))
        })?;
        if kind == "application/json" {
            let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(&body);
            parsed.map_err(|error| Usage(format!("{}: this is not JSON: {error}", file.display())))?;
        }
        Ok(plain_response(self.status, kind, body))
    }
}

/// The bytes of a file, or of stdin for `-`.
pub(super) fn read(file: &Path) -> Result<Bytes, Usage> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    bytes.map(Bytes::from).map_err(|error| Usage(format!("{} cannot be read: {error}", file.display())))
}

pub(super) async fn duplicate(common: &Common, copies: Copies) -> anyhow::Result<ExitCode> {
    list::at_desk(common, async |desk| {
        let rows = pick::all(desk, &copies.which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let made = desk.duplicate(&ids).await?;
        if copies.json {
            print_ids(&made, "", true);
        } else {
            for (copy, source) in made.iter().zip(&ids) {
                print::line(&format!("{copy} is a copy of {source}"));
            }
            print::note("a copy is the newest take of its request, so it answers from now on; `retake undo` takes it back");
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
