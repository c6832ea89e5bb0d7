//! An upstream's body on its way to the client, with the timestamped byte log kept beside it.
//!
//! While the client reads, it sets the pace: nothing is buffered ahead of it. When it leaves early and the answer is
//! to be stored, the rest is drained in the background, because clients hang up right after the last event that
//! interests them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio_util::task::TaskTracker;

use crate::dialect::{BodyEnd, EndWatch};
use crate::engine::budget::Hold;
use crate::engine::clock::micros;
use crate::model::{ByteLog, Piece, Provenance, Timestamp};
use crate::upstream::{Arriving, UpstreamError};

/// The longest wait for the rest after the client left.
pub(crate) const DRAIN: Duration = Duration::from_secs(60);

/// The longest answer that is recorded, in bytes: longer ones are forwarded only.
pub(crate) const MAX_BODY: u64 = 256 << 20;

/// The bytes of a body that are kept without being counted: counting costs more than they are worth.
const UNCOUNTED: usize = 64 << 10;

/// A body that has ended, and how.
pub(crate) struct ArrivedBody {
    pub(crate) log: ByteLog,
    pub(crate) end: BodyEnd,
    /// Length of the body, also where the log was not kept.
    pub(crate) len: u64,
    /// The reason why the log was not kept; `None` where it was.
    pub(crate) unkept: Option<&'static str>,
    /// The memory that the log takes.
    pub(crate) memory: Option<Hold>,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) total: Duration,
}

impl ArrivedBody {
    /// The provenance of a recording of it.
    pub(crate) fn provenance(&self, recorded_at: Timestamp, upstream: &str) -> Provenance {
        let first = self.first_byte.unwrap_or(self.total);
        Provenance::new(recorded_at, upstream, micros(first), micros(self.total))
    }
}

/// Run once, when the body ended one way or another. What it gives back is waited for before the client gets the last
/// bytes: by then everybody can see what was recorded.
type Finish = Box<dyn FnOnce(ArrivedBody) -> Option<Before> + Send>;

/// Work to be waited for before bytes are handed over.
pub(crate) type Before = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Watches for the end that a stream announces itself: clients go on when they have it, and do not wait for the
/// connection's.
pub(crate) struct StreamWatch {
    pub(crate) end: EndWatch,
    /// Run when the end is there, with what arrived so far.
    pub(crate) ended: Box<dyn FnMut(ArrivedBody) -> Option<Before> + Send>,
}

/// A body that is passed on and kept.
pub struct Tee {
    /// The body's state; `None` once it is drained in the background.
    state: Option<Box<TeeState>>,
    /// True if a client that leaves early leaves the rest to be drained, and which tasks shutdown waits for.
    drain: Option<TaskTracker>,
}

struct TeeState {
    body: Arriving,
    keep: u64,
    /// The length that the upstream declared. The server stops asking when it has sent that much, so the end must be
    /// seen by counting.
    declared: Option<u64>,
    started: Instant,
    kept: BytesMut,
    /// The memory that this takes.
    memory: Option<Hold>,
    unkept: Option<&'static str>,
    pieces: Vec<Piece>,
    len: u64,
    first_byte: Option<Duration>,
    watch: Option<StreamWatch>,
    /// Bytes that wait, or the end, and for what.
    held: Option<(Before, Option<Result<Bytes, UpstreamError>>)>,
    finish: Option<Finish>,
}

impl Tee {
    /// A body of which up to `keep` bytes are kept; of a longer one the log is dropped.
    pub(crate) fn new(
        body: Arriving,
        started: Instant,
        keep: u64,
        drain: Option<TaskTracker>,
        finish: Finish,
    ) -> Self {
        let mut state = TeeState {
            keep,
            declared: body.declared_len(),
            body,
            started,
            kept: BytesMut::new(),
            memory: None,
            unkept: None,
            pieces: Vec::new(),
            len: 0,
            first_byte: None,
            watch: None,
            held: None,
            finish: Some(finish),
        };
        // The server never asks for a body without bytes: its head is all that the client waits for.
        if state.declared == Some(0) {
            _ = state.end(BodyEnd::Clean);
        }
        Self { state: Some(Box::new(state)), drain }
    }

    /// Watches the body for the end that it announces itself.
    pub(crate) fn watched(mut self, watch: Option<StreamWatch>) -> Self {
        if let Some(state) = &mut self.state {
            state.watch = watch;
        }
        self
    }

