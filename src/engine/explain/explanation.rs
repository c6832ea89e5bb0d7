//! Explanations: the recording that serves a request and why, the nearest ones, and what would make them match.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::call::answer::overrides::Overrides;
use crate::engine::call::look_up::LookUp;
use crate::engine::clock;
use crate::engine::explain::advice::{Advice, Fix, FixKind, RECORDING};
use crate::engine::index::found_recording::FoundRecording;
use crate::engine::recording::stamp::fitting;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::matching::{
    Change, Comparison, Decision, Fields, Lineup, NearMiss, Past, Remedy, check_strategy, compare, decide,
    nearest, remedies, summary,
};
use crate::model::{Call, CallId, Mode, Outcome, RecordingId, Request, Scrubbed, Strategy};

/// The number of recordings that are compared field by field: those that come nearest by their outlines.
const COMPARED: usize = 16;
/// The number of near misses that are named.
const NAMED: usize = 3;

/// The answer that a request would get, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The endpoint, `chat/completions`.
    pub endpoint: String,
    /// The model, where the request names one.
    pub model: Option<String>,
    /// The scope the call is made in.
    pub scope: Option<String>,
    /// The mode that decides.
    pub mode: Mode,
    /// The outcome of the call: `replay`, `record`, `live`, `mock`, `miss` or `refused`.
    pub decision: String,
    /// The reason why the body is compared as opaque bytes; `None` where it is not.
    pub opaque: Option<String>,
    /// The recording that answers.
    pub hit: Option<ExplainedHit>,
    /// The reason why a recording that would answer is passed over, in one sentence; `None` where none is.
    #[serde(default)]
    pub passed_over: Option<String>,
    /// Without a hit: the recordings that come nearest, the nearest first.
    pub near: Vec<Near>,
    /// Without a hit: the effect of recording the call.
    pub record: Option<Fix>,
}

/// The recording that answers a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedHit {
    /// The recording.
    pub recording: RecordingId,
    /// The strategy that matched.
    pub strategy: Strategy,
    /// The reason for this one, in one sentence.
    pub because: String,
    /// Differences that do not count: with any of them the call is a `HIT~`.
    pub changes: Vec<Change>,
    /// The recording that would answer if this one were not there.
    pub next: Option<RecordingId>,
}

/// A recording that nearly answers a request. A call that missed is told of it with [`Advice`], which costs the same
/// however many calls there were; who asks is told what each fix would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Near<F = Fix> {
    /// The recording.
    pub recording: RecordingId,
    /// The recording's strategy.
    pub strategy: Strategy,
    /// The likeness of both requests: 100 is a match, 0 has nothing in common.
    pub likeness: u8,
    /// True if another one is equally near.
    pub tie: bool,
    /// All that differs, what counts and what does not.
    pub changes: Vec<Change>,
    /// Changes that would make it answer, those that ignore least first.
    pub fixes: Vec<F>,
}

impl Engine {
    /// The answer that a request would get, and why; nothing is sent and nothing is counted.
    ///
    /// # Errors
    /// When the request's own strategy names a field that it cannot have: the call would be refused.
    pub async fn explain(&self, request: &Request, overrides: &Overrides) -> Result<Explanation, VerbError> {
        self.explained(request, overrides, None).await
    }

