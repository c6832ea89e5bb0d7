//! Bodies without their content codings (RFC 9110, section 8.4), within bounds: a few kilobytes can otherwise fill the memory.
//!
//! One tolerance for all: a body that is shown is one that was compared, searched for secrets and replayed.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use super::without_mark;
use crate::model::Headers;

/// Limit of a decoded body, in bytes.
pub const LARGEST: usize = 64 << 20;
/// Limit of growth by decoding: text grows 3 to 20 times, and a bomb 200 to 1000 times for each coding.
const RATIO: usize = 128;
/// Size in bytes that every body may reach: a ratio says little about a few bytes.
const FLOOR: usize = 1 << 20;
/// Limit of codings on top of each other.
const STACKED: usize = 3;
/// Limit of values in a JSON text that is taken apart.
const VALUES: usize = 1 << 20;
/// Largest window of zstd that senders may use in HTTP, in bytes (RFC 9659).
const WINDOW: u64 = 8 << 20;

/// Reasons why a body cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// A coding that is not decoded here, or more than three of them.
    #[error(
        "the body is encoded as `{0}`; only gzip, deflate, br and zstd are decoded, three of them at most"
    )]
    Unsupported(String),
    /// Damaged or cut off bytes, or bytes behind the end, which nobody would see.
    #[error("the body is not valid {0}")]
    Damaged(&'static str),
    /// Growth beyond the bounds.
    #[error("the decoded body is larger than 64 MiB, or more than 128 times as large as what was sent")]
    TooLarge,
}

/// The body without its `content-encoding`: gzip, deflate, br, zstd, up to three of them on top of each other.
///
/// # Errors
/// When it names another coding, is damaged, or becomes larger than [`decoded_len`] says.
pub fn decode<'a>(headers: &Headers, body: &'a [u8]) -> Result<Cow<'a, [u8]>, CodingError> {
    let written = headers.text("content-encoding").unwrap_or_default();
    let limit = bound(body.len());
    if codings(written).count() > STACKED {
        return Err(CodingError::Unsupported(written.to_ascii_lowercase()));
    }
    let mut plain = Cow::Borrowed(body);
    // The last one named was applied last.
    for name in codings(written).rev() {
        let coding =
            ContentCoding::named(name).ok_or_else(|| CodingError::Unsupported(name.to_ascii_lowercase()))?;
        if !plain.is_empty() {
            plain = coding.decode(&plain, limit)?.into();
        }
    }
    Ok(plain)
}

/// The result of [`decode`]; `None` where it fails.
#[must_use]
pub fn decoded<'a>(headers: &Headers, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    decode(headers, body).ok()
}

/// A content coding that is decoded here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl ContentCoding {
    /// The coding of a body that has exactly one; `None` for none, several, or an unsupported one.
    pub(crate) fn only(headers: &Headers) -> Option<Self> {
        let mut names = codings(headers.text("content-encoding")?);
        names.next().filter(|_| names.next().is_none()).and_then(Self::named)
    }

    fn named(name: &str) -> Option<Self> {
        let all = [
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("deflate", Self::Deflate),
            ("br", Self::Brotli),
            ("zstd", Self::Zstd),
        ];
        all.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, coding)| coding)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The reader that takes this coding off `encoded`, whose first bytes are `head`. It gives out all that can be decoded of
    /// what it has read, so it can follow a stream; `None` for zstd, whose decoder reads ahead.
    pub(crate) fn reader<'a>(self, head: &[u8], encoded: impl BufRead + 'a) -> Option<Box<dyn Read + 'a>> {
        match self {
            Self::Gzip => Some(Box::new(MultiGzDecoder::new(encoded))),
            Self::Deflate if is_zlib(head) => Some(Box::new(ZlibDecoder::new(encoded))),
            Self::Deflate => Some(Box::new(DeflateDecoder::new(encoded))),
            Self::Brotli => {
                let mut decoder = Decompressor::new(encoded, 4096);
                // Windows beyond those of RFC 7932 take up to a gigabyte.
                decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
                Some(Box::new(decoder))
            }
            Self::Zstd => None,
        }
    }

    fn decode(self, encoded: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
        let mut rest = encoded;
        let mut out = Vec::new();
        let mut take = |reader: &mut dyn Read| {
            let left = (limit - out.len()) as u64;
            let fine = reader.take(left + 1).read_to_end(&mut out);
            if out.len() > limit { Err(CodingError::TooLarge) } else { fine.map_err(|_| self.damaged()) }
        };
        if let Some(mut reader) = self.reader(encoded, &mut rest) {
            take(&mut *reader)?;
        } else {
            // All frames of zstd, one behind the other (RFC 8878, section 3.1).
            while !rest.is_empty() {
                let frame = StreamingDecoder::new_with_max_window_size(&mut rest, WINDOW);
                take(&mut frame.map_err(|_| self.damaged())?)?;
            }
        }
        if rest.is_empty() { Ok(out) } else { Err(self.damaged()) }
    }

    fn damaged(self) -> CodingError {
        CodingError::Damaged(self.name())
    }
}

