//! `retake new`: a recording that no call made.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};

use crate::api::CreateRequest;
use crate::api::Question;
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::request_args::RequestArgs;
use crate::cli::{door, editor, input, print, request_args};
use crate::config::Config;
use crate::dialect::Dialect;
use crate::editing::set_text;
use crate::engine::{Draft, VerbError, plain_response};
use crate::model::{Request, Response, Strategy};

/// A recording from scratch.
#[derive(Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    request: RequestArgs,
    /// A plain request with this prompt, to --to and in place of FILE
    #[arg(long, value_name = "TEXT", requires = "to", conflicts_with = "file")]
    prompt: Option<String>,
    /// The model that the plain request is for
    #[arg(long, value_name = "NAME", requires = "to", conflicts_with = "file")]
    model: Option<String>,
    /// The text of the answer that is made up
    #[arg(long, value_name = "TEXT", conflicts_with = "response")]
    text: Option<String>,
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
    /// Only check it; nothing is stored
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with its id; with --dry-run without any
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, new: NewArgs) -> anyhow::Result<ExitCode> {
    door::refuse_withheld(common)?;
    let Some(question) = new.question().await? else {
        print::note("nothing was made");
        return Ok(ExitCode::SUCCESS);
    };
    let config = Config::read(&common.config)?;
    let asked = question.request(&config.settings.upstreams);
    let (request, _) = asked.map_err(UsageError)?;
    let strategy = new
        .strategy
        .as_deref()
        .or(common.config.layers.flags.strategy.as_deref())
        .map(str::parse::<Strategy>)
        .transpose();
    let strategy = strategy.map_err(|error| UsageError(format!("--match: {error}")))?;
    let response = match (&new.response, &new.text) {
        (Some(file), _) => Some(new.read(file)?),
        (None, Some(text)) => Some(made_up(&request, text)?),
        (None, None) => None,
    };
    let target = request.target.clone();
    let draft = Draft { request, response, strategy, scope: new.scope, name: new.name, dry_run: new.dry_run };
    // The first recording of all may be one from scratch.
    door::at_new_store(common, async |client| {
        let id = client.run(CreateRequest(draft)).await?;
        if new.dry_run {
            print::ids(&[], "", new.json);
            if !new.json {
                print::line(&format!("a recording of {target} would be made"));
            }
            return Ok(ExitCode::SUCCESS);
        }
        print::ids(&[id], "is new", new.json);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// An answer to a request as a mock would make it, but with this text.
fn made_up(request: &Request, text: &str) -> Result<Response, UsageError> {
    let made = Dialect::of_mount(&request.mount).mock(request, "http://127.0.0.1");
    let made = made.ok_or_else(|| UsageError(VerbError::NoAnswer(request.target.clone()).to_string()))?;
    set_text(&made, text).map_err(|error| UsageError(format!("--text: {error}")))
}

impl NewArgs {
    /// The request that it answers: as it is handed in, or a plain request, which opens in an editor where nothing is
    /// said about it. None when nobody wrote one there.
    async fn question(&self) -> anyhow::Result<Option<Question>> {
        if self.prompt.is_none() && self.model.is_none() {
            if self.request.reads_stdin() && self.response.as_deref().is_some_and(input::is_stdin) {
                let text = "stdin holds the answer; give the request as a FILE, or with --to and --prompt";
                return Err(UsageError(text.into()).into());
            }
            if let Some(question) = self.request.given()? {
                return Ok(Some(question));
            }
        }
        let Some(to) = &self.request.to else {
            let text = "there is no request: give a FILE, write one to stdin, or say --to URL --model NAME --prompt TEXT";
            return Err(UsageError(text.into()).into());
        };
        let said = (self.model.as_deref(), self.prompt.as_deref());
        let written = |model, prompt| plain_request(to, model, prompt);
        let body = match said {
            (Some(model), Some(prompt)) => Some(written(model, prompt)?.to_string()),
            (model, prompt) if print::can_ask() => {
                let before = written(model.unwrap_or_default(), prompt.unwrap_or_default())?;
                editor::edited(&format!("{before:#}\n"), ".json").await?
            }
            (model, _) => {
                let lacks = if model.is_none() { "--model NAME" } else { "--prompt TEXT" };
                let text = format!(
                    "a plain request to {to} lacks {lacks}, and without a terminal no editor can be opened"
                );
                return Err(UsageError(text).into());
            }
        };
        Ok(body
            .map(|body| request_args::body_to(to, &body))
            .transpose()
            .map_err(|problem| UsageError(format!("the request: {problem}")))?)
    }

    fn read(&self, file: &Path) -> Result<Response, UsageError> {
        let body = Bytes::from(input::bytes(file)?);
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
            UsageError(format!(
                "{}: the content type is not clear; give it with --content-type",
                file.display()
            ))
        })?;
        if kind == "application/json" {
            let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(&body);
            parsed.map_err(|error| UsageError(format!("{}: this is not JSON: {error}", file.display())))?;
        }
        Ok(plain_response(self.status, kind, body))
    }
}

/// The least that an endpoint is asked.
fn plain_request(to: &str, model: &str, prompt: &str) -> Result<Value, UsageError> {
    let path = to.split(['?', '#']).next().unwrap_or(to);
    let messages = || json!([{ "role": "user", "content": prompt }]);
    let asks = |endpoint: &str| path.ends_with(endpoint);
    if asks("/chat/completions") {
        Ok(json!({ "model": model, "messages": messages() }))
    } else if asks("/messages") {
        Ok(json!({ "model": model, "max_tokens": 1024, "messages": messages() }))
    } else if asks("/images/generations") {
        Ok(json!({ "model": model, "prompt": prompt }))
    } else if asks("/responses") || asks("/embeddings") {
        Ok(json!({ "model": model, "input": prompt }))
    } else {
        Err(UsageError(format!("what is asked of {to} is not known; give the request as a FILE or on stdin")))
    }
}
