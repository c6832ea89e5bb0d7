//! Lines of the journal: one change each, and how it is written.
//!
//! `CRC32 of the JSON in 8 hexadecimal digits`, a space, compact JSON, a line feed. The JSON of a change is
//! `{"v":2,"seq":7,"at":1700000000000,"put":{…}}`; that of a header `{"v":2,"journal":{…}}`. Every line carries the
//! state it leads to, so that applying one twice is harmless.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::change::{Indexed, LookUpKeys};
use crate::model::{Gap, Hash, Labels, Recording, RecordingId, Row, StepId, StepRow, Timestamp, Usage};

/// The longest body, in bytes, that stands in the journal and in the index; a longer one has a file of its own.
pub const INLINE: usize = 16 << 10;

/// The version of headers, and of lines that need no newer one.
pub(super) const VERSION: u32 = 2;
/// The newest version of lines that this code reads: that of gaps.
pub(super) const NEWEST: u32 = 3;

/// One line that is not a header.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct JournalLine {
    pub(super) v: u32,
    /// Counts the lines from 1, through the whole life of the store.
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) entry: JournalEntry,
}

/// A change, as a line of the journal has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum JournalEntry {
    Put(Box<Put>),
    Retag(Indexed),
    Remove(Vec<RecordingId>),
    Restore(Vec<RecordingId>),
    Ledger(Vec<(RecordingId, Usage)>),
    /// A step, with the versions that the changes behind it lead from and to. It stands before them, so that a crash
    /// between them leaves nothing that cannot be undone.
    Step(Box<StepLine>),
    Undone {
        step: StepId,
        undone: bool,
    },
    /// The time before which hits may have been lost; of stores in whose journals no [`JournalEntry::Gap`] stood yet.
    Unwatched(Timestamp),
    /// A time in which hits may have been lost.
    Gap(Gap),
}

/// A step as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StepLine {
    pub(super) id: StepId,
    pub(super) verb: String,
    pub(super) undone: bool,
    pub(super) changed: Vec<ChangedLine>,
}

/// The change that a step made to one recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ChangedLine {
    pub(super) id: RecordingId,
    pub(super) before: Option<VersionLine>,
    pub(super) after: Option<VersionLine>,
}

/// A recording as it was listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VersionLine {
    pub(super) labels: Labels,
    /// The exchange, where the step changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Box<Content>>,
}

/// An exchange with its bodies: those up to [`INLINE`] bytes inside, larger ones left empty and named.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Content {
    #[serde(flatten)]
    pub(super) detail: Detail,
    #[serde(default)]
    pub(super) media: Vec<MediaLine>,
}

/// A recording with its bodies: those up to [`INLINE`] bytes inside, larger ones left empty and named.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Put {
    #[serde(flatten)]
    pub(super) detail: Detail,
    pub(super) row: std::sync::Arc<Row>,
    pub(super) keys: LookUpKeys,
    #[serde(default)]
    pub(super) media: Vec<MediaLine>,
}

/// A recording and where its bodies are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Detail {
    pub(super) recording: Recording,
    pub(super) request: BodyRef,
    pub(super) response: BodyRef,
    /// The body of the response before it was edited.
    #[serde(default)]
    pub(super) original: Option<BodyRef>,
}

/// Names a body. Its length says where it is: in the journal and the index up to [`INLINE`] bytes, else in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BodyRef {
    pub(super) hash: Hash,
    pub(super) len: u64,
}

/// A downloaded file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MediaLine {
    #[serde(flatten)]
    pub(super) body: BodyRef,
    /// The bytes in base64, if they are small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base64: Option<String>,
}

/// The first line, written twice: one damaged byte in it must not cost the salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JournalHeader {
    /// Grows when the journal is rewritten, so that an index of the old one is not taken for its own.
    pub(super) generation: u64,
    pub(super) at: Timestamp,
    /// The number of the last change before this journal; `None` where an older retake wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<u64>,
    /// 32 random bytes, in hexadecimal.
    pub(super) salt: Hash,
}