/// Test for the zlib header in front of deflate (RFC 1950, section 2.2). RFC 9110 demands it, and some senders leave it
/// away.
fn is_zlib(head: &[u8]) -> bool {
    matches!(head, [cmf, flg, ..] if cmf & 0x0F == 8 && (u32::from(*cmf) * 256 + u32::from(*flg)).is_multiple_of(31))
}

/// The most that a body of `len` bytes with these headers can be when it is decoded, in bytes; `len` where it has no content
/// encoding.
#[must_use]
pub fn decoded_len(headers: &Headers, len: usize) -> usize {
    let written = headers.text("content-encoding").unwrap_or_default();
    if codings(written).next().is_some() { bound(len).max(len) } else { len }
}

fn codings(written: &str) -> impl DoubleEndedIterator<Item = &str> {
    written
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
}

/// The most that an encoded body may become, through all of its encodings.
fn bound(encoded: usize) -> usize {
    encoded.saturating_mul(RATIO).clamp(FLOOR, LARGEST)
}

/// The whole JSON of a body, whatever its content type says: without its content encoding and its byte order mark. Who only
/// asks for members takes `json_excerpt`.
///
/// # Errors
/// When it cannot be decoded, is no JSON, or has more values than memory is meant for.
pub fn json_of(headers: &Headers, body: &[u8]) -> Result<serde_json::Value, serde_json::Error> {
    let plain = decoded(headers, body).unwrap_or(Cow::Borrowed(body));
    if has_too_many_values(&plain) {
        return Err(serde::de::Error::custom("it has too many values"));
    }
    serde_json::from_slice(without_mark(&plain))
}

