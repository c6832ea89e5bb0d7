//! The journal's puts once more: what a damaged line said is taken from here. Many lines are deflated together, because
//! their like words then cost next to nothing.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::sled_index::{Index, guard};
use super::trees::{COPIED, PART, Result, sealed, unseal};
use crate::store::error::IndexError;
use crate::store::journal::JournalMark;
use crate::store::line::{self, JournalLine, ParsedLine};

/// Lines that wait to be copied together.
#[derive(Debug, Default)]
pub(in crate::store) struct UncopiedLines {
    /// The number of the first one.
    first: u64,
    text: Vec<u8>,
    /// Behind the last line, be it one that is copied or not.
    mark: JournalMark,
}

/// The size of what is deflated together, in bytes: more of it gets smaller, and slower to be found.
const BLOCK: usize = 64 << 10;

impl UncopiedLines {
    /// Takes in a put as it stands in the journal; its mark is the one behind it.
    pub(in crate::store) fn push(&mut self, mark: JournalMark, text: &[u8]) {
        if self.text.is_empty() {
            self.first = mark.seq;
        }
        self.text.extend_from_slice(text);
        self.mark = mark;
    }

    /// Notes a line that is not copied.
    pub(in crate::store) fn pass(&mut self, mark: JournalMark) {
        self.mark = mark;
    }

    pub(in crate::store) fn is_full(&self) -> bool {
        self.text.len() >= BLOCK
    }
}

impl Index {
    /// Behind the last line that was copied, if it was to be.
    pub(in crate::store) fn copied(&self) -> Result<JournalMark> {
        guard(|| self.trees.meta.get(COPIED)?.map_or(Ok(JournalMark::default()), |value| unseal(&value)))
    }

    /// Copies what waits.
    pub(in crate::store) fn copy(&self, uncopied: &mut UncopiedLines) -> Result<()> {
        let UncopiedLines { first, text, mark } = std::mem::take(uncopied);
        if mark == JournalMark::default() {
            return Ok(());
        }
        guard(|| {
            if !text.is_empty() {
                let whole = deflated(&text).map_err(|error| IndexError(error.to_string()))?;
                let parts: Vec<_> = whole.chunks(PART).collect();
                for (at, part) in parts.iter().enumerate().rev() {
                    let more = u8::from(at + 1 < parts.len());
                    self.trees.copies.insert(key(first, at), sum(&[&[more], *part].concat()))?;
                }
            }
            Ok(self.trees.meta.insert(COPIED, sealed(&mark)?).map(drop)?)
        })
    }

    /// The copy of the line of this number.
    pub(super) fn copy_of(&self, seq: u64) -> Result<Option<JournalLine>> {
        let last = key(seq, usize::MAX);
        let Some((found, _)) = self.trees.copies.range(..=&last[..]).next_back().transpose()? else {
            return Ok(None);
        };
        let Some(first) = found.first_chunk().map(|first| u64::from_be_bytes(*first)) else {
            return Ok(None);
        };
        let mut whole = Vec::new();
        for part in 0.. {
            let Some(value) = self.trees.copies.get(key(first, part))? else { return Ok(None) };
            let Some((more, value)) = summed(&value).and_then(<[u8]>::split_first) else {
                return Err(IndexError("a copy in it is damaged".into()));
            };
            whole.extend_from_slice(value);
            if *more == 0 {
                break;
            }
        }
        let mut text = Vec::new();
        DeflateDecoder::new(&whole[..])
            .read_to_end(&mut text)
            .map_err(|error| IndexError(error.to_string()))?;
        let lines = text.split(|byte| *byte == b'\n').filter(|text| line::number(text) == Some(seq));
        Ok(lines.map(line::parse).find_map(|parsed| match parsed {
            ParsedLine::Line(line) => Some(*line),
            _ => None,
        }))
    }
}

fn deflated(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

fn key(first: u64, part: usize) -> [u8; 12] {
    let part = u32::try_from(part).unwrap_or(u32::MAX);
    let mut key = [0; 12];
    key[..8].copy_from_slice(&first.to_be_bytes());
    key[8..].copy_from_slice(&part.to_be_bytes());
    key
}

fn sum(value: &[u8]) -> Vec<u8> {
    [&crc32fast::hash(value).to_be_bytes()[..], value].concat()
}

fn summed(value: &[u8]) -> Option<&[u8]> {
    let (sum, value) = value.split_first_chunk::<4>()?;
    (u32::from_be_bytes(*sum) == crc32fast::hash(value)).then_some(value)
}
