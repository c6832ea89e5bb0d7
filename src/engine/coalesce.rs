//! Identical concurrent misses become one upstream call, on a task that no client can cancel.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::answer::{Answer, Asked, refusal};
use super::body::AnswerBody;
use super::flight::{Flight, FlightKey, Head, Seat};
use super::record::{Drafted, KEEP};
use super::tee::{DRAIN, Tee};
use super::{Engine, jobs};
use crate::dialect::{Dialect, Refusal};
use crate::model::{Mode, Outcome};
use crate::upstream::UpstreamError;

/// A longer body is an upload, which is never shared.
const UPLOAD: usize = 1 << 20;

/// Sees that a flight ends and leaves the list, whatever happens to the task that fills it.
struct Landing {
    engine: Engine,
    key: FlightKey,
    flight: Arc<Flight>,
}

impl Engine {
    /// What must be equal for another call to share this one's upstream call; none for a call that shares with nobody.
    pub(super) fn shared_key(&self, asked: &Asked) -> Option<FlightKey> {
        let (request, overrides) = (&asked.incoming.request, &asked.incoming.overrides);
        let upload = request.body.len() > UPLOAD || request.headers.media_type().starts_with("multipart/");
        if asked.mode != Mode::ReplayOrRecord
            || overrides.recording.is_some()
            || upload
            || jobs::submits(request)
        {
            return None;
        }
        let strategy = &self.stamped(asked);
        Some(FlightKey {
            mount: request.mount.clone(),
            all: asked.fields.all(),
            significant: asked.fields.fingerprint(strategy),
            scope: overrides.scope.clone(),
            base: (!overrides.original_media).then(|| Arc::clone(&asked.incoming.base)),
        })
    }

    /// Answers a call from a flight; the first call sets it going.
    pub(super) async fn fly(&self, mut asked: Asked, key: FlightKey, seat: Seat) -> Answer {
        let dialect = Dialect::of_mount(&asked.incoming.request.mount);
        let mut reader = match seat {
            Seat::First(flight, reader) => {
                asked.ticket.leads(&flight);
                let landing = Landing { engine: self.clone(), key, flight };
                self.shared.tasks.spawn(landing.fill(asked));
                reader
            }
            Seat::Next(reader) => reader.of(asked.ticket),
        };
        if let Some(Head { status, headers, .. }) = reader.head().await {
            return Answer { status, headers, body: AnswerBody::Shared(Box::new(reader)) };
        }
        let text = "the call that was to answer this one was stopped";
        refusal(dialect, Outcome::Error, &Refusal::new(502, "UPSTREAM_CUT", text)).0
    }
}

impl Landing {
    /// Sends the call and fills the flight with its answer.
    async fn fill(self, asked: Asked) {
        let sent = tokio::select! {
            sent = self.engine.send(asked, true) => sent,
            () = self.flight.abandoned(DRAIN) => return,
        };
        let drafted = match sent {
            Ok(sent) => self.engine.draft(sent),
            Err(answer) => return self.give(*answer),
        };
        if drafted.is_linked() {
            let (answer, rest) = drafted.linked().await;
            self.give(answer);
            rest.await;
        } else {
            self.pass_on(drafted).await;
        }
    }

    /// Gives an answer that is complete.
    fn give(&self, answer: Answer) {
        let Answer { status, headers, body: AnswerBody::Whole(bytes) } = answer else { return };
        let declared = Some(bytes.len() as u64);
        self.flight.begin(Head { status, headers, declared, recording: None });
        self.flight.push(bytes);
        self.flight.end(Ok(()));
    }

    /// Passes an answer on as it arrives, and records it.
    async fn pass_on(&self, drafted: Drafted) {
        let Drafted { draft, body, sent, headers, .. } = drafted;
        let (status, recording) = (draft.response.status, Some(draft.id.clone()));
        self.flight.begin(Head { status, headers, declared: body.declared_len(), recording });
        let (arrive, arrival) = oneshot::channel();
        let mut tee = Tee::new(body, sent, KEEP, None, Box::new(|arrived| _ = arrive.send(arrived)));
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
        if let Ok(arrived) = arrival.await {
            draft.store(arrived, Vec::new()).await;
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.engine.shared.flights.landed(&self.key, &self.flight);
        self.flight.end(Err("the call was stopped".to_owned()));
    }
}