/// Test for more values than memory is meant for: each takes many times the space in which it is written.
fn has_too_many_values(json: &[u8]) -> bool {
    // A value and what divides it from the next take two bytes at least.
    if json.len() / 2 < VALUES {
        return false;
    }
    let (mut inside, mut escaped, mut values) = (false, false, 0);
    for byte in json {
        match byte {
            _ if std::mem::take(&mut escaped) => {}
            b'\\' => escaped = inside,
            b'"' => inside = !inside,
            b',' | b'[' | b'{' if !inside => values += 1,
            _ => {}
        }
    }
    values >= VALUES
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).unwrap();
        out
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn edge_6_an_encoded_body_is_decoded_and_a_bomb_is_not() {
        for (name, encode) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("br", brotli), ("zstd", zstd)] {
            let headers = Headers::from_iter([("content-encoding", name)]);
            assert_eq!(decoded(&headers, &encode(b"hello")).as_deref(), Some(&b"hello"[..]), "{name}");
            assert_eq!(decoded(&headers, b"not encoded so"), None, "{name}");
            let cut = encode(&b"hello".repeat(99));
            assert_eq!(decoded(&headers, &cut[..cut.len() - 3]), None, "{name}");
            let bomb = encode(&vec![0; 8 << 20]);
            assert!(decoded(&headers, &bomb).is_none(), "{name}: {} bytes", bomb.len());
            assert_eq!(decoded_len(&headers, bomb.len()), (bomb.len() * RATIO).clamp(FLOOR, LARGEST));
            let floor = encode(&vec![0; FLOOR]);
            assert_eq!(decoded(&headers, &floor).map(|plain| plain.len()), Some(FLOOR), "{name}");
        }
        assert_eq!(decoded(&Headers::from_iter([("content-encoding", "compress")]), b"x"), None);
        assert_eq!(decoded(&Headers::default(), b"x").as_deref(), Some(&b"x"[..]));
    }

    #[test]
    fn a_bomb_in_a_bomb_is_held_against_what_was_sent() {
        let headers = Headers::from_iter([("content-encoding", "gzip, gzip")]);
        let bomb = gzip(&gzip(&vec![0; 16 << 20]));
        assert!(decoded(&headers, &bomb).is_none(), "{} bytes", bomb.len());
        // Noise becomes no larger: the size alone is the limit there.
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .take(3 << 20)
        .collect();
        assert!(decoded(&headers, &gzip(&gzip(&noise))).as_deref() == Some(&noise[..]));
    }

    #[test]
    fn windows_are_those_that_http_allows() {
        let zstd = Headers::from_iter([("content-encoding", "zstd")]);
        // A frame (RFC 8878, section 3.1.1) with a window of 2^(10 + exponent) bytes, and one block of one byte.
        let frame = |exponent: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3, 0x09, 0, 0, b'x'];
        assert_eq!(decoded(&zstd, &frame(13)).as_deref(), Some(&b"x"[..]), "8 MiB");
        assert_eq!(decoded(&zstd, &frame(14)), None, "16 MiB");
        let two = [frame(0), frame(13)].concat();
        assert_eq!(decoded(&zstd, &two).as_deref(), Some(&b"xx"[..]), "frames follow each other");
        assert_eq!(decoded(&zstd, &[&frame(0)[..], b"sk-"].concat()), None);
        // A window of 2^30 bytes, which only the format beyond RFC 7932 has.
        let large = Headers::from_iter([("content-encoding", "br")]);
        assert_eq!(decoded(&large, &[0x11, 0x1e, 0x03]), None);
        let deflate = Headers::from_iter([("content-encoding", "deflate")]);
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"x").unwrap();
        let mut plain = encoder.finish().unwrap();
        assert_eq!(decoded(&deflate, &plain).as_deref(), Some(&b"x"[..]));
        plain.extend(b"sk-");
        assert_eq!(decoded(&deflate, &plain), None, "nobody would see what stands behind it");
    }

    #[test]
    fn deflate_comes_with_the_header_of_zlib_and_without() {
        let headers = Headers::from_iter([("content-encoding", "deflate")]);
        let text = b"hello hello hello";
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(text).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        raw.write_all(text).unwrap();
        for mut encoded in [zlib.finish().unwrap(), raw.finish().unwrap()] {
            assert_eq!(decoded(&headers, &encoded).as_deref(), Some(&text[..]));
            assert_eq!(decoded(&headers, &encoded[..encoded.len() - 1]), None, "cut off");
            encoded.push(0);
            assert_eq!(decoded(&headers, &encoded), None, "bytes behind the end");
        }
    }

    #[test]
    fn json_is_read_whatever_stands_around_it() {
        let headers = Headers::from_iter([
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-encoding", "gzip"),
        ]);
        let body = gzip("\u{feff}{\"a\":\"b&c=d\"}".as_bytes());
        assert_eq!(json_of(&headers, &body).unwrap()["a"], "b&c=d");
        assert!(json_of(&headers, b"{}").is_ok() && json_of(&Headers::default(), b"a=1").is_err());
    }

    #[test]
    fn json_with_millions_of_values_is_not_taken_apart() {
        let list = |values: usize| format!("[\"{}\\\"\"{}]", ",".repeat(VALUES), ",1".repeat(values - 2));
        assert!(!has_too_many_values(list(VALUES - 1).as_bytes()), "commas in texts divide nothing");
        assert!(
            json_of(&Headers::default(), list(VALUES + 1).as_bytes())
                .unwrap_err()
                .to_string()
                .contains("too many")
        );
    }

    #[test]
    fn encodings_that_are_stacked_come_off_in_turn() {
        let of = |names: &'static str, body: &[u8]| {
            decoded(&Headers::from_iter([("content-encoding", names)]), body).map(Cow::into_owned)
        };
        assert_eq!(of("GZIP, br", &brotli(&gzip(b"x"))).as_deref(), Some(&b"x"[..]));
        assert_eq!(of("br, gzip", &brotli(&gzip(b"x"))), None);
        assert_eq!(of("gzip, gzip, gzip, gzip", &gzip(&gzip(&gzip(&gzip(b"x"))))), None);
    }
}