#[derive(Serialize, Deserialize)]
struct HeaderLine {
    v: u32,
    journal: JournalHeader,
}

#[derive(Deserialize)]
struct LineVersion {
    v: u32,
}

/// A line of the journal, once it is parsed.
#[derive(Debug)]
pub(super) enum ParsedLine {
    Line(Box<JournalLine>),
    Header(JournalHeader),
    /// Written by a newer version, which is given.
    Newer(u32),
    Damaged,
}

impl JournalLine {
    /// A line that is not yet appended, in the oldest version that can say it: an older retake reads all that it can.
    pub(super) fn new(at: Timestamp, entry: JournalEntry) -> Self {
        let v = if matches!(entry, JournalEntry::Gap(_)) { NEWEST } else { VERSION };
        Self { v, seq: 0, at, entry }
    }

    /// The line as it stands in the journal, line feed included.
    pub(super) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        encode(self)
    }
}

impl JournalHeader {
    /// The header as it stands in the journal.
    pub(super) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        encode(&HeaderLine { v: VERSION, journal: *self })
    }
}

/// Reads a line without its line feed.
pub(super) fn parse(text: &[u8]) -> ParsedLine {
    let Some(json) = checked(text) else { return ParsedLine::Damaged };
    match serde_json::from_slice::<LineVersion>(json) {
        Ok(version) if version.v > NEWEST => return ParsedLine::Newer(version.v),
        Ok(_) => {}
        Err(_) => return ParsedLine::Damaged,
    }
    match serde_json::from_slice(json) {
        Ok(line) => ParsedLine::Line(Box::new(line)),
        Err(_) => serde_json::from_slice::<HeaderLine>(json)
            .map_or(ParsedLine::Damaged, |header| ParsedLine::Header(header.journal)),
    }
}

/// The number of a change, as its line says it; none of a line that is no change. The checksum is not looked at.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let version = text.get(9..)?.strip_prefix(br#"{"v":"#)?;
    let number = version[digits(version)..].strip_prefix(br#","seq":"#)?;
    std::str::from_utf8(&number[..digits(number)]).ok()?.parse().ok()
}

/// A value on a line of its own behind its checksum, line feed included.
pub(super) fn encode(line: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_vec(line)?;
    let mut text = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    text.extend_from_slice(&json);
    text.push(b'\n');
    Ok(text)
}

/// The JSON of a line without its line feed, if it is as its checksum says.
pub(super) fn checked(text: &[u8]) -> Option<&[u8]> {
    let (sum, json) = text.split_at_checked(9)?;
    let sum = std::str::from_utf8(sum.strip_suffix(b" ")?).ok()?;
    (u32::from_str_radix(sum, 16).ok()? == crc32fast::hash(json)).then_some(json)
}

impl Put {
    /// The row and keys.
    pub(super) fn indexed(&self) -> Indexed {
        Indexed { row: self.row.clone(), keys: self.keys.clone() }
    }

    /// The bodies that stand in the line itself.
    pub(super) fn small_bodies(&self) -> impl Iterator<Item = (Hash, Bytes)> + '_ {
        let media = self.media.iter().filter_map(|media| Some((media.body.hash, media.bytes()?)));
        self.detail.small_bodies().chain(media)
    }
}

impl Detail {
    /// A recording's detail with its small bodies inside, and its large bodies.
    pub(super) fn of(mut recording: Recording) -> (Self, Vec<(BodyRef, Bytes)>) {
        let mut large = Vec::new();
        let mut apart = |bytes: &mut Bytes| {
            let body = BodyRef::of(bytes);
            if !body.small() {
                large.push((body, std::mem::take(bytes)));
            }
            body
        };
        let mut body = recording.request.body.clone();
        let request = apart(&mut body);
        recording.request = recording.request.with_body(body);
        let response = apart(&mut recording.response.log.bytes);
        let original = recording.original.as_mut().map(|original| apart(&mut original.response.log.bytes));
        (Self { recording, request, response, original }, large)
    }