    /// Keeps what is kept of the body in this share of the memory, or not at all.
    pub(crate) fn within(mut self, memory: Hold) -> Self {
        if let Some(state) = &mut self.state {
            state.memory = Some(memory);
        }
        self
    }

    pub(crate) fn declared_len(&self) -> Option<u64> {
        self.state.as_ref().and_then(|state| state.declared)
    }

    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        self.state.as_mut().map_or(Poll::Ready(None), |state| state.poll_piece(cx))
    }

    /// Reads all of the body: for answers that must be complete before they are passed on.
    pub(crate) async fn read_to_end(mut self) {
        if let Some(state) = &mut self.state {
            state.read_to_end().await;
        }
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take().filter(|state| state.finish.is_some()) else { return };
        match (&self.drain, tokio::runtime::Handle::try_current()) {
            (Some(tasks), Ok(runtime)) => {
                tasks.spawn_on(
                    async move {
                        // What has not arrived by then is not waited for.
                        tokio::time::timeout(DRAIN, state.read_to_end()).await.ok();
                        _ = state.end(BodyEnd::Abandoned);
                    },
                    &runtime,
                );
            }
            _ => _ = state.end(BodyEnd::Abandoned),
        }
    }
}

// === impl TeeState ===

impl TeeState {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        if self.held.is_none() {
            let piece = ready!(self.body.poll_piece(cx));
            let before = match &piece {
                None => self.end(BodyEnd::Clean),
                Some(Err(_)) => self.end(BodyEnd::Cut),
                Some(Ok(piece)) => self.keep(piece),
            };
            let Some(before) = before else { return Poll::Ready(piece) };
            self.held = Some((before, piece));
        }
        if let Some((before, _)) = &mut self.held {
            ready!(before.as_mut().poll(cx));
        }
        Poll::Ready(self.held.take().and_then(|(_, piece)| piece))
    }

    async fn read_to_end(&mut self) {
        while let Some(Ok(_)) = std::future::poll_fn(|cx| self.poll_piece(cx)).await {}
    }

    fn keep(&mut self, piece: &Bytes) -> Option<Before> {
        let at = self.started.elapsed();
        self.first_byte.get_or_insert(at);
        self.len += piece.len() as u64;
        self.unkept = self.unkept.or_else(|| self.has_no_room());
        if self.unkept.is_none() {
            self.kept.extend_from_slice(piece);
            self.pieces.push(Piece::new(piece.len(), at));
        } else if !self.kept.is_empty() {
            self.kept = BytesMut::new();
            self.pieces = Vec::new();
            (self.watch, self.memory) = (None, None);
        }
        if self.declared == Some(self.len) {
            return self.end(BodyEnd::Clean);
        }
        if self.finish.is_none() || !self.watch.as_mut()?.end.ends(&self.kept) {
            return None;
        }
        let log = ByteLog { bytes: self.kept.clone().freeze(), pieces: self.pieces.clone() };
        let arrived = self.arrived(log, BodyEnd::Clean, None);
        (self.watch.as_mut()?.ended)(arrived)
    }

    /// The reason why a body of this length is not kept; `None` where it is.
    fn has_no_room(&mut self) -> Option<&'static str> {
        if self.len > self.keep {
            return Some("more than 256 MiB");
        }
        let taken = usize::try_from(self.len).unwrap_or(usize::MAX);
        let fits = taken <= UNCOUNTED || self.memory.as_mut().is_none_or(|memory| memory.cover(taken));
        (!fits).then_some("more than there is memory for")
    }

    fn end(&mut self, end: BodyEnd) -> Option<Before> {
        let finish = self.finish.take()?;
        let log = ByteLog {
            bytes: std::mem::take(&mut self.kept).freeze(),
            pieces: std::mem::take(&mut self.pieces),
        };
        let memory = self.memory.take();
        finish(self.arrived(log, end, memory))
    }

    fn arrived(&self, log: ByteLog, end: BodyEnd, memory: Option<Hold>) -> ArrivedBody {
        let (len, unkept, first_byte) = (self.len, self.unkept, self.first_byte);
        ArrivedBody { log, end, len, unkept, memory, first_byte, total: self.started.elapsed() }
    }
}
