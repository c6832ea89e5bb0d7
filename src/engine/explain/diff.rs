//! The diff of two exchanges, whatever they are: recordings, what those held before they were edited, calls.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::aside::aside;
use crate::engine::explain::advice::Fix;
use crate::engine::explain::explanation::keepable;
use crate::engine::recording::stamp::fitting;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::matching::{Change, Comparison, Fields, compare, remedies};
use crate::model::{CallId, MediaRef, RecordingId, Response, Scrubbed, Strategy};
use crate::reading::contrast::{Contrast, Side, contrast};
use crate::store::StoreError;

/// One side of a diff. Its text is `rec_…`, `rec_…@original` or `call_12`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(extend("x-may-be-abbreviated" = true))]
pub enum ExchangeRef {
    /// A recording as it answers now.
    Recording(RecordingId),
    /// A recording as it came, before it was edited.
    Original(RecordingId),
    /// A call of the history.
    Call(CallId),
}

/// A text that names no [`ExchangeRef`].
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is neither a recording (`rec_…`), nor one as it came (`rec_…@original`), nor a call (`call_12`)"
)]
pub struct ParseExchangeRefError(String);

/// The differences between two exchanges.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// The first one.
    pub one: ExchangeRef,
    /// The other one.
    pub other: ExchangeRef,
    /// The strategy under which the requests are compared: the first recording's.
    pub strategy: Strategy,
    /// True if that recording answers the request of the other side.
    pub matches: bool,
    /// All that differs between the requests; `recorded` is the first side, `incoming` the other.
    pub changes: Vec<Change>,
    /// Fixes that would let that recording answer, those that ignore least first; none where it does.
    pub fixes: Vec<Fix>,
    /// The differences between the answers, the headers and the pictures.
    pub contrast: Contrast,
}

/// The content of an [`ExchangeRef`].
struct DiffSide {
    request: Scrubbed,
    response: Response,
    linked: Vec<(String, Bytes)>,
    /// The recording's id and strategy; `None` for a call.
    recorded: Option<(RecordingId, Strategy)>,
}

impl Engine {
    /// The differences between two exchanges; of bodies with `context` equal lines around each difference.
    ///
    /// # Errors
    /// When one is not there, is forgotten or has no answer yet, or the store cannot be read.
    pub async fn diff(
        &self,
        one: &ExchangeRef,
        other: &ExchangeRef,
        context: usize,
    ) -> Result<Diff, VerbError> {
        let (before, after) = (self.held(one).await?, self.held(other).await?);
        let (one, other) = (one.clone(), other.clone());
        self.aside(move |engine| {
            let fields = |held: &DiffSide| match held.recorded {
                Some(_) => engine.fields(&engine.scrub(held.request.get())),
                None => engine.fields(&held.request),
            };
            let (was, is) = (fields(&before), fields(&after));
            let asked = before.recorded.as_ref().map(|recorded| (recorded, &was, &is));
            let asked = asked.or_else(|| after.recorded.as_ref().map(|recorded| (recorded, &is, &was)));
            let strategy = asked
                .map_or_else(|| engine.strategy_of(&before.request), |((_, strategy), ..)| strategy.clone());
            let comparison = compare(&strategy, &was, &is);
            let matches = asked.map_or_else(
                || comparison.is_match(),
                |(_, recorded, incoming)| compare(&strategy, recorded, incoming).is_match(),
            );
            let fixes = match asked {
                Some(((id, _), recorded, incoming)) if !matches => {
                    let call = [&one, &other].into_iter().find_map(|thing| match thing {
                        ExchangeRef::Call(call) => Some(*call),
                        _ => None,
                    });
                    engine.fixed((id, &strategy), recorded, incoming, call)
                }
                _ => Vec::new(),
            };
            let Comparison { changes } = comparison;
            let contrast = contrast(&before.side(), &after.side(), context);
            Ok(Diff { one, other, strategy, matches, changes, fixes, contrast })
        })
        .await
    }

