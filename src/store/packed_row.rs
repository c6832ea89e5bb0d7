//! Rows as they are kept where there are very many of them: in few bytes, of which a look-up reads only what it needs.

use bytes::Bytes;
use serde::Deserialize;

use super::change::{Indexed, LookUpKeys};
use crate::model::{
    AnswerFailure, Completeness, Ending, Fingerprint, Hash, Playback, Source, Timestamp, Tokens, Usage,
};

/// A row and what finds its recording, in bytes: an [`Indexed`] in postcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedRow(Bytes);

/// The part of a row that look-ups ask for, its texts where they stand.
#[derive(Debug)]
pub struct RowView<'a> {
    /// The recording's id.
    pub id: &'a str,
    /// The recording's hash.
    pub hash: Hash,
    /// The request's method, and its endpoint.
    pub asked: (&'a str, &'a str),
    /// The text form of its strategy.
    pub strategy: &'a str,
    /// The recording's scope.
    pub scope: Option<&'a str>,
    /// The take that answers.
    pub playback: Playback,
    /// True where a replay may use it, see [`crate::model::Row::answers`].
    pub answers: bool,
    /// The response's status.
    pub status: u16,
    /// Length of all its bodies, in bytes.
    pub size: u64,
    /// The time of the call.
    pub recorded_at: Timestamp,
    /// The failure of the upstream.
    pub failure: Option<AnswerFailure>,
    /// True where it plays behind another take.
    pub continues: bool,
    /// The recording's use.
    pub usage: Usage,
    /// True where the row says what the answer is.
    pub answered: bool,
    /// The keys that find it.
    pub keys: LookUpKeys,
}

/// The fields of a row in their order, from its method to its strategy, and from its name to its size.
type RowFront<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>, &'a str);
type RowMiddle<'a> =
    (Option<&'a str>, Vec<&'a str>, bool, Option<&'a str>, Playback, Completeness, u16, bool, u32, u64);
/// From its tokens to its use.
type RowBack<'a> = (
    Option<Tokens>,
    Ending,
    Option<Source>,
    Option<&'a str>,
    bool,
    Option<&'a str>,
    Option<AnswerFailure>,
    Option<&'a str>,
    Usage,
);

/// The bytes of a packed row that are not read yet.
struct UnreadBytes<'a>(&'a [u8]);

impl<'a> UnreadBytes<'a> {
    fn take<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(value)
    }

    /// A hash, which costs as much as all else where it is read byte by byte.
    fn hash(&mut self) -> Option<[u8; 32]> {
        let (hash, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*hash)
    }
}

impl PackedRow {
    /// Packs a row.
    #[must_use]
    pub fn of(indexed: &Indexed) -> Self {
        // Nothing in a row has a length that is not known, which is all that postcard refuses.
        Self(postcard::to_stdvec(indexed).unwrap_or_default().into())
    }

    /// A packed row as it was kept.
    pub(super) fn of_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The row; none where its bytes are not what was packed.
    #[must_use]
    pub fn unpack(&self) -> Option<Indexed> {
        postcard::from_bytes(&self.0).ok()
    }

    /// The recording's id; empty where the bytes are none of a row.
    #[must_use]
    pub fn id(&self) -> &str {
        UnreadBytes(&self.0).take().unwrap_or_default()
    }

    /// The part of it that look-ups ask for.
    #[must_use]
    pub fn view(&self) -> Option<RowView<'_>> {
        let mut unread = UnreadBytes(&self.0);
        let id = unread.take()?;
        let hash = Hash(unread.hash()?);
        let (method, _, endpoint, _, _, strategy): RowFront<'_> = unread.take()?;
        let (.., scope, playback, completeness, status, _, _, size): RowMiddle<'_> = unread.take()?;
        let (recorded_at, _, _): (Timestamp, Timestamp, u64) = unread.take()?;
        let answered = unread.take()?;
        if answered {
            unread.hash()?;
        }
        let (_, _, _, review, _, _, failure, continues, usage): RowBack<'_> = unread.take()?;
        let canonical = unread.take()?;
        let (all, significant) = (Fingerprint(unread.hash()?), Fingerprint(unread.hash()?));
        let (answer, earlier) = unread.take()?;
        Some(RowView {
            id,
            hash,
            asked: (method, endpoint),
            strategy,
            scope,
            playback,
            answers: completeness.replayable() && review.is_none(),
            status,
            size,
            recorded_at,
            failure,
            continues: continues.is_some(),
            usage,
            answered,
            keys: LookUpKeys { canonical, all, significant, answer, earlier },
        })
    }
}
