//! Scrubbing what is stored with the patterns that are in force now. What it takes out is to be gone for good: it cannot
//! be undone, the trash and the undo history go with it, and the store is written anew at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::curate::prune::Compacted;
use crate::engine::curate::step::RecordingEdit;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::matching::{Fields, compare};
use crate::model::{Call, Headers, Recording, RecordingId, Request, Response, Strategy};
use crate::store::StoreError;

/// The number of recordings that are read and rewritten at a time.
const TOGETHER: usize = 64;

/// The changes that scrubbing again makes, or made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rescrub {
    /// The number of recordings that were looked at.
    pub checked: u64,
    /// The recordings that change.
    pub recordings: Vec<Rescrubbed>,
    /// Recordings that cannot be read, or not be searched to their end, and so stay as they are.
    pub unreadable: Vec<RecordingId>,
    /// The number of removed recordings that hold something, too. They go for good, and all the trash with them.
    pub trash: u64,
    /// The number of steps that could be undone and hold something, too. They all go.
    pub steps: u64,
    /// The store's size before and since; `None` where nothing was to be done, or with `dry_run`.
    pub compacted: Option<Compacted>,
}

/// A recording that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rescrubbed {
    /// The recording.
    pub id: RecordingId,
    /// The fields that get placeholders: those of the request by their names, `target`, `body` where no field tells,
    /// `response/body`, `response/header/NAME`. Never a value.
    pub fields: Vec<String>,
}

impl Rescrub {
    /// True if nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recordings.is_empty() && self.trash == 0 && self.steps == 0
    }
}

impl Engine {
    /// Rewrites all recordings with the patterns in force, and writes the store anew without what stood there before: not
    /// in the trash, the undo history or the history of calls. With `dry_run` it only says what that would be.
    ///
    /// # Errors
    /// When the store cannot be read or written. What was rewritten by then stays so, and a second run does the rest.
    pub async fn scrub_again(&self, dry_run: bool) -> Result<Rescrub, VerbError> {
        let curation = self.curate().await;
        let mut done = self.aside(Self::rescrub).await?;
        if dry_run || done.is_empty() {
            return Ok(done);
        }
        for some in done.recordings.chunks(TOGETHER) {
            let ids = some.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
            let edits = self.aside(move |engine| -> Result<Vec<RecordingEdit>, StoreError> {
                let mut edits = Vec::with_capacity(ids.len());
                for id in ids {
                    let recording = engine.recording(&id)?;
                    let changed =
                        recording.and_then(|recording| engine.rescrubbed(&recording).ok().flatten());
                    edits.extend(
                        changed.map(|(recording, _)| RecordingEdit::Put(Box::new(recording), Vec::new())),
                    );
                }
                Ok(edits)
            });
            curation.replace(edits.await?).await?;
        }
        self.rewrite_history().await;
        done.compacted = Some(self.compacted(&curation, true).await?);
        self.shared.store.discard_remains()?;
        Ok(done)
    }

    fn rescrub(&self) -> Result<Rescrub, StoreError> {
        let mut found = Rescrub::default();
        let mut ids: Vec<_> = self.rows().into_keys().collect();
        ids.sort();
        for id in ids {
            found.checked += 1;
            match self.recording(&id) {
                Ok(Some(recording)) => match self.rescrubbed(&recording) {
                    Ok(changed) => {
                        found.recordings.extend(changed.map(|(_, fields)| Rescrubbed { id, fields }));
                    }
                    Err(_) => found.unreadable.push(id),
                },
                Ok(None) => {}
                Err(StoreError::Body { .. }) => found.unreadable.push(id),
                Err(error) => return Err(error),
            }
        }
        let holds = |recording: &Recording| !matches!(self.rescrubbed(recording), Ok(None));
        for (_, entry) in self.shared.store.trash()? {
            let removed = self.shared.store.recording(&entry.row.id);
            // What cannot be read, or searched, goes as well.
            found.trash += u64::from(removed.ok().flatten().is_none_or(|recording| holds(&recording)));
        }
        for row in self.shared.store.steps()? {
            let step = self.shared.store.step(row.id).ok().flatten();
            let changed = step.iter().flat_map(|step| &step.changed);
            let versions = changed.flat_map(|changed| [&changed.before, &changed.after]).flatten();
            let held = versions.filter_map(|version| version.recording.as_deref()).any(holds);
            found.steps += u64::from(held);
        }
        Ok(found)
    }

    /// A recording with what the patterns in force find replaced, and the names of the fields; `None` where nothing is.
    fn rescrubbed(&self, recording: &Recording) -> Result<Option<(Recording, Vec<String>)>, VerbError> {
        let request = self.scrub(recording.request.get());
        let mut changed = Recording { hash: request.hash(), request, ..recording.clone() };
        changed = self.scrub_answers_of(changed, &[])?;
        if changed == *recording {
            return Ok(None);
        }
        let mut fields = request_fields(recording.request.get(), changed.request.get());
        fields.extend(response_fields("response", &recording.response, &changed.response));
        if let (Some(before), Some(after)) = (&recording.original, &changed.original) {
            fields.extend(response_fields("original", &before.response, &after.response));
        }
        // The name of a field can hold what is to be hidden.
        let scrubber = &self.shared.live.load().scrubber;
        let fields = fields.iter().map(|field| scrubber.sentence(field, &Request::default())).collect();
        Ok(Some((changed, fields)))
    }

    /// Takes what the patterns find out of the history of calls, in memory and in the store.
    async fn rewrite_history(&self) {
        self.write_history().await;
        let live = self.shared.live.load();
        let clean = |text: &str| live.scrubber.sentence(text, &Request::default());
        self.rewrite_calls(|call| Call {
            model: call.model.as_deref().map(|text| clean(text).into()),
            prompt: call.prompt.as_deref().map(|text| clean(text).into()),
            endpoint: clean(&call.endpoint).into(),
            reason: call.reason.as_deref().map(clean),
            ..call.clone()
        })
        .await;
    }
}

/// The fields of a request that change.
fn request_fields(before: &Request, after: &Request) -> Vec<String> {
    let compared = compare(&Strategy::STANDARD, &Fields::of(before), &Fields::of(after));
    let mut fields: Vec<String> = compared.changes.iter().map(|change| change.field.to_string()).collect();
    if fields.is_empty() {
        fields.extend((before.target != after.target).then(|| "target".to_owned()));
        fields.extend((before.body != after.body).then(|| "body".to_owned()));
    }
    fields.extend(headers("header", &before.headers, &after.headers));
    fields
}

fn response_fields(place: &str, before: &Response, after: &Response) -> Vec<String> {
    let body = (before.log.bytes != after.log.bytes).then(|| format!("{place}/body"));
    let headers = headers(&format!("{place}/header"), &before.headers, &after.headers);
    body.into_iter().chain(headers).collect()
}

fn headers(place: &str, before: &Headers, after: &Headers) -> Vec<String> {
    let changed = before.iter().filter(|(name, value)| !after.iter().any(|(n, v)| n == *name && v == *value));
    changed.map(|(name, _)| format!("{place}/{name}")).collect()
}
