//! How takes of a request play, and what this process knows of jobs and reads that go on.

use crate::dialect::endpoint_of;
use crate::engine::index::cursors::Scope;
use crate::engine::index::jobs;
use crate::engine::index::jobs::polled;
use crate::engine::index::recording_index::Lens;
use crate::engine::state::Engine;
use crate::model::{Fingerprint, Playback, Recording, Request};
use crate::store::LookUpKeys;

impl Engine {
    /// How the takes of a new recording play.
    pub(crate) fn playback(&self, request: &Request) -> Playback {
        match polled(request) {
            Some(_) => Playback::Sequence,
            None => self.settings().playback,
        }
    }

    /// Whether a recording that answers a call is not the last word on it: this process recorded a read that may be answered
    /// otherwise by now, or saw the job submitted whose state is asked for and is not final yet.
    pub(crate) fn is_ahead(&self, request: &Request, all: &Fingerprint, scope: &Scope) -> bool {
        let under_way = self.shared.takes.jobs.lock();
        let job = || polled(request).is_some_and(|job| under_way.contains(&job));
        (!under_way.is_empty() && job()) || self.shared.takes.open_reads.is_open(all, scope)
    }

    /// Takes note of what a new recording says of a job.
    pub(crate) fn note_job(&self, recording: &Recording) {
        let (_, endpoint) = endpoint_of(&recording.request);
        let Some(job) = endpoint.rules.submit.or(endpoint.rules.poll) else { return };
        let answer = jobs::read(&recording.response);
        if endpoint.rules.submit.is_some() {
            if let Some(id) = job.id(&answer).filter(|_| job.is_under_way(&answer)) {
                self.shared.takes.jobs.lock().insert(id.into());
            }
            return;
        }
        let Some(id) = polled(&recording.request) else { return };
        if job.is_final(&answer) {
            self.shared.takes.jobs.lock().remove(&id);
        }
    }

    /// Takes that play in order and were seen while they were recorded count as played.
    pub(crate) fn note_played(&self, recording: &Recording, keys: &LookUpKeys) {
        let scope: Scope = recording.scope.as_deref().map(Into::into);
        let settings = self.settings();
        let lens = Lens { policy: &settings.failures, asks: true };
        let takes = self.shared.index.takes(&keys.all, &scope, lens);
        if takes > 0 {
            let job = polled(&recording.request);
            self.tell_given_up(self.shared.takes.cursors.place(&scope, (keys.all, true), takes, job));
        }
    }
}
