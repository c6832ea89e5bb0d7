//! Bodies without their content-encoding.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::model::{Headers, Response};
use crate::wire::content_coding;

/// The most a body is decoded to, in bytes: a few kilobytes of gzip can hold gigabytes.
pub(super) const LIMIT: usize = content_coding::LARGEST;

/// Why a body could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The encoding is not one that is decoded here.
    #[error("the body is encoded as `{0}`; only gzip, deflate, br and zstd are decoded for reading")]
    Encoding(String),
    /// It is not what its `content-encoding` says, or it breaks off.
    #[error("the body is not valid {0}")]
    Damaged(&'static str),
    /// It grows beyond the limit.
    #[error("the decoded body is larger than 64 MiB")]
    TooLarge,
}

/// `body` as its `content-encoding` says: gzip, deflate, br and zstd decoded up to 64 MiB, identity as it is.
///
/// # Errors
/// When the encoding is another one, the body is damaged, or it is too large when decoded.
pub fn decoded(headers: &Headers, body: &Bytes) -> Result<Bytes, Unreadable> {
    let mut body = body.clone();
    // The last one named was applied last.
    for encoding in encodings(headers).iter().rev() {
        body = one(encoding, &body)?;
    }
    Ok(body)
}

/// A response's decoded body, with where each piece of it ends and when that arrived. Encoded bodies are decoded piece
/// by piece, so that the times stay those of the wire; of a damaged one it is the readable beginning. What can only be
/// decoded whole has its times spread as those of its encoded bytes are.
pub(crate) fn timed(response: &Response) -> (Bytes, Vec<(usize, Duration)>) {
    let mut ends = Vec::with_capacity(response.log.pieces.len());
    let encodings = encodings(&response.headers);
    let one =
        if let [encoding] = &encodings[..] { Decoder::new(encoding, &response.log.bytes) } else { None };
    let Some(mut decoder) = one else {
        let body = decoded(&response.headers, &response.log.bytes).unwrap_or_default();
        let encoded = response.log.bytes.len().max(1) as u128;
        let mut end = 0;
        ends.extend(response.log.iter().map(|(at, piece)| {
            end += piece.len();
            let share = body.len() as u128 * end as u128 / encoded;
            (usize::try_from(share).unwrap_or(body.len()), at)
        }));
        return (body, ends);
    };
    for (at, piece) in response.log.iter() {
        let fine = decoder.push(&piece);
        ends.push((decoder.sink().bytes.len(), at));
        if fine.is_err() {
            break;
        }
    }
    (std::mem::take(&mut decoder.sink_mut().bytes).into(), ends)
}

fn encodings(headers: &Headers) -> Vec<String> {
    let all = headers.text("content-encoding").unwrap_or_default();
    let names = all.split(',').map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty() && name != "identity").collect()
}

fn one(encoding: &str, body: &Bytes) -> Result<Bytes, Unreadable> {
    let Some(mut decoder) = Decoder::new(encoding, body) else { return whole(encoding, body) };
    let fine = decoder.push(body).and_then(|()| decoder.finish());
    let sink = decoder.sink_mut();
    match fine {
        _ if sink.full => Err(Unreadable::TooLarge),
        Err(_) => Err(Unreadable::Damaged(if encoding == "deflate" { "deflate" } else { "gzip" })),
        Ok(()) => Ok(std::mem::take(&mut sink.bytes).into()),
    }
}

/// Encodings that are decoded whole, not piece by piece.
fn whole(encoding: &str, body: &Bytes) -> Result<Bytes, Unreadable> {
    let Some(name) = ["br", "zstd"].into_iter().find(|name| *name == encoding) else {
        return Err(Unreadable::Encoding(encoding.into()));
    };
    let body = content_coding::decoded(&[("content-encoding", name)].into_iter().collect(), body)
        .map(|body| body.into_owned().into());
    body.ok_or(Unreadable::Damaged(name))
}

/// Takes at most [`LIMIT`] bytes.
#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > LIMIT {
            self.full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Decoder {
    Gzip(MultiGzDecoder<Sink>),
    Zlib(ZlibDecoder<Sink>),
    Raw(DeflateDecoder<Sink>),
}

impl Decoder {
    /// None when the encoding is not known.
    fn new(encoding: &str, body: &[u8]) -> Option<Self> {
        match encoding {
            "gzip" | "x-gzip" => Some(Self::Gzip(MultiGzDecoder::new(Sink::default()))),
            // RFC 9110 says zlib; some servers send the bare stream. The first two bytes of zlib are divisible by 31.
            "deflate" => match body {
                [first, second, ..]
                    if first & 0x0F == 8 && (u32::from(*first) * 256 + u32::from(*second)) % 31 == 0 =>
                {
                    Some(Self::Zlib(ZlibDecoder::new(Sink::default())))
                }
                _ => Some(Self::Raw(DeflateDecoder::new(Sink::default()))),
            },
            _ => None,
        }
    }

    /// Takes the next bytes in and gives out all that can be decoded so far.
    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writer: &mut dyn Write = match self {
            Self::Gzip(decoder) => decoder,
            Self::Zlib(decoder) => decoder,
            Self::Raw(decoder) => decoder,
        };
        writer.write_all(bytes)?;
        writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Raw(decoder) => decoder.try_finish(),
        }
    }

    fn sink(&self) -> &Sink {
        match self {
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zlib(decoder) => decoder.get_ref(),
            Self::Raw(decoder) => decoder.get_ref(),
        }
    }

    fn sink_mut(&mut self) -> &mut Sink {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Raw(decoder) => decoder.get_mut(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    pub(in crate::reading) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn encoded(encoding: &str, bytes: Vec<u8>) -> Result<Bytes, Unreadable> {
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
        assert_eq!(encoded("lzma", vec![1]), Err(Unreadable::Encoding("lzma".into())));
        assert_eq!(encoded("br", vec![1]), Err(Unreadable::Damaged("br")));
        assert_eq!(encoded("gzip", b"plain".to_vec()), Err(Unreadable::Damaged("gzip")));
        let whole = gzip(b"hello hello hello");
        assert_eq!(encoded("gzip", whole[..12].to_vec()), Err(Unreadable::Damaged("gzip")));
        assert_eq!(encoded("gzip", gzip(&vec![0; LIMIT + 1])), Err(Unreadable::TooLarge));
    }
}
