//! Answers as they may be stored: the same search as in requests, over bodies that may be streams.
//!
//! A model writes an address in pieces (`"jane.d"`, `"oe@example.com"`). So the strings that stand at the same place of
//! the events of one stream are searched as the one text that they are; the placeholder goes into the first piece, and
//! the rest of what was found is cut from the others.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use regex::bytes::Regex;

use super::effort::Effort;
use super::json_values::{JsonElement, JsonValue, JsonValues, mixed};
use super::scrub_request::{PASSES, spliced};
use super::scrubber::Scrubber;
use super::search::{ByPlace, ScrubEdit, SecretSearch, apart, before, is_opaque};
use super::secret;
use super::secret::is_secret_header;
use super::secret_name::REDACTED;
use super::split_keys::SplitKeys;
use crate::model::{ByteLog, Headers, Piece, Response};
use crate::wire::event_stream::{StreamForm, StreamLines};
use crate::wire::without_mark;

/// Headers that hold a hash or the length of the body.
const OF_THE_BODY: [&str; 5] = ["content-length", "content-md5", "digest", "content-digest", "repr-digest"];

/// The request of an answer, as far as scrubbing the answer needs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerOrigin<'a> {
    /// The mount.
    pub mount: &'a str,
    /// The credentials that the request carried.
    pub credentials: &'a [Bytes],
    /// Links that stay as they are, because they lead to what is stored beside the answer.
    pub links: &'a [&'a str],
}

/// An answer with more strings, or more secrets, than a search goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is too much to be searched for secrets")]
pub struct Unsearched;

/// A stream of events, as positions in its bytes.
struct Stream<'a> {
    body: &'a [u8],
    search: SecretSearch<'a>,
    edits: Vec<ScrubEdit>,
    /// The strings of all events by their slot, in order.
    texts: HashMap<u64, Vec<Range<usize>>>,
    /// The slots in the order in which they were met: edits must not depend on a hash's order.
    slots: Vec<u64>,
    split: SplitKeys<'a>,
}

/// The data of one event: its bytes, and where they stand in the stream.
struct EventData<'a> {
    bytes: Cow<'a, [u8]>,
    /// (offset in the data, offset in the stream) at the beginning of each line.
    lines: Vec<(usize, usize)>,
}

/// The shapes of placeholders in an answer.
static REPLACED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let places = [
        r"<[a-z][a-z0-9-]*-[0-9a-f]{8}>",
        r#"[:\[,]\s*\\*"redacted\\*""#,
        r#"=redacted(?:[&#;,\s"'<>\\`)\]}]|$)"#,
        r"://[^/?#@\s]*redacted@",
        r#"/redacted(?:[/?#"]|$)"#,
    ];
    Regex::new(&format!("(?-u){}", places.join("|"))).ok()
});

impl Scrubber {
    /// The body of an answer as it may be stored; none where nothing is to be replaced. The body must not be encoded.
    ///
    /// # Errors
    /// When it is too much to be searched: nobody can say that it holds no secret.
    pub fn answer(
        &self,
        response: &Response,
        origin: AnswerOrigin<'_>,
    ) -> Result<Option<ByteLog>, Unsearched> {
        self.answer_within(response, origin, &Effort::of_answer())
    }

    /// [`Scrubber::answer`] within another effort.
    pub(crate) fn answer_within(
        &self,
        response: &Response,
        origin: AnswerOrigin<'_>,
        effort: &Effort,
    ) -> Result<Option<ByteLog>, Unsearched> {
        let search = self.searching(origin, effort);
        let kind = AnswerKind::of(&response.headers, &response.log.bytes);
        if kind == AnswerKind::Text {
            effort.of_document();
        }
        let mut changed: Option<ByteLog> = None;
        for _ in 0..PASSES {
            let log = changed.as_ref().unwrap_or(&response.log);
            let edits = match kind {
                AnswerKind::Media => break,
                AnswerKind::Stream => Stream::over(&log.bytes, search).events(),
                AnswerKind::Lines => Stream::over(&log.bytes, search).lines(),
                AnswerKind::Text => Stream::over(&log.bytes, search).document(),
            };
            if effort.is_spent() {
                return Err(Unsearched);
            }
            if edits.is_empty() {
                break;
            }
            let pieces = moved(&log.pieces, &edits);
            changed = Some(ByteLog { bytes: spliced(&log.bytes, &edits).into(), pieces });
        }
        let binary = changed.is_none() && kind == AnswerKind::Media;
        let masked = || secret::mask(&response.log.bytes, origin.credentials).filter(|_| binary);
        let masked = || Some(ByteLog { bytes: masked()?, pieces: response.log.pieces.clone() });
        Ok(changed.or_else(masked))
    }

