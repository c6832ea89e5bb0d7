//! Editing the answer of a recording, and making one that fails out of a good one.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::editing;
use crate::editing::{
    EditError, Fault, remove_header, set_body, set_header, set_image, set_status, set_text,
};
use crate::engine::curate::create::derived;
use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{Derivation, Ending, Hash, Latency, Original, Recording, RecordingId, check_scope};
use crate::wire::sniff::sniff;

/// One change of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Revision {
    /// Another status.
    Status(u16),
    /// A header with this value, in place of all of that name.
    Header {
        /// The header's name.
        name: String,
        /// The header's value.
        value: String,
    },
    /// Without this header.
    WithoutHeader(String),
    /// Another body.
    Body(
        #[serde(with = "crate::model::exchange::text_or_base64")]
        #[schemars(with = "crate::model::exchange::BytesText")]
        Bytes,
    ),
    /// Another text, put where the old one stands; of a stream it becomes events again.
    Text(String),
    /// Another picture.
    Image {
        /// The place of the old one, a JSON pointer; not needed where there is one picture.
        field: Option<String>,
        /// The file.
        #[serde(with = "crate::model::exchange::text_or_base64")]
        #[schemars(with = "crate::model::exchange::BytesText")]
        file: Bytes,
    },
    /// Another pace; `None` leaves it to the proxy.
    Pace(Option<Latency>),
    /// Another end.
    Ending(Ending),
    /// The answer as it came.
    Original,
}

impl Engine {
    /// Edits a recording, all of the revisions or none. The response as it came is kept inside, and so are the files behind
    /// its links.
    ///
    /// # Errors
    /// When it is not there, a revision cannot be, nobody knows what the answer holds then, or the store cannot be read or
    /// written.
    pub async fn edit(&self, id: &RecordingId, revisions: Vec<Revision>) -> Result<(), VerbError> {
        let curation = self.curate().await;
        let before = self.recording(id)?.ok_or_else(|| VerbError::Unknown(id.clone()))?;
        // Pictures are decoded and streams cut up anew.
        let (edited, media) = self
            .aside(move |engine| {
                let (edited, media) = revised(&before, revisions)?;
                // Who puts back what came gets it byte for byte.
                let unchanged = edited.response == before.response;
                Ok::<_, VerbError>((
                    if unchanged { edited } else { engine.scrub_answers_of(edited, &[])? },
                    media,
                ))
            })
            .await?;
        curation.step("edit", vec![RecordingEdit::Put(Box::new(edited), media)]).await?;
        Ok(())
    }

    /// Makes a recording that fails out of one that did not, and gives its id. It answers from now on, in `scope` where
    /// that is given.
    ///
    /// # Errors
    /// When it is not there, cannot fail so, no call can be in the scope, or the store cannot be read or written.
    pub async fn derive(
        &self,
        id: &RecordingId,
        fault: Fault,
        scope: Option<String>,
    ) -> Result<RecordingId, VerbError> {
        scope.as_deref().map_or(Ok(()), check_scope)?;
        let curation = self.curate().await;
        let source = self.recording(id)?.ok_or_else(|| VerbError::Unknown(id.clone()))?;
        let faulty = editing::derive(&source, fault)?;
        let copy = derived(&source, Derivation::Fault);
        let recording = Recording {
            response: faulty.response,
            ending: faulty.ending,
            pace: faulty.pace,
            scope: scope.or_else(|| copy.scope.clone()),
            // An error has no links to what was behind them.
            media: if fault.replaces_answer() { Vec::new() } else { copy.media.clone() },
            // It is whole as far as it is meant to be.
            completeness: crate::model::Completeness::Whole,
            original: None,
            ..copy
        };
        let new = recording.id.clone();
        curation.step("derive", vec![RecordingEdit::Put(Box::new(recording), Vec::new())]).await?;
        Ok(new)
    }
}

/// A recording as [`Engine::edit`] would leave it, before anything is scrubbed.
///
/// # Errors
/// When a revision cannot be.
pub fn edited(before: &Recording, revisions: Vec<Revision>) -> Result<Recording, VerbError> {
    Ok(revised(before, revisions)?.0)
}

type Revised = (Recording, Vec<(Hash, Bytes)>);

/// A recording after its revisions, and the files that they bring.
fn revised(before: &Recording, revisions: Vec<Revision>) -> Result<Revised, VerbError> {
    let (mut recording, mut files) = (before.clone(), Vec::new());
    for revision in revisions {
        let response = &recording.response;
        match revision {
            Revision::Status(status) => recording.response = set_status(response, status)?,
            Revision::Header { name, value } => recording.response = set_header(response, &name, &value)?,
            Revision::WithoutHeader(name) => recording.response = remove_header(response, &name)?,
            Revision::Body(body) => recording.response = set_body(response, body)?,
            Revision::Text(text) => recording.response = set_text(response, &text)?,
            Revision::Image { field, file } => {
                if linked(&mut recording, field.as_deref(), &file)? {
                    files.push((Hash::of(&file), file));
                } else {
                    recording.response = set_image(&recording.response, field.as_deref(), &file)?;
                }
            }
            Revision::Pace(pace) => recording.pace = pace,
            Revision::Ending(ending) => recording.ending = ending,
            Revision::Original => {
                if let Some(original) = recording.original.take() {
                    recording.response = original.response;
                    recording.media = original.media;
                }
                recording.pace = None;
                recording.ending = Ending::Clean;
            }
        }
    }
    let changed = recording.response != before.response || recording.media != before.media;
    if changed && recording.original.is_none() && before.original.is_none() {
        let (response, media) = (before.response.clone(), before.media.clone());
        recording.original = Some(Box::new(Original { response, media }));
    }
    Ok((recording, files))
}

/// Puts a picture in the place of one behind a link. False where `field` is not such a place.
fn linked(recording: &mut Recording, field: Option<&str>, file: &Bytes) -> Result<bool, EditError> {
    let is_picture = |kind: &str| kind.starts_with("image/");
    let one = match (field, &mut recording.media[..]) {
        (None, [only]) if is_picture(&only.content_type) => Some(only),
        (None, _) => None,
        (Some(field), media) => media.iter_mut().find(|medium| medium.field == field),
    };
    let Some(medium) = one else { return Ok(false) };
    let kind = sniff(file).filter(|kind| is_picture(kind)).ok_or(EditError::NotAPicture)?;
    kind.clone_into(&mut medium.content_type);
    medium.body = Some(Hash::of(file));
    medium.len = file.len() as u64;
    medium.problem = None;
    Ok(true)
}