    /// Fixes that would let a recording answer a request, or record the call that made it; of two recordings neither
    /// needs that.
    fn fixed(
        &self,
        (id, strategy): (&RecordingId, &Strategy),
        recorded: &Fields,
        incoming: &Fields,
        call: Option<CallId>,
    ) -> Vec<Fix> {
        let Some(row) = self.row(id) else { return Vec::new() };
        let (lineup, past) = (self.lineup(&row.method, &row.endpoint), self.past(&row.method, &row.endpoint));
        let call = call.and_then(|call| self.call(call));
        let record = call.map(|call| {
            let wanted = self.settings().strategy_of(None, None, &row.endpoint, incoming.model());
            let strategy = fitting(wanted, incoming);
            let outline = self.shared.sketches.shared(incoming);
            let radius = lineup.recorded_radius(&outline, &strategy, &past);
            self.recorded_by(keepable(&call), &strategy).with(radius)
        });
        let remedies = remedies(strategy, recorded, incoming).into_iter();
        remedies.filter_map(|remedy| Fix::of(remedy, id, (&lineup, &past), record.as_ref())).collect()
    }

    async fn held(&self, thing: &ExchangeRef) -> Result<DiffSide, VerbError> {
        match thing {
            ExchangeRef::Recording(id) => {
                let recording = self.recording(id)?.ok_or_else(|| VerbError::Unknown(id.clone()))?;
                Ok(DiffSide {
                    request: recording.request.clone(),
                    response: recording.response.clone(),
                    linked: self.files(&recording.media).await?,
                    recorded: Some((id.clone(), recording.strategy.clone())),
                })
            }
            ExchangeRef::Original(id) => {
                let recording = self.recording(id)?.ok_or_else(|| VerbError::Unknown(id.clone()))?;
                let original = recording.original.as_ref().ok_or_else(|| VerbError::NotEdited(id.clone()))?;
                Ok(DiffSide {
                    request: recording.request.clone(),
                    response: original.response.clone(),
                    linked: self.files(&original.media).await?,
                    recorded: Some((id.clone(), recording.strategy.clone())),
                })
            }
            ExchangeRef::Call(id) => {
                let call = self.call(*id).ok_or(VerbError::UnknownCall(id.0))?;
                if let Some(exchange) = self.exchange(*id) {
                    let response = exchange.response.clone().ok_or(VerbError::InFlight(id.0))?;
                    let request = exchange.request.clone();
                    return Ok(DiffSide { request, response, linked: Vec::new(), recorded: None });
                }
                // What a recording answered, or became one: that is what the call held.
                let recording = call.recording.clone().filter(|recording| self.row(recording).is_some());
                let recording = recording.ok_or(VerbError::Forgotten(id.0))?;
                Box::pin(self.held(&ExchangeRef::Recording(recording))).await
            }
        }
    }

    /// The pictures behind links, by their fields.
    async fn files(&self, media: &[MediaRef]) -> Result<Vec<(String, Bytes)>, StoreError> {
        let kept = media.iter().filter_map(|one| Some((one.field.clone(), one.body?)));
        let kept: Vec<_> = kept.collect();
        let store = self.shared.store.clone();
        aside(move || kept.into_iter().map(|(field, hash)| Ok((field, store.body(&hash)?))).collect()).await
    }
}

impl DiffSide {
    fn side(&self) -> Side<'_> {
        Side { request: self.request.get(), response: &self.response, linked: self.linked.clone() }
    }
}

// === impl Thing ===

impl fmt::Display for ExchangeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording(id) => write!(f, "{id}"),
            Self::Original(id) => write!(f, "{id}@original"),
            Self::Call(id) => write!(f, "call_{}", id.0),
        }
    }
}

impl FromStr for ExchangeRef {
    type Err = ParseExchangeRefError;

    fn from_str(text: &str) -> Result<Self, ParseExchangeRefError> {
        let wrong = || ParseExchangeRefError(text.to_owned());
        if let Some(number) = text.strip_prefix("call_") {
            return number.parse().map(|number| Self::Call(CallId(number))).map_err(|_| wrong());
        }
        match text.strip_suffix("@original") {
            Some(id) => id.parse().map(Self::Original).map_err(|_| wrong()),
            None => text.parse().map(Self::Recording).map_err(|_| wrong()),
        }
    }
}

impl TryFrom<String> for ExchangeRef {
    type Error = ParseExchangeRefError;

    fn try_from(text: String) -> Result<Self, ParseExchangeRefError> {
        text.parse()
    }
}

impl From<ExchangeRef> for String {
    fn from(thing: ExchangeRef) -> Self {
        thing.to_string()
    }
}
