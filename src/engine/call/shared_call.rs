//! Sharing one upstream call among identical concurrent misses, on a task that no client can cancel.

use std::pin::pin;
use std::sync::Arc;

use http_body_util::BodyExt as _;

use crate::dialect::{ErrorShape, Refusal};
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::answer::reply::refusal;
use crate::engine::call::answer::singleflight::{Head, Joined, SharedCall, SharedCallKey};
use crate::engine::call::answer::tee::DRAIN;
use crate::engine::call::call_context::CallContext;
use crate::engine::call::recording_draft::RecordingDraft;
use crate::engine::state::Engine;
use crate::matching::is_secret_header;
use crate::model::{Hash, Mode, Outcome, Request};
use crate::reading::jobs;
use crate::upstream::UpstreamError;
use crate::wire::content_coding::decoded_len;

/// A longer body is an upload, which is never shared.
const UPLOAD: usize = 1 << 20;

/// Headers that are no secrets and say on whose account a call is made.
const IDENTITIES: &[&str] =
    &["openai-organization", "openai-project", "x-goog-user-project", "anthropic-workspace-id"];

/// Ends a shared call and takes it off the list, whatever happens to the task that fills it.
struct Leader {
    engine: Engine,
    key: SharedCallKey,
    flight: Arc<SharedCall>,
}

impl Engine {
    /// The key that another call must equal to share this one's upstream call; `None` for a call that shares with
    /// nobody.
    pub(crate) fn shared_key(&self, context: &CallContext) -> Option<SharedCallKey> {
        let (request, overrides) = (&context.incoming.request, &context.incoming.overrides);
        let len = decoded_len(&request.headers, request.body.len());
        let upload = len > UPLOAD || request.headers.media_type().starts_with("multipart/");
        if context.mode != Mode::ReplayOrRecord
            || overrides.recording.is_some()
            || upload
            || jobs::submits(request)
        {
            return None;
        }
        let strategy = &self.stamped(context);
        Some(SharedCallKey {
            mount: request.mount.clone(),
            all: context.fields(self).all(),
            significant: context.fields(self).fingerprint(strategy),
            scope: overrides.scope.clone(),
            base: (!overrides.original_media).then(|| Arc::clone(&context.incoming.base)),
            sender: sender(request, &context.scrubbed),
        })
    }

    /// Answers a call from a shared one; the first call sets that going.
    pub(crate) async fn fly(&self, mut context: CallContext, key: SharedCallKey, seat: Joined) -> Answer {
        let request = &context.incoming.request;
        let shape = ErrorShape::of(&request.mount, &request.target);
        let mut reader = match seat {
            Joined::Leader(flight, reader) => {
                let settled = Arc::clone(&flight);
                context.guard.leads(move |call| settled.settle(call));
                let landing = Leader { engine: self.clone(), key, flight };
                self.shared.lifetime.tasks.spawn(landing.fill(context));
                reader
            }
            Joined::Follower(reader) => reader.of(context.guard),
        };
        if let Some(Head { status, headers, .. }) = reader.head().await {
            return Answer { status, headers, body: AnswerBody::Shared(Box::new(reader)) };
        }
        let text = "the call that was to answer this one was stopped";
        refusal(shape, Outcome::Error, &Refusal::new(502, "UPSTREAM_CUT", text)).0
    }
}

/// The sender of a call, as one hash: whoever sends other credentials is somebody else, and may get another answer.
fn sender(request: &Request, scrubbed: &Request) -> Hash {
    let mut who = Vec::new();
    let mut part = |bytes: &[u8]| {
        who.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        who.extend_from_slice(bytes);
    };
    let names_somebody = |name: &str| is_secret_header(name) || IDENTITIES.contains(&name);
    for (name, value) in request.headers.iter().filter(|(name, _)| names_somebody(name)) {
        part(name.as_bytes());
        part(value);
    }
    part(b"");
    // Where scrubbing took something out it may have been a credential.
    for (sent, stored) in
        [(request.target.as_bytes(), scrubbed.target.as_bytes()), (&request.body, &scrubbed.body)]
    {
        part(if sent == stored { b"" } else { sent });
    }
    Hash::of(&who)
}

impl Leader {
    /// Sends the call and fills the shared one with its answer.
    async fn fill(self, context: CallContext) {
        let sent = tokio::select! {
            sent = self.engine.send(context, true) => sent,
            () = self.flight.abandoned(DRAIN) => return,
        };
        let draft = match sent {
            Ok(sent) => self.engine.draft(sent),
            Err(answer) => return self.give(*answer).await,
        };
        if draft.is_linked() {
            let (answer, rest) = draft.linked().await;
            self.give(answer).await;
            rest.await;
        } else {
            self.pass_on(draft).await;
        }
    }

    /// Gives an answer that retake holds.
    async fn give(&self, answer: Answer) {
        let Answer { status, headers, mut body } = answer;
        let declared = http_body::Body::size_hint(&body).exact();
        self.flight.begin(Head { status, headers, declared, recording: None });
        let end = loop {
            match body.frame().await {
                Some(Ok(frame)) => frame.into_data().into_iter().for_each(|piece| self.flight.push(piece)),
                Some(Err(error)) => break Err(error.to_string()),
                None => break Ok(()),
            }
        };
        self.flight.end(end);
    }

    /// Passes an answer on as it arrives, and records it.
    async fn pass_on(&self, draft: RecordingDraft) {
        let pending = &draft.pending;
        let (status, recording) = (pending.response.status, Some(pending.id.clone()));
        let declared = draft.body.declared_len();
        let (headers, mut tee) = draft.tee(None);
        self.flight.begin(Head { status, headers, declared, recording });
        let mut abandoned = pin!(self.flight.abandoned(DRAIN));
        let end = loop {
            let piece = tokio::select! {
                piece = std::future::poll_fn(|cx| tee.poll_piece(cx)) => piece,
                () = &mut abandoned => break Err("every client left".to_owned()),
            };
            match piece {
                Some(Ok(piece)) => self.flight.push(piece),
                Some(Err(UpstreamError::Cut(reason))) => break Err(reason),
                Some(Err(error)) => break Err(error.to_string()),
                None => break Ok(()),
            }
            self.flight.room().await;
        };
        drop(tee);
        self.flight.end(end);
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.engine.shared.singleflight.landed(&self.key, &self.flight);
        self.flight.end(Err("the call was stopped".to_owned()));
    }
}
