//! Bodies of answers: whole, at a pace, or as they arrive from an upstream while being kept.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::engine::call::answer::singleflight::SharedReader;
use crate::engine::call::answer::tee::Tee;
use crate::model::{ByteLog, Ending, Latency};
use crate::upstream::UpstreamError;

/// The body of an answer.
pub enum AnswerBody {
    /// All of it, now.
    Whole(Bytes),
    /// Piece by piece at the recorded offsets.
    Paced(Paced),
    /// Bytes as they arrive from the upstream.
    Tee(Box<Tee>),
    /// Bytes as they arrive for several clients.
    Shared(Box<SharedReader>),
}

/// Pieces that are sent when they are due.
pub struct Paced {
    pieces: std::vec::IntoIter<(Duration, Bytes)>,
    waiting: Option<(Pin<Box<Sleep>>, Bytes)>,
    started: Instant,
    left: u64,
    /// The end behind the last piece.
    ending: Ending,
    /// Runs before a break.
    flushed: Option<Pin<Box<Sleep>>>,
    /// Run when the last piece was handed over or the client left; it is told whether all was.
    ended: Option<Box<dyn FnOnce(bool) + Send>>,
}

/// The time that the server gets to send what it was given.
const FLUSH: Duration = Duration::from_millis(20);
/// A longer piece is handed over in parts, so that a client that leaves in the middle is noticed.
const PART: usize = 64 << 10;

impl AnswerBody {
    /// A body that retake holds, sent at the pace that `latency` says; `ended` runs when it was sent.
    pub(crate) fn held(
        bytes: Bytes,
        log: &ByteLog,
        latency: Latency,
        ended: impl FnOnce(bool) + Send + 'static,
    ) -> Self {
        if latency == Latency::None {
            ended(true);
            return Self::Whole(bytes);
        }
        Self::paced(bytes, log, latency, ended)
    }

    /// A copy of the body with another end.
    pub(crate) fn ending(self, ending: Ending) -> Self {
        match self {
            Self::Paced(mut paced) => {
                paced.ending = ending;
                Self::Paced(paced)
            }
            other => other,
        }
    }

    /// Like [`Self::held`], but in pieces even without a latency: `ended` learns whether the client took all of it.
    pub(crate) fn paced(
        bytes: Bytes,
        log: &ByteLog,
        latency: Latency,
        ended: impl FnOnce(bool) + Send + 'static,
    ) -> Self {
        let pieces: Vec<_> = if bytes.len() == log.bytes.len() {
            let mut rest = bytes;
            let pieces = log.pieces.iter();
            pieces
                .map(|p| {
                    (due(latency, p.at), rest.split_to(usize::try_from(p.len).unwrap_or(0).min(rest.len())))
                })
                .collect()
        } else {
            // A rewritten body is sent in one piece when its original was complete.
            vec![(latency.due(log.ended()), bytes)]
        };
        let pieces: Vec<_> = pieces.into_iter().flat_map(parts).collect();
        let left = pieces.iter().map(|(_, piece)| piece.len() as u64).sum();
        let ended: Box<dyn FnOnce(bool) + Send> = Box::new(ended);
        Self::Paced(Paced {
            pieces: pieces.into_iter(),
            waiting: None,
            started: Instant::now(),
            left,
            ending: Ending::Clean,
            flushed: None,
            ended: Some(ended),
        })
    }
}

fn hint(declared: Option<u64>) -> SizeHint {
    declared.map_or_else(SizeHint::default, SizeHint::with_exact)
}

fn parts((due, mut piece): (Duration, Bytes)) -> impl Iterator<Item = (Duration, Bytes)> {
    std::iter::from_fn(move || {
        let part = piece.split_to(piece.len().min(PART));
        (!part.is_empty()).then_some((due, part))
    })
}

fn due(latency: Latency, micros: u64) -> Duration {
    latency.due(Duration::from_micros(micros))
}

impl Paced {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        if self.waiting.is_none() {
            let Some((due, piece)) = self.pieces.next() else {
                self.end();
                return match self.ending {
                    Ending::Clean => Poll::Ready(None),
                    Ending::Cut => self.broken(cx),
                    // Until the client gives up.
                    Ending::Stall => Poll::Pending,
                };
            };
            if self.started.elapsed() >= due {
                return Poll::Ready(Some(Ok(self.over(piece))));
            }
            let deadline = tokio::time::Instant::from_std(self.started + due);
            self.waiting = Some((Box::pin(tokio::time::sleep_until(deadline)), piece));
        }
        let Some((sleep, _)) = &mut self.waiting else { return Poll::Ready(None) };
        ready!(sleep.as_mut().poll(cx));
        let piece = self.waiting.take().map(|(_, piece)| piece);
        Poll::Ready(piece.map(|piece| Ok(self.over(piece))))
    }

    /// The connection breaks, but not before what was sent is on its way: the server throws away what it still holds.
    fn broken(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        let flushed = self.flushed.get_or_insert_with(|| Box::pin(tokio::time::sleep(FLUSH)));
        ready!(flushed.as_mut().poll(cx));
        Poll::Ready(Some(Err(UpstreamError::Cut("as its recording does".into()))))
    }

    fn over(&mut self, piece: Bytes) -> Bytes {
        self.left -= piece.len() as u64;
        if self.left == 0 {
            // A client may stop reading after the last byte and never ask for the end.
            self.end();
        }
        piece
    }

    fn end(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended(self.left == 0);
        }
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.end();
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let piece = match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Self::Paced(paced) => ready!(paced.poll(cx)),
            Self::Tee(tee) => ready!(tee.poll_piece(cx)),
            Self::Shared(reader) => ready!(reader.poll_piece(cx)),
        };
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Paced(paced) if paced.ending == Ending::Clean => SizeHint::with_exact(paced.left),
            // A client that was told the length would take the rest for all.
            Self::Paced(_) => SizeHint::default(),
            Self::Tee(tee) => hint(tee.declared_len()),
            Self::Shared(reader) => hint(reader.declared_len()),
        }
    }
}