    /// The bodies, wherever they are.
    pub(super) fn bodies(&self) -> impl Iterator<Item = BodyRef> + use<> {
        [self.request, self.response].into_iter().chain(self.original)
    }

    /// The files behind its links, and behind those of the response before it was edited.
    pub(super) fn linked(&self) -> impl Iterator<Item = Hash> + '_ {
        let before = self.recording.original.iter().flat_map(|original| &original.media);
        self.recording.media.iter().chain(before).filter_map(|media| media.body)
    }

    fn small_bodies(&self) -> impl Iterator<Item = (Hash, Bytes)> + '_ {
        let Self { recording, request, response, original } = self;
        let own =
            [(request, recording.request.body.clone()), (response, recording.response.log.bytes.clone())];
        let before = original
            .iter()
            .zip(&recording.original)
            .map(|(body, known)| (body, known.response.log.bytes.clone()));
        let all = own.into_iter().chain(before);
        all.filter(|(body, _)| body.small()).map(|(body, bytes)| (body.hash, bytes))
    }
}

impl StepLine {
    /// The row that lists show of it.
    pub(super) fn row(&self, at: Timestamp) -> StepRow {
        StepRow {
            id: self.id,
            at,
            verb: self.verb.clone(),
            recordings: self.changed.iter().take(StepRow::NAMED).map(|changed| changed.id.clone()).collect(),
            count: self.changed.len() as u64,
            undone: self.undone,
        }
    }

    /// The exchanges that it keeps.
    pub(super) fn contents(&self) -> impl Iterator<Item = &Content> {
        let versions = self.changed.iter().flat_map(|changed| [&changed.before, &changed.after]);
        versions.flatten().filter_map(|version| version.content.as_deref())
    }
}

impl BodyRef {
    /// Names these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { hash: Hash::of(bytes), len: bytes.len() as u64 }
    }

    /// True if the body stands in the journal and the index.
    pub(super) fn small(&self) -> bool {
        self.len <= INLINE as u64
    }
}

impl MediaLine {
    /// Names a file, and holds it if it is small.
    pub(super) fn of(hash: Hash, bytes: &[u8]) -> Self {
        let body = BodyRef { hash, len: bytes.len() as u64 };
        Self { body, base64: body.small().then(|| STANDARD.encode(bytes)) }
    }

    /// The bytes, where they stand in the line.
    pub(super) fn bytes(&self) -> Option<Bytes> {
        STANDARD.decode(self.base64.as_ref()?).ok().map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> JournalLine {
        JournalLine {
            v: VERSION,
            seq: 3,
            at: Timestamp(5),
            entry: JournalEntry::Remove(vec!["rec_12345678".parse().unwrap()]),
        }
    }

    #[test]
    fn a_line_reads_as_the_format_says() {
        let text = String::from_utf8(line().encode().unwrap()).unwrap();
        assert_eq!(&text[8..], " {\"v\":2,\"seq\":3,\"at\":5,\"remove\":[\"rec_12345678\"]}\n");
        assert!(matches!(parse(text.trim_end().as_bytes()), ParsedLine::Line(line) if line.seq == 3));
    }

    #[test]
    fn any_flipped_bit_is_seen() {
        let text = line().encode().unwrap();
        let text = &text[..text.len() - 1];
        for at in 0..text.len() * 8 {
            let mut flipped = text.to_vec();
            flipped[at / 8] ^= 1 << (at % 8);
            // A digit of the sum may change its case, which changes nothing.
            let fine = flipped.eq_ignore_ascii_case(text) && at / 8 < 8;
            assert!(fine || matches!(parse(&flipped), ParsedLine::Damaged), "bit {at}");
        }
    }

    #[test]
    fn a_newer_line_is_not_taken_for_a_damaged_one() {
        let text = encode(&serde_json::json!({"v": 4, "seq": 9, "at": 0, "hologram": {}})).unwrap();
        assert!(matches!(parse(&text[..text.len() - 1]), ParsedLine::Newer(4)));
    }
}
