//! An answer that is being edited: what somebody wrote, and what would come of it.

use std::sync::Arc;

use crate::api::RecordingRequest;
use crate::client::Client;
use crate::editing::{set_body, set_text};
use crate::engine::Revision;
use crate::model::{Recording, RecordingId, Response};
use crate::reading::contrast::{BodyContrast, CONTEXT, DiffLines, DiffTag, Run, Side, contrast};
use crate::reading::sanitize;
use crate::reading::{editable, text_of};
use crate::tui::widgets::line::{Tone, Toned};

/// A part of an answer that is opened in an editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftPart {
    /// The text of the answer.
    Text,
    /// The body.
    Body,
}

/// An edit that is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditDraft {
    /// The recording.
    pub recording: RecordingId,
    /// The part that is edited.
    pub part: DraftPart,
    /// The text that somebody wrote; `None` before they did.
    pub written: Option<String>,
    /// The outcome of storing it.
    pub outcome: DraftOutcome,
    /// The first line of the outcome that is seen.
    pub at: usize,
}

/// The outcome of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftOutcome {
    /// A draft without text, or with that which is there already.
    Unchanged,
    /// An error: it cannot be stored.
    Wrong(String),
    /// The difference, line by line.
    Changed(Vec<Toned>),
}

/// A recording's answer, read for an editor.
#[derive(Clone, Debug)]
pub struct OpenedDraft {
    recording: Arc<Recording>,
    before: String,
}

/// The most lines of a difference that are kept.
pub(crate) const LINES: usize = 2_000;

impl EditDraft {
    /// An edit of which nothing is written yet.
    #[must_use]
    pub fn new(recording: RecordingId, part: DraftPart) -> Self {
        Self { recording, part, written: None, outcome: DraftOutcome::Unchanged, at: 0 }
    }

    /// The change that it asks for.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        let written = self.written.clone().filter(|_| matches!(self.outcome, DraftOutcome::Changed(_)))?;
        Some(match self.part {
            DraftPart::Text => Revision::Text(written),
            DraftPart::Body => Revision::Body(written.into()),
        })
    }

    /// Scrolls; the end is kept in when it is drawn.
    pub fn step(&mut self, by: isize) {
        let lines = if let DraftOutcome::Changed(lines) = &self.outcome { lines.len() } else { 0 };
        self.at = self.at.saturating_add_signed(by).min(lines.saturating_sub(1));
    }

    /// Reads what is to be edited.
    ///
    /// # Errors
    /// When it is not there, or no text.
    pub async fn open(&self, client: &Client) -> Result<OpenedDraft, String> {
        let recording = client
            .find(RecordingRequest { id: self.recording.clone() })
            .await
            .map_err(|error| error.to_string())?;
        let recording =
            recording.ok_or_else(|| format!("there is no recording {} any more", self.recording))?;
        OpenedDraft::of(recording, self.part)
    }

    /// The edit after its editor was left; `left` is `None` where the text was not changed. Takes a while.
    #[must_use]
    pub fn judged(mut self, opened: &OpenedDraft, left: Option<String>) -> Self {
        self.at = 0;
        self.written = left.or(self.written).filter(|text| *text != opened.before);
        let before = &opened.recording.response;
        self.outcome = match &self.written {
            None => DraftOutcome::Unchanged,
            Some(text) => match self.part {
                DraftPart::Text => set_text(before, text),
                DraftPart::Body => set_body(before, text.clone().into()),
            }
            .map_or_else(
                |error| DraftOutcome::Wrong(error.to_string()),
                |after| DraftOutcome::Changed(difference(&opened.recording, &after, self.part)),
            ),
        };
        self
    }
}

impl OpenedDraft {
    /// A part of this recording's answer.
    ///
    /// # Errors
    /// When it is no text.
    pub fn of(recording: Arc<Recording>, part: DraftPart) -> Result<Self, String> {
        let response = &recording.response;
        let before = match part {
            DraftPart::Text => {
                text_of(response).ok_or("the answer holds no text of a known kind; edit its body instead")?
            }
            DraftPart::Body => editable(&response.headers, &response.log.bytes)
                .ok_or("the body is no text; another picture can be put in its place")?,
        };
        Ok(Self { recording, before })
    }

    /// The text for the editor: what was written before, else what is there; and the ending of its file's name.
    #[must_use]
    pub fn text<'a>(&'a self, draft: &'a EditDraft) -> (&'a str, &'static str) {
        let json =
            draft.part == DraftPart::Body && self.recording.response.headers.media_type().contains("json");
        (draft.written.as_deref().unwrap_or(&self.before), if json { ".json" } else { ".txt" })
    }
}

fn difference(recording: &Recording, after: &Response, part: DraftPart) -> Vec<Toned> {
    let new = Side { request: recording.request.get(), response: after, linked: Vec::new() };
    let compared = contrast(&Side::from(recording), &new, CONTEXT);
    let lines = match (part, compared.text, compared.body) {
        (DraftPart::Text, Some(text), _) => word_lines(&text),
        (_, _, BodyContrast::Text(body)) => body.runs.iter().map(line).collect(),
        _ => vec![Toned::of(Tone::Plain, "The same values, set out differently.")],
    };
    lines.into_iter().take(LINES).collect()
}

/// One line of a body, with its mark.
fn line(run: &Run) -> Toned {
    let (mark, tone) = look(run.tag);
    Toned::of(tone, format!("{mark} ")).and(tone, sanitize(&run.text))
}

/// Words that differ, in the lines that they stand in.
fn word_lines(text: &DiffLines) -> Vec<Toned> {
    let mut lines = vec![Toned::default()];
    for run in &text.runs {
        let (mark, tone) = look(run.tag);
        for (nth, piece) in run.text.split('\n').enumerate() {
            if nth > 0 {
                lines.push(Toned::default());
            }
            let Some(last) = lines.last_mut().filter(|_| !piece.is_empty()) else { continue };
            let piece = sanitize(piece);
            // Marked besides the colour, because there may be none.
            let piece =
                if run.tag == DiffTag::Same { piece.into() } else { format!("[{mark}{piece}{mark}]") };
            last.0.push((tone, piece));
        }
    }
    lines
}

fn look(tag: DiffTag) -> (&'static str, Tone) {
    match tag {
        DiffTag::Same => (" ", Tone::Plain),
        DiffTag::Removed => ("-", Tone::Bad),
        DiffTag::Added => ("+", Tone::Good),
        DiffTag::Skipped => (" ", Tone::Dim),
    }
}