    /// The headers of an answer as they may be stored; with those of the body where that was not `replaced`.
    #[must_use]
    pub fn answer_headers(&self, headers: &Headers, replaced: bool, origin: AnswerOrigin<'_>) -> Headers {
        let effort = Effort::of_answer();
        let search = self.searching(origin, &effort);
        let kept = headers.iter().filter(|(name, _)| !(replaced && OF_THE_BODY.contains(name)));
        let kept = kept.filter(|(name, _)| !self.hides(name));
        let scrubbed = kept.map(|(name, value)| {
            let value = match name {
                _ if name.starts_with("content-") || value.is_empty() => value.clone(),
                _ if is_secret(name) => Bytes::from_static(REDACTED.as_bytes()),
                _ => crate::matching::scrub::scrub_request::repeated(value, |value| search.plain(value))
                    .map_or_else(|| value.clone(), Bytes::from),
            };
            (name.to_owned(), value)
        });
        scrubbed.collect()
    }

    fn searching<'a>(&'a self, origin: AnswerOrigin<'a>, effort: &'a Effort) -> SecretSearch<'a> {
        let search = SecretSearch::new(self, origin.mount, origin.credentials, effort);
        SecretSearch { links: origin.links, echoes: self.keeps_answers(), ..search }
    }
}

/// Count of placeholders in an answer: so many places differ from what the provider sent.
#[must_use]
pub fn replaced_places(response: &Response) -> usize {
    let count = |bytes: &[u8]| REPLACED.as_ref().map_or(0, |shape| shape.find_iter(bytes).count());
    let redacted = |value: &[u8]| usize::from(value == REDACTED.as_bytes());
    let headers = response.headers.iter().map(|(_, value)| count(value) + redacted(value));
    count(&response.log.bytes) + headers.sum::<usize>()
}

/// The kind of an answer's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AnswerKind {
    /// Pictures, sound, and whatever else is no text.
    Media,
    /// Server-sent events.
    Stream,
    /// JSON documents of one stream, a line each or as the elements of an array.
    Lines,
    /// Any other text.
    Text,
}

impl AnswerKind {
    fn of(headers: &Headers, body: &[u8]) -> Self {
        let media_type = headers.media_type();
        let binary = ["image/", "audio/", "video/", "font/"].iter().any(|kind| media_type.starts_with(kind));
        // A stream that was cut may end in the middle of a character.
        let text = std::str::from_utf8(body).map_or_else(|error| error.error_len().is_none(), |_| true);
        match StreamForm::of(headers, body) {
            Some(StreamForm::Sse) => Self::Stream,
            Some(StreamForm::Rows) => Self::Lines,
            None if binary => Self::Media,
            // How Gemini streams when nobody asks for events.
            None if body.trim_ascii_start().starts_with(b"[") && contains(body, b"\"candidates\"") => {
                Self::Lines
            }
            None if text || media_type.contains("json") => Self::Text,
            None => Self::Media,
        }
    }
}

/// True if a header of an answer carries a credential. That `surrogate-key` and the like end as a key does says
/// nothing.
fn is_secret(name: &str) -> bool {
    is_secret_header(name) && (secret::is_always_secret(name) || name.ends_with("token"))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).take(4096).any(|window| window == wanted)
}

impl<'a> Stream<'a> {
    fn over(body: &'a [u8], search: SecretSearch<'a>) -> Self {
        let split = SplitKeys::new(search);
        Self { body, search, edits: Vec::new(), texts: HashMap::new(), slots: Vec::new(), split }
    }

    /// The edits of server-sent events.
    fn events(mut self) -> Vec<ScrubEdit> {
        let (mut name, mut data) = (0, Vec::new());
        for line in StreamLines::new(self.body) {
            if !self.search.effort.look() {
                break;
            }
            let (field, value) = line.field();
            let end = line.start + line.text.len();
            match field {
                _ if line.text.is_empty() => {
                    self.event(name, &data);
                    self.search.effort.forget(data.len());
                    data.clear();
                    name = 0;
                }
                b"data" if self.search.effort.remember(1) => data.push(end - value.len()..end),
                b"data" => {}
                b"event" => name = mixed(0, value),
                _ => {
                    let found = self.search.plain(line.text).into_iter();
                    self.edits.extend(found.map(|(range, edit)| (shifted(&range, line.start), edit)));
                }
            }
        }
        self.event(name, &data);
        self.joined()
    }

