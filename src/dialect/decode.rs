//! Bodies without their content encoding.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};

use crate::model::Headers;

/// How large a body may become by decoding, in bytes: a few kilobytes can otherwise fill the memory.
const LIMIT: u64 = 64 << 20;

/// The body without its `content-encoding` (gzip and deflate); none where it cannot be decoded: another encoding,
/// damaged data, or more than 64 MiB.
#[must_use]
pub fn decoded<'a>(headers: &Headers, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let encoding = headers.text("content-encoding").unwrap_or_default().trim().to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" => Some(Cow::Borrowed(body)),
        _ if body.is_empty() => Some(Cow::Borrowed(body)),
        "gzip" | "x-gzip" => bounded(GzDecoder::new(body)).map(Cow::Owned),
        "deflate" => bounded(ZlibDecoder::new(body)).map(Cow::Owned),
        _ => None,
    }
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

    #[test]
    fn edge_6_an_encoded_body_is_decoded_and_a_bomb_is_not() {
        let headers = Headers::from_iter([("content-encoding", "gzip")]);
        assert_eq!(decoded(&headers, &gzip(b"hello")).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decoded(&headers, b"not gzip"), None);
        assert_eq!(decoded(&headers, &gzip(&vec![0; (64 << 20) + 1])), None);
        assert_eq!(decoded(&Headers::from_iter([("content-encoding", "br")]), b"x"), None);
        assert_eq!(decoded(&Headers::default(), b"x").as_deref(), Some(&b"x"[..]));
    }
}
