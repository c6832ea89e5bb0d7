//! Bodies without their content encoding, within bounds: a few kilobytes can otherwise fill the memory.

use std::borrow::Cow;
use std::io::Read;

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use super::json_excerpt::json_excerpt;
use crate::model::Headers;

/// How large a body may become by decoding, in bytes.
pub const LARGEST: usize = 64 << 20;
/// How many times as large it may become: text becomes 3 to 20 times as large, and a bomb 200 to 1000 times for each encoding.
const RATIO: usize = 128;
/// What any body may become, in bytes: of few bytes a ratio says little.
const FLOOR: usize = 1 << 20;
/// How many encodings may be stacked.
const STACKED: usize = 3;
/// How many values a JSON text may have to be taken apart.
const VALUES: usize = 1 << 20;
/// The largest window of zstd, in bytes: what senders may use in HTTP (RFC 9659).
const WINDOW: u64 = 8 << 20;

/// The body without its `content-encoding` (gzip, deflate, br, zstd, up to three of them on each other: RFC 9110,
/// section 8.4); none where it cannot be decoded: another encoding, damaged data, or more than [`decoded_len`] bytes.
#[must_use]
pub fn decoded<'a>(headers: &Headers, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let written = headers.text("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let limit = bound(body.len());
    let mut plain = Cow::Borrowed(body);
    // The last one named was applied last.
    for (nth, encoding) in encodings(&written).rev().enumerate() {
        if nth >= STACKED {
            return None;
        }
        plain = match encoding {
            _ if plain.is_empty() => plain,
            "gzip" | "x-gzip" => bounded(&mut MultiGzDecoder::new(&*plain), limit)?.into(),
            "deflate" => {
                let mut decoder = ZlibDecoder::new(&*plain);
                let bytes = bounded(&mut decoder, limit)?;
                // What stands behind the end would be seen by nobody.
                (decoder.total_in() == plain.len() as u64).then_some(bytes)?.into()
            }
            "br" => {
                let mut decoder = Decompressor::new(&*plain, 4096);
                // Windows beyond those of RFC 7932 take up to a gigabyte.
                decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
                bounded(&mut decoder, limit)?.into()
            }
            "zstd" => frames(&plain, limit)?.into(),
            _ => return None,
        };
    }
    Some(plain)
}

/// The most that a body of `len` bytes with these headers can be when it is decoded, in bytes; `len` where it has no content
/// encoding.
#[must_use]
pub fn decoded_len(headers: &Headers, len: usize) -> usize {
    let written = headers.text("content-encoding").unwrap_or_default();
    if encodings(written).next().is_some() { bound(len).max(len) } else { len }
}

fn encodings(written: &str) -> impl DoubleEndedIterator<Item = &str> {
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
/// asks for members takes [`json_in`].
///
/// # Errors
/// When it cannot be decoded, is no JSON, or has more values than memory is meant for.
pub fn json_of(headers: &Headers, body: &[u8]) -> Result<serde_json::Value, serde_json::Error> {
    let plain = decoded(headers, body).unwrap_or(Cow::Borrowed(body));
    if has_too_many_values(&plain) {
        return Err(serde::de::Error::custom("it has too many values"));
    }
    serde_json::from_slice(plain.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&plain))
}

/// The JSON of a body without content encoding, as much of it as can be asked for by name.
///
/// # Errors
/// When it is no JSON.
pub fn json_in(plain: &[u8]) -> Result<serde_json::Value, serde_json::Error> {
    json_excerpt(plain)
}

/// Whether a JSON text has more values than memory is meant for: each takes many times what it is written in.
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

/// All frames of zstd, one behind the other (RFC 8878, section 3.1).
fn frames(mut encoded: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while !encoded.is_empty() {
        let mut frame = StreamingDecoder::new_with_max_window_size(&mut encoded, WINDOW).ok()?;
        let more = bounded(&mut frame, limit - out.len())?;
        if out.is_empty() {
            out = more;
        } else {
            out.extend_from_slice(&more);
        }
    }
    Some(out)
}

fn bounded(reader: &mut impl Read, limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut out).ok()?;
    (out.len() <= limit).then_some(out)
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