    /// The edits of JSON documents, a line each or in one array.
    fn lines(mut self) -> Vec<ScrubEdit> {
        self.event(0, std::slice::from_ref(&(0..self.body.len())));
        self.joined()
    }

    /// The edits of what is no stream: the strings of JSON may be tokens or parts of one text all the same.
    fn document(mut self) -> Vec<ScrubEdit> {
        let start = without_mark(self.body).trim_ascii_start().first();
        if matches!(start, Some(b'{' | b'[' | b'"')) && !self.split.is_idle() {
            for item in JsonValues::new(self.body, &[], &[]) {
                if let JsonElement::Value(value) = item {
                    if value.quoted && !self.search.effort.look() {
                        break;
                    }
                    self.split.value(self.body, &value, |range| range);
                }
            }
        }
        let mut edits = self.search.over(self.body).text(self.body);
        edits.extend(self.split.into_edits());
        apart(edits)
    }

    /// Takes the strings of an event in.
    fn event(&mut self, name: u64, data: &[Range<usize>]) {
        let data = EventData::of(self.body, data);
        let start = data.bytes.trim_ascii_start().first();
        if !matches!(start, Some(b'{' | b'[' | b'"')) {
            if !data.bytes.is_empty() && *data.bytes != *b"[DONE]" {
                // One line after the other, as tokens without any coat come.
                let ends = data.lines.iter().skip(1).map(|(end, _)| end - 1).chain([data.bytes.len()]);
                for ((start, at), end) in data.lines.iter().zip(ends) {
                    let line = *at..at + (end - start);
                    self.split.plain(self.body, &line);
                    self.add(mixed(name, b"data"), line);
                }
            }
            return;
        }
        let (secret, public) = (&self.search.names.secret, &self.search.names.public);
        let mut values = JsonValues::new(&data.bytes, secret, public);
        let mut open: Vec<JsonValue> = Vec::new();
        for item in values.by_ref() {
            if !matches!(&item, JsonElement::Value(value) if !value.quoted) && !self.search.effort.look() {
                return;
            }
            match item {
                JsonElement::Key(range) => {
                    let found = self.search.of_raw(&data.bytes, &range, |text| self.search.plain(text));
                    self.edits.extend(found.into_iter().map(|edit| data.placed(edit)));
                }
                JsonElement::Value(value) => {
                    self.split.value(&data.bytes, &value, |range| data.range(&range));
                    match self.search.by_place(&data.bytes, &value) {
                        ByPlace::Replaced(edit) => {
                            self.search.effort.count_secrets(1);
                            self.edits.push(data.placed((value.range, edit)));
                        }
                        ByPlace::Kept => {}
                        ByPlace::Unknown if !self.search.effort.holds(open.len() + 1) => return,
                        ByPlace::Unknown => open.push(value),
                    }
                }
            }
        }
        if values.is_too_deep() {
            self.search.effort.give_up();
        }
        values.close_slots();
        for value in open {
            let opaque = is_opaque(&data.bytes[value.name.clone()]);
            if value.server || opaque {
                let found = self.search.value(&data.bytes, &value);
                self.edits.extend(found.into_iter().map(|edit| data.placed(edit)));
            } else {
                let slot = values.slot(&value, name);
                self.add(slot, data.range(&value.range));
            }
        }
    }

    fn add(&mut self, slot: u64, range: Range<usize>) {
        if !self.search.effort.remember(1) {
            return;
        }
        let texts = self.texts.entry(slot).or_insert_with(|| {
            self.slots.push(slot);
            Vec::new()
        });
        texts.push(range);
    }

