//! The guard of a call: announces it while it goes on, and surely once when it ends. It decides nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dialect::BodyEnd;
use crate::engine::call::answer::tee::ArrivedBody;
use crate::engine::clock;
use crate::engine::clock::micros;
use crate::engine::history::calls::History;
use crate::engine::history::compared_request::ComparedRequest;
use crate::engine::index::use_count::UseCounter;
use crate::matching::Summary;
use crate::model::{Call, CallId, Mode, Outcome, Request};

/// Belongs to one call; announces it as it progresses, and surely once when it is done.
pub(crate) struct CallGuard {
    history: Arc<History>,
    call: Call,
    started: Instant,
    /// The use that its end counts a hit in; `None` where it is no hit.
    used: Option<Arc<UseCounter>>,
    /// The request, for comparing it with others later.
    compared: Option<Arc<ComparedRequest>>,
    /// Told at the end what became of a call that others share.
    settles: Option<Settles>,
    settled: bool,
}

type Settles = Box<dyn FnOnce(&Call) + Send + Sync>;

impl CallGuard {
    /// A call that arrived `started`.
    pub(crate) fn new(
        history: &Arc<History>,
        request: &Request,
        summary: Summary,
        mode: Mode,
        started: Instant,
    ) -> Self {
        let call = Call {
            method: request.method.as_str().into(),
            mount: request.mount.as_str().into(),
            endpoint: summary.endpoint.into(),
            model: summary.model.map(Into::into),
            prompt: summary.prompt.map(Into::into),
            mode,
            streamed: summary.streamed,
            request_len: request.body.len() as u64,
            ..Call::default()
        };
        Self::like(history, &call, mode, started)
    }

    /// A call that arrived `started` and is like another but for its id and time.
    pub(crate) fn like(history: &Arc<History>, call: &Call, mode: Mode, started: Instant) -> Self {
        let call = Call { id: history.begin(), at: clock::now(), mode, ..call.clone() };
        Self {
            history: Arc::clone(history),
            call,
            started,
            used: None,
            compared: None,
            settles: None,
            settled: false,
        }
    }

    /// Makes its end a hit of the recording whose use is counted there.
    pub(crate) fn hits(&mut self, used: &Arc<UseCounter>) {
        self.used = Some(Arc::clone(used));
    }

    /// Keeps the request with the call in the history.
    pub(crate) fn compares(&mut self, request: &Arc<ComparedRequest>) {
        self.compared = Some(Arc::clone(request));
    }

    pub(crate) fn compared(&self) -> Option<&Arc<ComparedRequest>> {
        self.compared.as_ref()
    }

    /// Has `settles` told what becomes of it: the calls that share its answer end like it.
    pub(crate) fn leads(&mut self, settles: impl FnOnce(&Call) + Send + Sync + 'static) {
        self.settles = Some(Box::new(settles));
    }

    pub(crate) fn id(&self) -> CallId {
        self.call.id
    }

    /// The call as it stands.
    pub(crate) fn shown(&self) -> &Call {
        &self.call
    }

    pub(crate) fn call(&mut self) -> &mut Call {
        &mut self.call
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Announces the call as it stands.
    pub(crate) fn progress(&self) {
        self.history.put(self.call.clone(), None, || None);
    }

    /// Announces the end; a replay counts as a hit of its recording.
    pub(crate) fn done(mut self, outcome: Outcome) {
        self.call.outcome = Some(outcome);
        self.settle();
    }

    fn settle(&mut self) {
        self.settled = true;
        let mut call = std::mem::take(&mut self.call);
        call.done = true;
        call.total.get_or_insert(micros(self.started.elapsed()));
        if let Some(settles) = self.settles.take() {
            settles(&call);
        }
        let (used, at, scope) = (self.used.take(), call.at, call.scope.clone());
        let hit = || used.map(|used| used.hit(at, scope.as_ref()));
        self.history.put(call, self.compared.as_ref(), hit);
    }
}

impl Drop for CallGuard {
    /// A call whose work was dropped (the client left before an answer began, or answering it panicked) still ends.
    fn drop(&mut self) {
        if !self.settled {
            let reason = if std::thread::panicking() {
                self.call.outcome = Some(Outcome::Error);
                self.call.status.get_or_insert(500);
                "retake failed to answer this call; this is a bug"
            } else {
                "the client left before the answer began"
            };
            self.call.outcome.get_or_insert(Outcome::Error);
            self.call.reason.get_or_insert_with(|| reason.into());
            self.settle();
        }
    }
}

/// Notes on a call how its answer's body ended.
pub(crate) fn note_end(guard: &mut CallGuard, arrived: &ArrivedBody) {
    let call = guard.call();
    call.response_len = arrived.len;
    call.first_byte = arrived.first_byte.map(micros);
    call.total = Some(micros(arrived.total));
    match arrived.end {
        BodyEnd::Clean => {}
        BodyEnd::Cut => call.reason = Some("the upstream broke off in the middle of the answer".into()),
        BodyEnd::Abandoned => call.reason = Some("the client left before the answer was complete".into()),
    }
}