    /// Explains a request; `call` is one of the history whose answer can be kept.
    async fn explained(
        &self,
        request: &Request,
        overrides: &Overrides,
        call: Option<CallId>,
    ) -> Result<Explanation, VerbError> {
        let kept = call;
        let scrubbed = self.scrub(request);
        let fields = self.fields(&scrubbed);
        overrides
            .strategy
            .as_ref()
            .map_or(Ok(Vec::new()), |strategy| check_strategy(strategy, &fields))
            .map_err(VerbError::Match)?;
        let call = self.described(request, &scrubbed, overrides);
        let LookUp { serves: found, waits, .. } =
            self.looked_up(call.mode, &scrubbed, &fields, overrides).await;
        let passed_over = waits.map(|found| self.passed_over(&found));
        let never_forward = self.settings().never_forward;
        let decision = match decide(call.mode, found.is_some(), never_forward) {
            Decision::Replay => "replay",
            Decision::Forward { store: true } => "record",
            Decision::Forward { store: false } => "live",
            Decision::Mock => "mock",
            Decision::Miss => "miss",
            Decision::Forbidden => "refused",
        };
        let settings = self.settings();
        let profile = settings.profile(&request.headers, &request.target).map(|profile| &**profile);
        let (header, model) = (overrides.strategy.as_ref(), call.model.as_deref());
        let stamped = settings.strategy_of(header, profile, &call.endpoint, model);
        let stamped = fitting(stamped, &fields);
        let overrides = overrides.clone();
        let explained = self.aside(move |engine| {
            let hit = found.as_ref().map(|found| engine.why(found, &scrubbed, &fields, &overrides));
            // What is passed over says why by itself.
            let (near, record) = if hit.is_some() || passed_over.is_some() {
                (Vec::new(), None)
            } else {
                let (lineup, past) = engine.held_against(&scrubbed);
                let radius = lineup.recorded_radius(&engine.shared.sketches.shared(&fields), &stamped, &past);
                let record = |call| engine.recorded_by(call, &stamped).with(radius.clone());
                let here = record(kept);
                let fix = |remedy, id: &RecordingId| Fix::of(remedy, id, (&lineup, &past), Some(&here));
                (engine.near(&scrubbed, &fields, overrides.scope.as_deref(), fix), Some(record(None)))
            };
            Explanation {
                endpoint: call.endpoint.to_string(),
                model: call.model.map(|model| model.to_string()),
                scope: overrides.scope.as_deref().map(str::to_owned),
                mode: call.mode,
                decision: decision.into(),
                opaque: fields.opaque.map(str::to_owned),
                hit,
                passed_over,
                near,
                record,
            }
        });
        Ok(explained.await)
    }

    /// The reason why a recording that would answer does not, while its upstream can be asked.
    fn passed_over(&self, found: &FoundRecording) -> String {
        let row = self.row(&found.id);
        let failure = row.and_then(|row| Some(row.failure?.sentence(row.status)));
        let why = failure.filter(|_| found.steps_back).map_or_else(
            || "what it says may have changed since".to_owned(),
            |failure| format!("its upstream {failure}, which may pass"),
        );
        format!("{} is passed over: {why}; it answers where the upstream cannot be reached", found.id)
    }

    pub(crate) fn near<F>(
        &self,
        scrubbed: &Scrubbed,
        incoming: &Fields,
        scope: Option<&str>,
        fix: impl Fn(Remedy, &RecordingId) -> Option<F>,
    ) -> Vec<Near<F>> {
        let outline = self.shared.sketches.shared(incoming);
        // What the call can see first: the first of equally near ones is named.
        let endpoint = summary(scrubbed).endpoint;
        let short = self.shortlist((&scrubbed.method, &endpoint), &outline, scope, COMPARED);
        let read: Vec<_> = short
            .into_iter()
            .filter_map(|one| {
                let fields = self.fields_of(&one.id)?;
                Some((one.id, (*one.strategy).clone(), fields))
            })
            .collect();
        let near = nearest(
            incoming,
            read.iter().map(|(id, strategy, fields)| (id.clone(), strategy, fields)),
            NAMED,
        );
        let named = near.into_iter().filter_map(|miss| {
            let (_, strategy, recorded) = read.iter().find(|(id, ..)| *id == miss.id)?;
            let remedies = remedies(strategy, recorded, incoming).into_iter();
            let fixes = remedies.filter_map(|remedy| fix(remedy, &miss.id)).collect();
            let NearMiss { id, comparison: Comparison { changes }, likeness, tie } = miss;
            Some(Near { recording: id, strategy: strategy.clone(), likeness, tie, changes, fixes })
        });
        named.collect()
    }

    /// The recordings of a request's endpoint, and what its past calls asked for.
    fn held_against(&self, scrubbed: &Scrubbed) -> (Arc<Lineup>, Vec<Past>) {
        let endpoint = summary(scrubbed).endpoint;
        (self.lineup(&scrubbed.method, &endpoint), self.past(&scrubbed.method, &endpoint))
    }

