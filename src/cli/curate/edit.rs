//! `retake edit`: another answer of recordings.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::api::{EditRequest, RecordingRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::selection::Selectors;
use crate::cli::{door, editor, input, print, selection};
use crate::client::Client;
use crate::engine::{Revision, edited};
use crate::model::{Ending, Latency, Recording, RecordingId};
use crate::reading::{editable, human, text_of};

/// Arguments of `retake edit`; without a change among them the text or the body opens in an editor.
#[derive(Args)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    which: Selectors,
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
    /// As it came: undoes all edits
    #[arg(long, conflicts_with_all = ["status", "headers", "without_header", "body", "text", "text_file", "image", "pace", "ending"])]
    revert: bool,
    /// Only say what would change; no editor opens
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with the ids
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

pub(crate) async fn run(common: &Common, changes: EditArgs) -> anyhow::Result<ExitCode> {
    let revisions = changes.revisions()?;
    door::refuse_withheld(common)?;
    door::at_store(common, async |client| {
        let rows = selection::all(client, &changes.which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        if revisions.is_empty() && (changes.dry_run || ids.len() > 1) {
            let text = "say what changes, such as --status 500; an editor opens for one recording alone";
            return Err(UsageError(text.into()).into());
        }
        if changes.dry_run {
            return print_revisions(client, &ids, &revisions, changes.json).await;
        }
        let revisions = match &ids[..] {
            [id] if revisions.is_empty() => {
                let recording = client.find(RecordingRequest { id: id.clone() }).await?;
                let revision = match &recording {
                    Some(recording) => in_editor(recording).await?,
                    None => None,
                };
                let Some(revision) = revision else {
                    print::note("nothing was changed");
                    return Ok(ExitCode::SUCCESS);
                };
                vec![revision]
            }
            _ => revisions.clone(),
        };
        for id in &ids {
            client.run(EditRequest { id: id.clone(), revisions: revisions.clone() }).await?;
        }
        let undo = match ids.len() {
            1 => "retake undo".to_owned(),
            many => format!("retake undo --steps {many}"),
        };
        print::ids(&ids, &format!("is edited; `{undo}` undoes that"), changes.json);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// What the revisions would make of recordings.
async fn print_revisions(
    client: &Client,
    ids: &[RecordingId],
    revisions: &[Revision],
    json: bool,
) -> anyhow::Result<ExitCode> {
    let mut changed = Vec::new();
    for id in ids {
        let before = client.run(RecordingRequest { id: id.clone() }).await?;
        let after = edited(&before, revisions.to_vec()).map_err(|error| UsageError(error.to_string()))?;
        let differs = differences(&before, &after);
        if !json {
            print::line(&if differs.is_empty() {
                format!("{id} would stay as it is")
            } else {
                format!("{id} would change: {}", differs.join(", "))
            });
        }
        changed.extend((!differs.is_empty()).then(|| id.clone()));
    }
    if json {
        print::ids(&changed, "", true);
    }
    Ok(ExitCode::SUCCESS)
}

/// What differs between a recording and the same one edited, part by part.
fn differences(before: &Recording, after: &Recording) -> Vec<String> {
    let (was, is) = (&before.response, &after.response);
    let mut all = Vec::new();
    if was.status != is.status {
        all.push(format!("status {} → {}", was.status, is.status));
    }
    if was.headers != is.headers {
        all.push("headers".to_owned());
    }
    if was.log.bytes != is.log.bytes {
        let sizes = [was, is].map(|response| human::size(response.log.bytes.len() as u64));
        all.push(format!("body {} → {}", sizes[0], sizes[1]));
    }
    if before.media != after.media {
        all.push("the file behind a link".to_owned());
    }
    if before.pace != after.pace {
        let named = |pace: &Option<Latency>| pace.as_ref().map_or("proxy".into(), ToString::to_string);
        all.push(format!("pace {} → {}", named(&before.pace), named(&after.pace)));
    }
    if before.ending != after.ending {
        all.push(format!("ending {} → {}", named(before.ending), named(after.ending)));
    }
    all
}

fn named(ending: Ending) -> &'static str {
    match ending {
        Ending::Clean => "clean",
        Ending::Cut => "cut",
        Ending::Stall => "stall",
    }
}

impl EditArgs {
    /// The revisions in the order in which they make sense: a new body before a text in it.
    fn revisions(&self) -> Result<Vec<Revision>, UsageError> {
        let mut all = Vec::new();
        if self.revert {
            all.push(Revision::Original);
        }
        all.extend(
            self.body.as_deref().map(input::bytes).transpose()?.map(|body| Revision::Body(body.into())),
        );
        let from_file = self.text_file.as_deref().map(text).transpose()?;
        all.extend(self.text.clone().or(from_file).map(Revision::Text));
        if let Some(file) = &self.image {
            all.push(Revision::Image { field: self.field.clone(), file: input::bytes(file)?.into() });
        }
        all.extend(self.status.map(Revision::Status));
        all.extend(self.without_header.iter().cloned().map(Revision::WithoutHeader));
        for header in &self.headers {
            let wrong = || UsageError(format!("--header {header}: expected NAME: VALUE"));
            let (name, value) = header.split_once(':').ok_or_else(wrong)?;
            all.push(Revision::Header { name: name.trim().into(), value: value.trim().into() });
        }
        if let Some(pace) = &self.pace {
            let parsed = if pace == "proxy" { None } else { Some(pace.parse::<Latency>()) };
            let parsed = parsed.transpose().map_err(|error| UsageError(format!("--pace: {error}")))?;
            all.push(Revision::Pace(parsed));
        }
        all.extend(self.ending.map(Revision::Ending));
        Ok(all)
    }
}

fn text(file: &Path) -> Result<String, UsageError> {
    String::from_utf8(input::bytes(file)?).map_err(|_| {
        UsageError(format!("{}: this is not UTF-8 text; --body takes any bytes", file.display()))
    })
}

/// The text of the answer, else its body, as somebody left it in their editor; none when they changed nothing.
async fn in_editor(recording: &Recording) -> anyhow::Result<Option<Revision>> {
    let response = &recording.response;
    if let Some(text) = text_of(response) {
        return Ok(editor::edited(&text, ".txt").await?.map(Revision::Text));
    }
    let body = editable(&response.headers, &response.log.bytes);
    let body =
        body.ok_or_else(|| UsageError("the answer is no text; use --body FILE or --image FILE".into()))?;
    Ok(editor::edited(&body, ".json").await?.map(|body| Revision::Body(body.into())))
}
