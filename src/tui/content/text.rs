//! Bodies as lines, the events of a stream, and the pictures of an answer.

use std::time::Duration;

use bytes::Bytes;

use crate::model::{Headers, MediaId, MediaRef, Response};
use crate::reading::human::size;
use crate::reading::{self, sanitize};

/// A picture of an exchange, not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerPicture {
    /// The place in the answer, for people.
    pub field: String,
    /// The media type.
    pub content_type: String,
    /// The length in bytes.
    pub len: u64,
    /// The source of its bytes.
    pub source: PictureSource,
}

/// The source of a picture's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureSource {
    /// The exchange itself.
    Inline(Bytes),
    /// Downloaded, kept under this id.
    Media(MediaId),
}

/// The form in which bodies are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyForm {
    /// The view of the body.
    pub view: BodyView,
    /// True if long ones are shown whole, or their beginning.
    pub whole: bool,
}

/// The way in which a body is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyView {
    /// Readable: JSON indented, files by a word, streams by their events.
    #[default]
    Pretty,
    /// The text as it is.
    Raw,
    /// The bytes.
    Hex,
}

impl BodyView {
    /// The view after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Pretty => Self::Raw,
            Self::Raw => Self::Hex,
            Self::Hex => Self::Pretty,
        }
    }

    /// The name on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Raw => "raw",
            Self::Hex => "hex",
        }
    }
}

/// Texts are shown up to this many bytes, unless more is asked for.
pub const SHOWN: usize = 256 << 10;
/// The most that is shown at all: a screen is no place for more.
const MOST: usize = 8 << 20;
/// A dump takes ten times the room.
const DUMPED: usize = 64 << 10;
/// Events of a stream that are listed one by one.
pub(crate) const EVENTS: usize = 2_000;
/// The number of bytes in a line of a dump.
const DUMP_WIDTH: usize = 8;

/// A body as lines, sanitized and bounded; and whether more of it could be shown.
#[must_use]
pub fn body_lines(headers: &Headers, bytes: &Bytes, form: BodyForm) -> (Vec<String>, bool) {
    match form.view {
        BodyView::Pretty => {
            let text = reading::pretty_up_to(headers, bytes, if form.whole { MOST } else { SHOWN });
            let cut = !form.whole && text.len() > SHOWN;
            (text.lines().map(|line| sanitize(line).into_owned()).collect(), cut)
        }
        BodyView::Raw => {
            let decoded = reading::decoded(headers, bytes).unwrap_or_else(|_| bytes.clone());
            let shown = &decoded[..decoded.len().min(if form.whole { MOST } else { SHOWN })];
            let text = String::from_utf8_lossy(shown);
            let lines = text.lines().map(|line| sanitize(line).into_owned()).collect();
            noted(lines, shown.len(), decoded.len(), form)
        }
        BodyView::Hex => {
            let shown = &bytes[..bytes.len().min(if form.whole { MOST / 8 } else { DUMPED })];
            let lines = shown.chunks(DUMP_WIDTH).enumerate().map(|(row, bytes)| dumped(row, bytes)).collect();
            noted(lines, shown.len(), bytes.len(), form)
        }
    }
}

fn noted(mut lines: Vec<String>, shown: usize, all: usize, form: BodyForm) -> (Vec<String>, bool) {
    if shown < all {
        lines.push(format!("… {} of {} left out", size((all - shown) as u64), size(all as u64)));
    }
    (lines, shown < all && !form.whole)
}

fn dumped(row: usize, bytes: &[u8]) -> String {
    let hex = bytes.iter().map(|byte| format!("{byte:02x} ")).collect::<Vec<_>>().concat();
    let ascii = bytes.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' });
    format!("{:06x}  {hex:<24} {}", row * DUMP_WIDTH, ascii.collect::<String>())
}

/// The events of a streamed answer: when, name, data.
#[must_use]
pub fn events(response: &Response) -> Vec<(Duration, String, String)> {
    reading::events(response)
        .into_iter()
        .map(|event| {
            let data = reading::on_one_line(&event.data).into_owned();
            (event.at, event.name.unwrap_or_default(), data)
        })
        .collect()
}

/// The pictures of an answer, in the order in which they stand in it; downloaded ones last.
#[must_use]
pub fn pictures(response: &Response, media: &[MediaRef]) -> Vec<AnswerPicture> {
    let inside =
        reading::media(response).into_iter().filter(|medium| medium.content_type.starts_with("image/"));
    let inside = inside.map(|medium| AnswerPicture {
        field: medium.field,
        content_type: medium.content_type.into(),
        len: medium.bytes.len() as u64,
        source: PictureSource::Inline(medium.bytes),
    });
    let behind =
        media.iter().filter(|medium| medium.content_type.starts_with("image/") && medium.body.is_some());
    let behind = behind.map(|medium| AnswerPicture {
        field: medium.field.clone(),
        content_type: medium.content_type.clone(),
        len: medium.len,
        source: PictureSource::Media(medium.id.clone()),
    });
    inside.chain(behind).collect()
}

/// A time in microseconds.
#[must_use]
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
