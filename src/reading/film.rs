//! The header of a film: MP4 and its like, `WebM` and Matroska. Nothing is decoded.

use std::time::Duration;

/// The facts in a film's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Film {
    /// `mp4`, `mov`, `webm` or `matroska`.
    pub container: &'static str,
    /// Width and height in pixels of its first track of pictures.
    pub dimensions: Option<(u32, u32)>,
    /// Playing time.
    pub duration: Option<Duration>,
}

/// Limit of parts of one container: a file may be made of nothing but tiny ones.
const PARTS: usize = 4096;

/// The facts in a film's header; `None` for what is no film. Of a film that breaks off, those that are there.
#[must_use]
pub fn film(bytes: &[u8]) -> Option<Film> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some(mp4(bytes));
    }
    bytes.starts_with(b"\x1A\x45\xDF\xA3").then(|| webm(bytes))
}

/// A number of up to eight bytes, the highest first.
fn number(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

fn at(bytes: &[u8], offset: usize, len: usize) -> Option<u64> {
    number(bytes.get(offset..offset.checked_add(len)?)?)
}

// === MP4: boxes of a length, a name and a content ===

fn mp4(bytes: &[u8]) -> Film {
    let container = if bytes.get(8..12) == Some(b"qt  ") { "mov" } else { "mp4" };
    let movie = boxes(bytes).find(|(name, _)| name == b"moov").map_or(&[][..], |(_, content)| content);
    let head = boxes(movie).find(|(name, _)| name == b"mvhd");
    let tracks = boxes(movie).filter(|(name, _)| name == b"trak");
    let dimensions = tracks
        .filter_map(|(_, track)| boxes(track).find(|(name, _)| name == b"tkhd"))
        .find_map(|(_, head)| sides(head));
    Film { container, dimensions, duration: head.and_then(|(_, head)| plays(head)) }
}

fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let name = rest.get(4..8)?.try_into().ok()?;
        let (head, len) = match at(rest, 0, 4)? {
            0 => (8, rest.len()),
            1 => (16, usize::try_from(at(rest, 8, 8)?).ok()?),
            len => (8, usize::try_from(len).ok()?),
        };
        // What breaks off is still looked at.
        let end = len.min(rest.len());
        let content = rest.get(head..end)?;
        rest = &rest[end..];
        Some((name, content))
    })
    .take(PARTS)
}

fn plays(head: &[u8]) -> Option<Duration> {
    let (scale, length) = match head.first()? {
        0 => (at(head, 12, 4)?, at(head, 16, 4)?),
        _ => (at(head, 20, 4)?, at(head, 24, 8)?),
    };
    let millis = u128::from(length) * 1000 / u128::from(Some(scale).filter(|scale| *scale > 0)?);
    Some(Duration::from_millis(u64::try_from(millis).ok()?))
}

/// Width and height, which stand at the end as fixed point numbers.
fn sides(head: &[u8]) -> Option<(u32, u32)> {
    let offset = if *head.first()? == 0 { 76 } else { 88 };
    let side = |offset: usize| u32::try_from(at(head, offset, 2)?).ok().filter(|side| *side > 0);
    Some((side(offset)?, side(offset + 4)?))
}

// === WebM: elements of a name, a length and a content, both of variable length ===

const HEADER: u64 = 0x1A45_DFA3;
const DOC_TYPE: u64 = 0x4282;
const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_A966;
const SCALE: u64 = 0x2A_D7B1;
const DURATION: u64 = 0x4489;
const TRACKS: u64 = 0x1654_AE6B;
const TRACK: u64 = 0xAE;
const VIDEO: u64 = 0xE0;
const WIDTH: u64 = 0xB0;
const HEIGHT: u64 = 0xBA;

fn webm(bytes: &[u8]) -> Film {
    let kind = inside(bytes, &[HEADER, DOC_TYPE]).unwrap_or_default();
    let container = if kind.starts_with(b"webm") { "webm" } else { "matroska" };
    let side = |name| {
        let side = number(inside(bytes, &[SEGMENT, TRACKS, TRACK, VIDEO, name])?)?;
        u32::try_from(side).ok().filter(|side| *side > 0)
    };
    let nanos = inside(bytes, &[SEGMENT, INFO, SCALE]).and_then(number).unwrap_or(1_000_000);
    let ticks = inside(bytes, &[SEGMENT, INFO, DURATION]).and_then(float);
    #[expect(clippy::cast_precision_loss, reason = "a film does not play for a hundred days")]
    let duration = ticks.and_then(|ticks| Duration::try_from_secs_f64(ticks * nanos as f64 / 1e9).ok());
    Film { container, dimensions: side(WIDTH).zip(side(HEIGHT)), duration }
}