    /// The advice to record a call of the history, or a request that is none.
    pub(crate) fn recorded_by(&self, call: Option<CallId>, strategy: &Strategy) -> Advice {
        let command = self.recording_command(call);
        Advice { kind: FixKind::Record, strategy: strategy.clone(), command }
    }

    /// The command that records a call of the history, or what else somebody has to do.
    pub(crate) fn recording_command(&self, call: Option<CallId>) -> String {
        match call {
            _ if self.settings().never_forward => {
                "retake serve --mode replay-or-record, without --never-forward".into()
            }
            Some(call) => format!("retake keep {}", call.0),
            None => RECORDING.into(),
        }
    }

    /// Explains a call of the history; `None` where its request is no longer remembered.
    pub async fn explain_call(&self, id: CallId) -> Option<Explanation> {
        let call = self.call(id)?;
        let request = self.request_of_call(&call)?;
        self.explained(request.get(), &Overrides::of_call(&call), keepable(&call)).await.ok()
    }

    /// The request of a call; `None` where it is no longer remembered.
    pub(crate) fn request_of_call(&self, call: &Call) -> Option<Scrubbed> {
        if let Some(exchange) = self.exchange(call.id) {
            return Some(exchange.request.clone());
        }
        if let Some(request) = self.shared.history.request_of_hit(call.id) {
            return Some(request);
        }
        // A hit in all fields asked for what the recording holds, and one that was recorded became it.
        let equal = match call.outcome {
            Some(Outcome::Replay) => !call.cosmetic,
            outcome => outcome == Some(Outcome::Record),
        };
        self.request_of(call.recording.as_ref().filter(|_| equal)?)
    }

    fn why(
        &self,
        found: &FoundRecording,
        scrubbed: &Scrubbed,
        incoming: &Fields,
        overrides: &Overrides,
    ) -> ExplainedHit {
        let row = self.row(&found.id);
        let recorded = self.fields_of(&found.id);
        let changes = recorded.as_ref().map(|recorded| compare(&found.strategy, recorded, incoming).changes);
        let because = if overrides.recording.is_some() {
            "the call's header asks for this recording, whatever it holds".to_owned()
        } else if row.as_ref().is_some_and(|row| row.hash == scrubbed.hash()) {
            "the request is the same, byte for byte".to_owned()
        } else if !found.cosmetic {
            "all fields are equal".to_owned()
        } else if overrides.strategy.is_some() {
            format!("all that `{}` looks at is equal, and the call's header asks for that", found.strategy)
        } else {
            format!("all that its strategy `{}` looks at is equal", found.strategy)
        };
        let lineup = self.lineup(&scrubbed.method, &summary(scrubbed).endpoint);
        let next = lineup.winner(&incoming.outline(), overrides.scope.as_deref(), Some(&found.id));
        ExplainedHit {
            recording: found.id.clone(),
            strategy: found.strategy.clone(),
            because,
            changes: changes.unwrap_or_default(),
            next: next.map(|next| next.row.id.clone()),
        }
    }

    /// A call as it would stand in the history.
    fn described(&self, request: &Request, scrubbed: &Scrubbed, overrides: &Overrides) -> Call {
        let summary = summary(scrubbed);
        let settings = self.settings();
        let profile = settings.profile(&request.headers, &request.target);
        let (endpoint, model) = (&summary.endpoint, summary.model.as_deref());
        let mode = settings.mode_of(overrides.mode, profile.map(|profile| &**profile), endpoint, model);
        Call {
            at: clock::now(),
            endpoint: summary.endpoint.into(),
            model: summary.model.map(Arc::from),
            mode: mode.unwrap_or_else(|| self.mode()),
            ..Call::default()
        }
    }
}

/// A call that `keep` makes a recording of what it asked for; what was made up is nothing to keep.
pub(crate) fn keepable(call: &Call) -> Option<CallId> {
    matches!(call.outcome, Some(Outcome::Miss | Outcome::Live)).then_some(call.id)
}