    /// The edits of the texts whose pieces were taken in, and all that were found before.
    fn joined(mut self) -> Vec<ScrubEdit> {
        for slot in std::mem::take(&mut self.slots) {
            if self.search.effort.is_spent() {
                break;
            }
            let pieces = self.texts.remove(&slot).unwrap_or_default();
            let text = |range: &Range<usize>| &self.body[range.clone()];
            self.search.effort.forget(pieces.len());
            let same = pieces.windows(2).all(|two| text(&two[0]) == text(&two[1]));
            if same {
                // An id or a model's name that every event repeats is no text in pieces.
                for piece in &pieces {
                    self.edits.extend(self.search.of_raw(self.body, piece, |text| self.search.text(text)));
                }
            } else {
                let edits = in_pieces(self.body, &pieces, self.search);
                self.edits.extend(edits);
            }
        }
        self.edits.extend(self.split.into_edits());
        apart(self.edits)
    }
}

/// The edits in a text that stands in pieces.
fn in_pieces(body: &[u8], pieces: &[Range<usize>], search: SecretSearch<'_>) -> Vec<ScrubEdit> {
    let (mut whole, mut starts) = (Vec::new(), Vec::with_capacity(pieces.len()));
    // Where the offsets of decoded pieces stand in the raw ones, for those that differ.
    let (mut maps, mut escapes) = (HashMap::new(), 0);
    for (nth, piece) in pieces.iter().enumerate() {
        let raw = &body[piece.clone()];
        starts.push(whole.len());
        match search.unescaped(raw) {
            None => whole.extend_from_slice(raw),
            Some(unescaped) => {
                whole.extend_from_slice(unescaped.text.as_bytes());
                // Each has two.
                escapes += unescaped.map.len() / 2;
                maps.insert(nth, unescaped.map);
            }
        }
        if !search.effort.resolves(escapes) {
            return Vec::new();
        }
    }
    let mut edits = Vec::new();
    for (range, edit) in search.text(&whole) {
        let mut edit = Some(edit);
        let first = starts.partition_point(|start| *start <= range.start).saturating_sub(1);
        for at in first..pieces.len() {
            let (start, place) = (starts[at], pieces[at].start);
            let end = starts.get(at + 1).map_or(whole.len(), |next| *next);
            if start >= range.end {
                break;
            }
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                let map = maps.get(&at).map_or(&[][..], |map| map);
                let raw = place + before(map, from - start)..place + before(map, to - start);
                edits.push((raw, edit.take().unwrap_or_default()));
            }
        }
    }
    edits
}

impl<'a> EventData<'a> {
    fn of(body: &'a [u8], data: &[Range<usize>]) -> Self {
        if let [line] = data {
            return Self { bytes: Cow::Borrowed(&body[line.clone()]), lines: vec![(0, line.start)] };
        }
        let (mut bytes, mut lines) = (Vec::new(), Vec::with_capacity(data.len()));
        for line in data {
            if !lines.is_empty() {
                bytes.push(b'\n');
            }
            lines.push((bytes.len(), line.start));
            bytes.extend_from_slice(&body[line.clone()]);
        }
        Self { bytes: Cow::Owned(bytes), lines }
    }

    fn range(&self, range: &Range<usize>) -> Range<usize> {
        before(&self.lines, range.start)..before(&self.lines, range.end)
    }

    fn placed(&self, (range, edit): ScrubEdit) -> ScrubEdit {
        (self.range(&range), edit)
    }
}

fn shifted(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// The pieces of a body in which the ranges of the edits (in order, apart) were replaced. What was put in belongs to the
/// piece in which what it replaces began; pieces of which nothing is left are gone.
fn moved(pieces: &[Piece], edits: &[ScrubEdit]) -> Vec<Piece> {
    let mut moved = Vec::with_capacity(pieces.len());
    let mut edits = edits.iter().peekable();
    // Of the old body so much was passed, and so much of it stays.
    let (mut passed, mut end, mut old_end) = (0_usize, 0_usize, 0_usize);
    let mut begun = 0;
    for piece in pieces {
        old_end = old_end.saturating_add(usize::try_from(piece.len).unwrap_or(usize::MAX));
        while let Some((range, edit)) = edits.next_if(|(range, _)| range.start < old_end) {
            end += range.start.saturating_sub(passed) + edit.len();
            passed = range.end;
        }
        if passed < old_end {
            end += old_end - passed;
            passed = old_end;
        }
        if end > begun {
            moved.push(Piece::new(end - begun, Duration::from_micros(piece.at)));
            begun = end;
        }
    }
    moved
}

#[cfg(test)]
#[path = "scrub_answer_tests.rs"]
mod tests;
