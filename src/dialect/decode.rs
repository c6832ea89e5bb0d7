//! Bodies without their content encoding.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::model::Headers;

/// How large a body may become by decoding, in bytes: a few kilobytes can otherwise fill the memory.
const LIMIT: u64 = 64 << 20;

/// How many encodings may be stacked.
const STACKED: usize = 3;

/// The body without its `content-encoding` (gzip, deflate, br, zstd, up to three of them on each other: RFC 9110,
/// section 8.4); none where it cannot be decoded: another encoding, damaged data, or more than 64 MiB.
#[must_use]
pub fn decoded<'a>(headers: &Headers, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let written = headers.text("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let encodings = written.split(',').map(str::trim).filter(|name| !matches!(*name, "" | "identity"));
    let mut plain = Cow::Borrowed(body);
    // The last one named was applied last.
    for (nth, encoding) in encodings.collect::<Vec<_>>().into_iter().rev().enumerate() {
        if nth >= STACKED {
            return None;
        }
        plain = match encoding {
            _ if plain.is_empty() => plain,
            "gzip" | "x-gzip" => bounded(MultiGzDecoder::new(&*plain))?.into(),
            "deflate" => bounded(ZlibDecoder::new(&*plain))?.into(),
            "br" => bounded(brotli_decompressor::Decompressor::new(&*plain, 4096))?.into(),
            "zstd" => bounded(ruzstd::decoding::StreamingDecoder::new(&*plain).ok()?)?.into(),
            _ => return None,
        };
    }
    Some(plain)
}

/// The JSON of a body, whatever its content type says: without its content encoding and its byte order mark.
///
/// # Errors
/// When it cannot be decoded, or is no JSON.
pub fn json_of(headers: &Headers, body: &[u8]) -> Result<serde_json::Value, serde_json::Error> {
    let plain = decoded(headers, body).unwrap_or(Cow::Borrowed(body));
    serde_json::from_slice(plain.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&plain))
}

fn bounded(reader: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(LIMIT + 1).read_to_end(&mut out).ok()?;
    (out.len() as u64 <= LIMIT).then_some(out)
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
            assert_eq!(decoded(&headers, &encode(&vec![0; (64 << 20) + 1])), None, "{name}");
        }
        assert_eq!(decoded(&Headers::from_iter([("content-encoding", "compress")]), b"x"), None);
        assert_eq!(decoded(&Headers::default(), b"x").as_deref(), Some(&b"x"[..]));
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
    fn encodings_that_are_stacked_come_off_in_turn() {
        let of = |names: &'static str, body: &[u8]| {
            decoded(&Headers::from_iter([("content-encoding", names)]), body).map(Cow::into_owned)
        };
        assert_eq!(of("GZIP, br", &brotli(&gzip(b"x"))).as_deref(), Some(&b"x"[..]));
        assert_eq!(of("br, gzip", &brotli(&gzip(b"x"))), None);
        assert_eq!(of("gzip, gzip, gzip, gzip", &gzip(&gzip(&gzip(&gzip(b"x"))))), None);
    }
}
