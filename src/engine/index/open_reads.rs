//! Reads and failed calls that this process recorded itself and may be asked for again.
//!
//! A read that is repeated (a job's state, a list, a file that is being prepared) is asked for anew while its answer is
//! not known to be final; what is new becomes a further take, and offline the takes play in the order in which they came.
//! Tables know some APIs' final states; of the others the words do that they all use.

use std::collections::HashSet;

use parking_lot::{Mutex, MutexGuard};

use crate::dialect::endpoint_of;
use crate::engine::failures::is_retried;
use crate::engine::index::recent::Recent;
use crate::model::{CallScope, Fingerprint, Hash, RecordingId, Request, Response};

/// The most requests that are remembered: each takes some 400 bytes. A read that is forgotten counts as the last word.
pub(crate) const READS: usize = 16_384;

/// The newest take of each request that this process recorded and that may be asked for again, by scope.
pub(crate) struct OpenReads(Mutex<Recent<(Fingerprint, CallScope), Newest>>);

struct Newest {
    recording: RecordingId,
    /// A hash of status and body.
    answer: Hash,
    /// The take that it came behind.
    continues: Option<RecordingId>,
    state: ReadState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadState {
    /// A read that may be answered otherwise the next time.
    Open,
    /// A failure after which clients try again.
    Failed,
    /// The last word.
    Final,
}

/// The place of a new answer among the takes before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadArrival {
    /// An answer that stands alone, or for something else.
    First,
    /// An answer behind this take, which was no last word.
    Next(RecordingId),
    /// A repetition of what that recording says already.
    Same(RecordingId),
}

impl Default for OpenReads {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(READS)))
    }
}

impl OpenReads {
    /// Takes note of a new answer, which becomes the recording `id`. `passing` says whether it is a failure that may pass,
    /// `again` whether an answer to a repeated read is recorded that says nothing new. Noted twice, it counts once.
    pub(crate) fn note(
        &self,
        id: &RecordingId,
        (all, scope): (Fingerprint, &CallScope),
        (request, response): (&Request, &Response),
        (passing, again): (bool, bool),
    ) -> ReadArrival {
        let (reads, answer) = (is_read(request), answer_hash(response));
        let state = state(request, response, reads, passing);
        let mut newest = self.lock();
        let place = (all, scope.clone());
        let known = newest.get(&place);
        let before = known.filter(|before| before.recording != *id);
        let repeated = |before: &&Newest| reads && before.state == ReadState::Open && before.answer == answer;
        if let Some(same) = before.filter(|_| !again).filter(repeated) {
            return ReadArrival::Same(same.recording.clone());
        }
        let noted = known.filter(|known| known.recording == *id).and_then(|known| known.continues.clone());
        let open =
            before.filter(|before| before.state != ReadState::Final).map(|before| before.recording.clone());
        let continues = noted.or(open);
        // What is not asked for again need not be remembered, unless something open was.
        if known.is_some() || state != ReadState::Final {
            let one = Newest { recording: id.clone(), answer, continues: continues.clone(), state };
            newest.put(place, one);
        }
        continues.map_or(ReadArrival::First, ReadArrival::Next)
    }

    /// Forgets recordings that were removed: what they said is said anew.
    pub(crate) fn forget(&self, ids: &[RecordingId]) {
        let ids: HashSet<_> = ids.iter().collect();
        self.lock().retain(|_, newest| !ids.contains(&newest.recording));
    }

    /// True if nothing is remembered: then no request has to be compared.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().len() == 0
    }

    /// True if a call must be asked for anew although a recording answers it: this process recorded a take that it sees, and
    /// that is no last word.
    pub(crate) fn is_open(&self, all: &Fingerprint, scope: &CallScope) -> bool {
        let newest = self.lock();
        let open = |newest: &Newest| newest.state == ReadState::Open;
        if scope.is_none() {
            let all_scopes = newest.range((*all, None)..).take_while(|((known, _), _)| known == all);
            return all_scopes.map(|(_, newest)| newest).any(open);
        }
        let of = |scope: CallScope| newest.get(&(*all, scope));
        of(scope.clone()).or_else(|| of(None)).is_some_and(open)
    }

    /// The number of requests that are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Recent<(Fingerprint, CallScope), Newest>> {
        self.0.lock()
    }
}

/// True if a request asks for something and changes nothing: its answer may be another one the next time.
fn is_read(request: &Request) -> bool {
    request.method == "GET" || endpoint_of(request).1.rules.poll.is_some()
}

fn state(request: &Request, response: &Response, reads: bool, passing: bool) -> ReadState {
    let (dialect, endpoint) = endpoint_of(request);
    match (reads, passing) {
        (true, false) if response.status >= 400 || dialect.is_final(&endpoint, response) => ReadState::Final,
        (true, _) => ReadState::Open,
        (false, true) if is_retried(response.status) => ReadState::Failed,
        (false, _) => ReadState::Final,
    }
}

/// Status and body as one hash.
fn answer_hash(response: &Response) -> Hash {
    Hash::of(&[&response.status.to_be_bytes()[..], &response.log.bytes].concat())
}