/// The content of the first element on this path; of tracks without pictures the next one is tried.
fn inside<'a>(bytes: &'a [u8], path: &[u64]) -> Option<&'a [u8]> {
    let Some((name, rest)) = path.split_first() else { return Some(bytes) };
    elements(bytes).filter(|(found, _)| found == name).find_map(|(_, content)| inside(content, rest))
}

fn elements(mut rest: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let name_len = usize::try_from(rest.first()?.leading_zeros()).ok()? + 1;
        let name = at(rest, 0, name_len)?;
        let len_len = usize::try_from(rest.get(name_len)?.leading_zeros()).ok()? + 1;
        let written = at(rest, name_len, len_len)?;
        let mask = (1_u64.checked_shl(u32::try_from(len_len * 7).ok()?)?) - 1;
        let start = name_len + len_len;
        let room = rest.len().checked_sub(start)?;
        // All ones: as long as it goes.
        let known = (written & mask != mask).then_some(written & mask);
        let len = known.and_then(|len| usize::try_from(len).ok()).unwrap_or(room).min(room);
        let content = &rest[start..start + len];
        rest = &rest[start + len..];
        Some((name, content))
    })
    .take(PARTS)
}

fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(name: &[u8], content: &[u8]) -> Vec<u8> {
        let len = u32::try_from(content.len() + 8).unwrap();
        [&len.to_be_bytes()[..], name, content].concat()
    }

    fn an_mp4() -> Vec<u8> {
        let mut head = vec![0; 100];
        head[12..16].copy_from_slice(&600_u32.to_be_bytes());
        head[16..20].copy_from_slice(&4_800_u32.to_be_bytes());
        let mut track = vec![0; 84];
        track[76..78].copy_from_slice(&1280_u16.to_be_bytes());
        track[80..82].copy_from_slice(&720_u16.to_be_bytes());
        let sound = boxed(b"trak", &boxed(b"tkhd", &[0; 84]));
        let movie = [boxed(b"mvhd", &head), sound, boxed(b"trak", &boxed(b"tkhd", &track))].concat();
        [boxed(b"ftyp", b"isom\0\0\0\0"), boxed(b"mdat", &[7; 40]), boxed(b"moov", &movie)].concat()
    }

    fn element(name: &[u8], content: &[u8]) -> Vec<u8> {
        let len = 0x4000 | u16::try_from(content.len()).unwrap();
        [name, &len.to_be_bytes()[..], content].concat()
    }

    fn a_webm() -> Vec<u8> {
        let info = [
            element(&[0x2A, 0xD7, 0xB1], &[0x0F, 0x42, 0x40]),
            element(&[0x44, 0x89], &5_250_f64.to_be_bytes()),
        ];
        let video = [element(&[0xB0], &[2, 128]), element(&[0xBA], &[1, 104])].concat();
        let tracks = [element(&[0xAE], &element(&[0xE1], &[])), element(&[0xAE], &element(&[0xE0], &video))];
        let inner = [
            element(&[0x15, 0x49, 0xA9, 0x66], &info.concat()),
            element(&[0x16, 0x54, 0xAE, 0x6B], &tracks.concat()),
        ];
        // As a live stream has it: the segment's length is not known.
        let segment = [&[0x18, 0x53, 0x80, 0x67, 0xFF][..], &inner.concat()].concat();
        [element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"webm")), segment].concat()
    }

    #[test]
    fn headers_tell_what_a_film_is() {
        let (mp4, webm) = (film(&an_mp4()).unwrap(), film(&a_webm()).unwrap());
        assert_eq!((mp4.container, mp4.dimensions), ("mp4", Some((1280, 720))));
        assert_eq!(mp4.duration, Some(Duration::from_secs(8)));
        assert_eq!((webm.container, webm.dimensions), ("webm", Some((640, 360))));
        assert_eq!(webm.duration, Some(Duration::from_millis(5_250)));
        assert_eq!(film(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(film(b"\x1A\x45\xDF\xA3").map(|film| film.dimensions), Some(None));
    }

    proptest! {
        #[test]
        fn nothing_panics(cut in 0..260_usize, at in 0..260_usize, byte in any::<u8>(), first in any::<bool>()) {
            let mut bytes = if first { an_mp4() } else { a_webm() };
            bytes.truncate(cut.max(12));
            if let Some(spot) = bytes.get_mut(at) {
                *spot = byte;
            }
            let _ = film(&bytes);
        }
    }
}
