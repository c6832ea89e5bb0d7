//! Bodies without their content codings, and the time at which each piece of them arrived.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::time::Duration;

use bytes::{Buf as _, Bytes};

use crate::model::{Headers, Response};
use crate::wire::content_coding::{CodingError, ContentCoding, decode, decoded_len};

/// The decoded body; the same bytes where it has no content coding.
///
/// # Errors
/// As [`decode`].
pub fn decoded(headers: &Headers, body: &Bytes) -> Result<Bytes, CodingError> {
    Ok(match decode(headers, body)? {
        Cow::Borrowed(_) => body.clone(),
        Cow::Owned(plain) => plain.into(),
    })
}

/// A response's decoded body, with the offsets at which its pieces end and when those arrived. Encoded bodies are decoded
/// piece by piece, so that the times stay those of the wire; of a damaged one it is the readable beginning. A body that can
/// only be decoded whole has its times spread as those of its encoded bytes are.
pub(crate) fn timed(response: &Response) -> (Bytes, Vec<(usize, Duration)>) {
    if let Some(timed) = ContentCoding::only(&response.headers).and_then(|coding| streamed(coding, response))
    {
        return timed;
    }
    let body = decoded(&response.headers, &response.log.bytes).unwrap_or_default();
    let encoded = response.log.bytes.len().max(1) as u128;
    let mut end = 0;
    let ends = response.log.iter().map(|(at, piece)| {
        end += piece.len();
        let share = body.len() as u128 * end as u128 / encoded;
        (usize::try_from(share).unwrap_or(body.len()), at)
    });
    let ends = ends.collect();
    (body, ends)
}

/// [`timed`] for a coding that can be decoded piece by piece; `None` for another.
fn streamed(coding: ContentCoding, response: &Response) -> Option<(Bytes, Vec<(usize, Duration)>)> {
    let encoded = &response.log.bytes;
    let len = Cell::new(0);
    let mut pieces = PieceReader { pieces: response.log.iter(), piece: None, len: &len, ends: Vec::new() };
    let mut reader = coding.reader(encoded, &mut pieces)?;
    let mut plain = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    while let Ok(more @ 1..) = reader.read(&mut chunk)
        && plain.len() + more <= decoded_len(&response.headers, encoded.len())
    {
        plain.extend_from_slice(&chunk[..more]);
        len.set(plain.len());
    }
    drop(reader);
    pieces.end_piece();
    Some((plain.into(), pieces.ends))
}

/// The pieces of a body as one reader, which notes how much was decoded when it goes on to the next of them.
struct PieceReader<'a, I> {
    pieces: I,
    /// The rest of the current piece, and when that arrived.
    piece: Option<(Duration, Bytes)>,
    /// Bytes decoded so far.
    len: &'a Cell<usize>,
    /// Bytes decoded at the end of each piece, and when that arrived.
    ends: Vec<(usize, Duration)>,
}

impl<I> PieceReader<'_, I> {
    fn end_piece(&mut self) {
        if let Some((at, _)) = self.piece.take() {
            self.ends.push((self.len.get(), at));
        }
    }
}

impl<I: Iterator<Item = (Duration, Bytes)>> BufRead for PieceReader<'_, I> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.as_ref().is_none_or(|(_, rest)| rest.is_empty()) {
            self.end_piece();
            self.piece = self.pieces.next();
            if self.piece.is_none() {
                return Ok(&[]);
            }
        }
        Ok(self.piece.as_ref().map_or(&[], |(_, rest)| rest))
    }

    fn consume(&mut self, len: usize) {
        if let Some((_, rest)) = &mut self.piece {
            rest.advance(len);
        }
    }
}

impl<I: Iterator<Item = (Duration, Bytes)>> Read for PieceReader<'_, I> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(into)?;
        self.consume(len);
        Ok(len)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    pub(in crate::reading) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn encoded(encoding: &str, bytes: Vec<u8>) -> Result<Bytes, CodingError> {
        decoded(&[("content-encoding", encoding.to_string())].into_iter().collect(), &bytes.into())
    }

    #[test]
    fn known_encodings_are_decoded() {
        assert_eq!(encoded("gzip", gzip(b"hello")).unwrap(), "hello");
        assert_eq!(encoded("identity, GZIP", gzip(b"hello")).unwrap(), "hello");
        assert_eq!(encoded("gzip, gzip", gzip(&gzip(b"hello"))).unwrap(), "hello");
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"hello").unwrap();
        assert_eq!(encoded("deflate", zlib.finish().unwrap()).unwrap(), "hello");
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(b"hello").unwrap();
        assert_eq!(encoded("deflate", raw.finish().unwrap()).unwrap(), "hello");
        let zstd =
            ruzstd::encoding::compress_to_vec(&b"hello"[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(encoded("zstd", zstd).unwrap(), "hello");
        assert_eq!(decoded(&Headers::default(), &"hello".into()).unwrap(), "hello");
    }

    #[test]
    fn unreadable_ones_say_why() {
        assert_eq!(encoded("lzma", vec![1]), Err(CodingError::Unsupported("lzma".into())));
        assert_eq!(encoded("br", vec![1]), Err(CodingError::Damaged("br")));
        assert_eq!(encoded("gzip", b"plain".to_vec()), Err(CodingError::Damaged("gzip")));
        let whole = gzip(b"hello hello hello");
        assert_eq!(encoded("gzip", whole[..12].to_vec()), Err(CodingError::Damaged("gzip")));
        assert_eq!(
            encoded("gzip", gzip(&vec![0; crate::wire::content_coding::LARGEST + 1])),
            Err(CodingError::TooLarge)
        );
    }
}
