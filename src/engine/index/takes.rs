//! Playback of takes: how those of a recording play, and which of them were seen while they were recorded.

use crate::dialect::endpoint_of;
use crate::engine::index::cursors::CURSORS;
use crate::engine::index::found_recording::FailureLens;
use crate::engine::state::Engine;
use crate::model::{CallScope, Fingerprint, Level, Playback, Recording, Request};
use crate::reading::jobs::{answer_json, polled};
use crate::store::LookUpKeys;

impl Engine {
    /// The playback of a new recording's takes.
    pub(crate) fn playback(&self, request: &Request) -> Playback {
        match polled(request) {
            Some(_) => Playback::Sequence,
            None => self.settings().playback,
        }
    }

    /// True if a recording that answers a call is not the last word on it: this process recorded a read that may be answered
    /// otherwise by now, or saw the job submitted whose state is asked for and is not final yet.
    pub(crate) fn is_ahead(
        &self,
        request: &Request,
        all: impl FnOnce() -> Fingerprint,
        scope: &CallScope,
    ) -> bool {
        let reads = &self.shared.takes.open_reads;
        let jobs = self.shared.takes.jobs.lock();
        let job = || polled(request).is_some_and(|job| jobs.get(&job).is_some());
        (jobs.len() > 0 && job()) || (!reads.is_empty() && reads.is_open(&all(), scope))
    }

    /// Takes note of what a new recording says of a job.
    pub(crate) fn note_job(&self, recording: &Recording) {
        let (_, endpoint) = endpoint_of(&recording.request);
        let Some(job) = endpoint.rules.submit.or(endpoint.rules.poll) else { return };
        let answer = answer_json(&recording.response);
        if endpoint.rules.submit.is_some() {
            if let Some(id) = job.id(&answer).filter(|_| job.is_under_way(&answer)) {
                self.shared.takes.jobs.lock().put(id.into(), ());
            }
            return;
        }
        let Some(id) = polled(&recording.request) else { return };
        if job.is_final(&answer) {
            self.shared.takes.jobs.lock().retain(|job, ()| *job != id);
        }
    }

    /// Takes that play in order and were seen while they were recorded count as played.
    pub(crate) fn note_played(&self, recording: &Recording, keys: &LookUpKeys) {
        let scope: CallScope = recording.scope.as_deref().map(Into::into);
        let settings = self.settings();
        let lens = FailureLens { policy: &settings.failures, asks: true };
        let takes = self.shared.index.takes(&keys.all, &scope, lens);
        if takes > 0 {
            let job = polled(&recording.request);
            self.tell_given_up(self.shared.takes.cursors.place(&scope, (keys.all, true), takes, job));
        }
    }

    /// Tells people, the first time, that a sequence was given up.
    pub(crate) fn tell_given_up(&self, given_up: bool) {
        if given_up {
            let text = format!(
                "more than {CURSORS} sequences play at once, in all scopes together: those that moved least recently \
                 start anew; POST /__retake/scopes/reset ends those of a scope that is done"
            );
            self.notify(Level::Warning, text);
        }
    }

    /// Starts all sequences of a scope anew, or of all scopes and of calls without one; gives how many had begun.
    #[must_use]
    pub fn reset_cursors(&self, scope: Option<&str>) -> usize {
        self.shared.takes.cursors.reset(scope)
    }
}
