//! `retake edit` and `derive`: another answer, and one that fails.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::exit::Usage;
use super::label::print_ids;
use super::make::read;
use super::{Common, editor, list, pick, print};
use crate::editing::Fault;
use crate::engine::Revision;
use crate::model::{Ending, Latency, Recording};
use crate::reading::{editable, text_of};

/// What is changed; without any of it the text or the body opens in an editor.
#[derive(Args)]
pub(super) struct Changes {
    /// The recording's id, or a unique beginning of it
    id: String,
    /// Another status
    #[arg(long, value_name = "STATUS")]
    status: Option<u16>,
    /// A header, in place of all of that name; repeatable
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Take a header away; repeatable
    #[arg(long, value_name = "NAME")]
    without_header: Vec<String>,
    /// Another body, a file or - for stdin; where JSON is expected it must be JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "text_file"])]
    body: Option<PathBuf>,
    /// Another text of the answer; in a stream it becomes events again
    #[arg(long, value_name = "TEXT", conflicts_with = "text_file")]
    text: Option<String>,
    /// The same from a file or, with -, from stdin
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
    /// Another picture
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Where the picture stands, a JSON pointer such as `/data/0/b64_json`; not needed where there is one
    #[arg(long, value_name = "POINTER", requires = "image")]
    field: Option<String>,
    /// How fast it is sent: none, recorded, x0.5, 250ms; proxy leaves it to the proxy
    #[arg(long, value_name = "PACE")]
    pace: Option<String>,
    /// How it ends: clean, cut (the connection breaks) or stall (it stays open and silent)
    #[arg(long, value_name = "HOW", value_parser = ending)]
    ending: Option<Ending>,
    /// As it came: takes all edits back
    #[arg(long, conflicts_with_all = ["status", "headers", "without_header", "body", "text", "text_file", "image", "pace", "ending"])]
    revert: bool,
    /// One JSON object with the id
    #[arg(long)]
    json: bool,
}

/// How a recording is to fail.
#[derive(Args)]
pub(super) struct Failing {
    /// The recording's id, or a unique beginning of it
    id: String,
    /// 429, 429 retry-after=20 (seconds), 500, 529 (Anthropic), cut@3 and stall@3 (after so many events, or bytes),
    /// malformed, slow x5 or slow 10s
    #[arg(required = true, value_name = "FAULT")]
    fault: Vec<String>,
    /// Only calls in this scope get it
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    /// One JSON object with the id of the new recording
    #[arg(long)]
    json: bool,
}

fn ending(text: &str) -> Result<Ending, String> {
    match text {
        "clean" => Ok(Ending::Clean),
        "cut" => Ok(Ending::Cut),
        "stall" => Ok(Ending::Stall),
        _ => Err("expected clean, cut or stall".into()),
    }
}

pub(super) async fn edit(common: &Common, changes: Changes) -> anyhow::Result<ExitCode> {
    let revisions = changes.revisions()?;
    list::refuse_withheld(common)?;
    list::at_store(common, async |client| {
        let row = pick::one(client, &changes.id).await?;
        let revisions = if revisions.is_empty() {
            let recording = client.recording(&row.id).await?;
            let revision = match &recording {
                Some(recording) => in_editor(recording).await?,
                None => None,
            };
            let Some(revision) = revision else {
                print::note("nothing was changed");
                return Ok(ExitCode::SUCCESS);
            };
            vec![revision]
        } else {
            revisions
        };
        client.edit(&row.id, &revisions).await?;
        print_ids(std::slice::from_ref(&row.id), "is edited; `retake undo` takes it back", changes.json);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

impl Changes {
    /// In the order in which they make sense: a new body before a text in it.
    fn revisions(&self) -> Result<Vec<Revision>, Usage> {
        let mut all = Vec::new();
        if self.revert {
            all.push(Revision::Original);
        }
        all.extend(self.body.as_deref().map(read).transpose()?.map(Revision::Body));
        let from_file = self.text_file.as_deref().map(text).transpose()?;
        all.extend(self.text.clone().or(from_file).map(Revision::Text));
        if let Some(file) = &self.image {
            all.push(Revision::Image { field: self.field.clone(), file: read(file)? });
        }
        all.extend(self.status.map(Revision::Status));
        all.extend(self.without_header.iter().cloned().map(Revision::WithoutHeader));
        for header in &self.headers {
            let wrong = || Usage(format!("--header {header}: expected NAME: VALUE"));
            let (name, value) = header.split_once(':').ok_or_else(wrong)?;
            all.push(Revision::Header { name: name.trim().into(), value: value.trim().into() });
        }
        if let Some(pace) = &self.pace {
            let parsed = if pace == "proxy" { None } else { Some(pace.parse::<Latency>()) };
            let parsed = parsed.transpose().map_err(|error| Usage(format!("--pace: {error}")))?;
            all.push(Revision::Pace(parsed));
        }
        all.extend(self.ending.map(Revision::Ending));
        Ok(all)
    }
}

fn text(file: &Path) -> Result<String, Usage> {
    String::from_utf8(read(file)?.into())
        .map_err(|_| Usage(format!("{}: this is not UTF-8 text; --body takes any bytes", file.display())))
}

/// The text of the answer, else its body, as somebody left it in their editor; none when they changed nothing.
async fn in_editor(recording: &Recording) -> anyhow::Result<Option<Revision>> {
    let response = &recording.response;
    if let Some(text) = text_of(response) {
        return Ok(editor::edited(&text, ".txt").await?.map(Revision::Text));
    }
    let body = editable(&response.headers, &response.log.bytes);
    let body = body.ok_or_else(|| Usage("the answer is no text; use --body FILE or --image FILE".into()))?;
    Ok(editor::edited(&body, ".json").await?.map(|body| Revision::Body(body.into())))
}

pub(super) async fn derive(common: &Common, failing: Failing) -> anyhow::Result<ExitCode> {
    let fault: Fault = failing.fault.join(" ").parse().map_err(|error| Usage(format!("{error}")))?;
    list::at_store(common, async |client| {
        let row = pick::one(client, &failing.id).await?;
        let new = client.derive(&row.id, fault, failing.scope.as_deref()).await?;
        print_ids(std::slice::from_ref(&new), &format!("fails as `{fault}`, made of {}", row.id), failing.json);
        if !failing.json {
            print::note(&match &failing.scope {
                Some(scope) => format!("calls in the scope {scope} get it from now on; `retake undo` takes it back"),
                None => "it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` takes it back".to_owned(),
            });
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
