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

/// What look-ups ask of a row, its texts where they stand.
#[derive(Debug)]
pub struct RowView<'a> {
    /// The recording's id.
    pub id: &'a str,
    /// Its hash.
    pub hash: Hash,
    /// The request's method, and its endpoint.
    pub asked: (&'a str, &'a str),
    /// The text form of its strategy.
    pub strategy: &'a str,
    /// Its scope.
    pub scope: Option<&'a str>,
    /// Which of its takes answers.
    pub playback: Playback,
    /// Whether a replay may use it, see [`crate::model::Row::answers`].
    pub answers: bool,
    /// The response's status.
    pub status: u16,
    /// Length of all its bodies, in bytes.
    pub size: u64,
    /// When the call was made.
    pub recorded_at: Timestamp,
    /// How its upstream failed.
    pub failure: Option<AnswerFailure>,
    /// Whether it plays behind another take.
    pub continues: bool,
    /// Its use.
    pub usage: Usage,
    /// Whether the row says what the answer is.
    pub answered: bool,
    /// What finds it.
    pub keys: LookUpKeys,
}

/// The fields of a row in their order, from its method to its strategy, and from its name to its size.
type Front<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>, &'a str);
type Middle<'a> =
    (Option<&'a str>, Vec<&'a str>, bool, Option<&'a str>, Playback, Completeness, u16, bool, u32, u64);
/// From its tokens to its use.
type Back<'a> = (
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
struct Unread<'a>(&'a [u8]);

impl<'a> Unread<'a> {
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
    pub(super) fn kept(bytes: Bytes) -> Self {
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
        Unread(&self.0).take().unwrap_or_default()
    }

    /// What look-ups ask of it.
    #[must_use]
    pub fn view(&self) -> Option<RowView<'_>> {
        let mut unread = Unread(&self.0);
        let id = unread.take()?;
        let hash = Hash(unread.hash()?);
        let (method, _, endpoint, _, _, strategy): Front<'_> = unread.take()?;
        let (.., scope, playback, completeness, status, _, _, size): Middle<'_> = unread.take()?;
        let (recorded_at, _, _): (Timestamp, Timestamp, u64) = unread.take()?;
        let answered = unread.take()?;
        if answered {
            unread.hash()?;
        }
        let (_, _, _, review, _, _, failure, continues, usage): Back<'_> = unread.take()?;
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
